"""What the code has, the documentation names; what the documentation names, there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import pytest
from typer.main import get_command

from connectors.registry import FORMATS
from hub import errors
from hub.cli.main import app
from hub.http.feed import MAX_COUNT
from hub.identity.retries import KeyReused
from hub.interactions.wanted import FILTERS
from hub.settings import Settings
from profiles.search.parameters import KINDS
from profiles.search.query import Modifier
from tests.docs.page import ROOT, code_words, headings, links, pages, row_names

DOCS = ROOT / "docs"


def kinds(base: type[errors.HubError] = errors.HubError) -> Iterator[type[errors.HubError]]:
    """Every kind of refusal that is defined in hub."""
    for kind in base.__subclasses__():
        if kind.__module__.startswith("hub."):
            yield kind
        yield from kinds(kind)


def test_every_kind_of_error_has_a_heading_and_a_row_with_its_status() -> None:
    text = (DOCS / "errors.md").read_text("utf-8")
    assert KeyReused in set(kinds())
    for kind in kinds():
        assert kind.__name__ in headings(DOCS / "errors.md")
        row = next(line for line in text.splitlines() if line.startswith(f"| `{kind.__name__}`"))
        status = "405" if kind is errors.NotSupported else str(kind.status)
        assert status in row
        assert kind.code in row


def test_no_error_is_documented_that_there_is_not() -> None:
    assert row_names(DOCS / "errors.md") == {kind.__name__ for kind in kinds()}


def commands(command: object, name: str = "renkei") -> Iterator[tuple[str, list[str]]]:
    """Every command with the environment variables of its options."""
    below: dict[str, object] = getattr(command, "commands", {})
    for word, one in below.items():
        yield from commands(one, f"{name} {word}")
    if not below:
        options: list[object] = getattr(command, "params", [])
        yield name, [str(variable) for one in options if (variable := getattr(one, "envvar", None))]


def test_every_command_has_a_heading_and_a_row() -> None:
    known = {name for name, _ in commands(get_command(app))}
    assert len(known) > 6
    assert known <= headings(DOCS / "commands.md")
    assert {name for name in row_names(DOCS / "commands.md") if name.startswith("renkei")} == known


def test_every_make_target_that_is_documented_exists_and_the_other_way_round() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    documented = {name.removeprefix("make ") for name in row_names(DOCS / "commands.md") if name.startswith("make ")}
    assert documented == targets
    named = {code.split()[1] for page in pages() for code in code_words(page) if code.startswith("make ")}
    assert named <= targets


def test_every_setting_has_a_row() -> None:
    from_the_class = {f"RENKEI_{name.upper()}" for name in Settings.model_fields}
    from_options = {variable for _, variables in commands(get_command(app)) for variable in variables}
    assert row_names(DOCS / "settings.md") == from_the_class | from_options


def test_every_format_has_a_row_and_a_page() -> None:
    assert set(FORMATS) <= row_names(DOCS / "connectors.md")
    for name in FORMATS:
        assert (ROOT / "connectors" / name / "README.md").is_file()


def test_every_kind_of_search_parameter_has_a_row_and_every_modifier_is_named() -> None:
    assert set(KINDS) <= row_names(DOCS / "search.md")
    described = (DOCS / "search.md").read_text("utf-8")
    assert [one for one in get_args(Modifier) if one and f"`:{one}`" not in described] == []


def test_every_filter_of_the_feed_is_described() -> None:
    described = (DOCS / "search.md").read_text("utf-8")
    for name in (*FILTERS, "patient", "from", "to", "since", "count"):
        assert re.search(rf"^\|.*\b{name}\b.*\|", described, re.MULTILINE)
    assert str(MAX_COUNT) in described


def test_every_example_is_shown() -> None:
    named = links(DOCS / "push.md") | links(DOCS / "subscriptions.md")
    shown = {link.removeprefix("examples/") for link in named if link.startswith("examples/")}
    assert shown == {path.name for path in (DOCS / "examples").iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_leads_nowhere(page: Path) -> None:
    for link in links(page):
        target, _, anchor = unquote(link).partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        aimed = (page.parent / target).resolve() if target else page
        assert aimed.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert aimed.exists(), f"{link} is not there"
        if anchor:
            assert anchor in {_anchor(heading) for heading in headings(aimed)}, f"{link}: there is no such heading"


def _anchor(heading: str) -> str:
    """The name of a heading as code hosts make it: lower case, spaces as hyphens, no punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    rooms = r"(?:consent|profiles|connectors|hub|tests|deploy|docs)"
    for code in code_words(page):
        if re.fullmatch(rf"{rooms}(/[\w.\-]+)*/?", code) and "/" in code and (ROOT / code.split("/")[0]).is_dir():
            assert (ROOT / code).exists(), f"{page.name} names {code}"


def test_a_broken_link_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](b.md#c) and `[code](is-not-one.md)`\n\n```\n[nor](this.md)\n```\n", encoding="utf-8")
    assert links(page) == {"b.md#c"}
