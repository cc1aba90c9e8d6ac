"""The tables of docs/leaks.md, as the facts and the channels make them: ``python -m tests.leaks.described``."""

import sys

from tests.leaks.channels import CHANNELS
from tests.leaks.facts import CONTENT, FACTS

OF_CONTENT = "test_what_is_hidden_may_be_anything"
"""The test that asks about what is in two hidden records alike."""


def facts() -> list[str]:
    """A row for each hidden fact."""
    return [f"| `{fact.id}` | {fact.what} |" for fact in (*FACTS, CONTENT)]


def channels() -> list[str]:
    """A row for each channel: what it is, about which facts it is asked, why it is there, its test."""
    rows = []
    for channel in CHANNELS:
        asked = [f"`{fact.id}`" for fact in channel.facts if channel.only or fact.kind != "thing"]
        things = ["記録のすべて"] if "thing" in channel.kinds and not channel.only else []
        also = [f"`{CONTENT.id}`"] if channel.kinds & {"thing", CONTENT.kind} else []
        about = " ".join([*things, *asked, *also])
        test = f"`-k {channel.id}-`" if channel.facts else f"`-k {OF_CONTENT}`"
        rows.append(f"| `{channel.id}` | {channel.what} | {about} | {channel.after or '—'} | {test} |")
    return rows


if __name__ == "__main__":
    sys.stdout.write("\n".join([*facts(), "", *channels(), ""]))
