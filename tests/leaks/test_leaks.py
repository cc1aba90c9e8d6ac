"""The leak suite: what one may not know of answers as what never existed, in every channel (CONSENT.md §5, TRUST B4).

Two worlds differ only in a hidden fact.  Whoever must not learn of it asks the same questions in both, and all that
comes back is equal byte for byte.  The channels are in ``channels.toml``, the facts in ``facts.py``; docs/leaks.md says
what they are.
"""

import difflib

import pytest

from tests.leaks.channels import CHANNELS, Channel
from tests.leaks.facts import CONTENT, FACTS, Fact
from tests.leaks.worlds import Pair

pytestmark = pytest.mark.usefixtures("hasty")
ON_POSTGRESQL = {
    "read", "status", "history", "everything", "totals", "pages", "revinclude", "iterate", "chain", "has", "filter",
    "sort", "feed", "stream", "people-pages", "links", "export", "subscription", "once-hidden", "conditional",
    "registering",
}  # fmt: skip
"""Channels whose SQL is another on PostgreSQL, and the facts with which all of them are tried there."""
WITH_EVERY_FACT = {"read", "history", "everything", "totals", "chain", "has", "filter", "feed"}
"""Those of them that are tried there with all the others as well."""
FACTS_THERE = {"category", "revoked", "no-relation", "address", "earlier-version"}

Case = tuple[Channel, Fact]
EVERY = [(channel, fact) for channel in CHANNELS for fact in channel.facts]
SOME = [
    (channel, fact)
    for channel, fact in EVERY
    if channel.id in WITH_EVERY_FACT or (channel.id in ON_POSTGRESQL and fact.id in FACTS_THERE)
]
OF_CONTENT = [channel for channel in CHANNELS if channel.kinds & {"thing", CONTENT.kind}]


def named(case: Case) -> str:
    return f"{case[0].id}-{case[1].id}"


def assert_equal(answers: tuple[str, str]) -> None:
    one, other = answers
    lines = difflib.unified_diff(one.splitlines(), other.splitlines(), "without", "with", n=3, lineterm="")
    assert one == other, "\n".join(line[:500] for _, line in zip(range(60), lines, strict=False))


@pytest.mark.sqlite
@pytest.mark.promise("hidden-answers-as-never-existed")
@pytest.mark.parametrize("case", EVERY, ids=named)
def test_a_hidden_fact_changes_no_answer(hidden: Pair, case: Case) -> None:
    assert_equal(hidden.ask(*case))


@pytest.mark.postgresql
@pytest.mark.promise("hidden-answers-as-never-existed")
@pytest.mark.parametrize("case", SOME, ids=named)
def test_nor_does_it_on_postgresql(hidden: Pair, case: Case) -> None:
    assert_equal(hidden.ask(*case))


@pytest.mark.sqlite
@pytest.mark.promise("hidden-answers-as-never-existed")
@pytest.mark.parametrize("channel", OF_CONTENT, ids=lambda channel: channel.id)
def test_what_is_hidden_may_be_anything(content: Pair, channel: Channel) -> None:
    """The same kinds of things, in other words: not even those who see that there is something learn them."""
    assert_equal(content.ask(channel, CONTENT))


def test_every_fact_is_asked_about() -> None:
    assert {fact.id for _, fact in EVERY} == {fact.id for fact in FACTS}
    assert len({channel.id for channel in CHANNELS}) == len(CHANNELS)
    assert {channel.id for channel in CHANNELS} >= ON_POSTGRESQL >= WITH_EVERY_FACT
