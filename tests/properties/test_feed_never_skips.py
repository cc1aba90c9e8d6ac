"""The feed's cursor never skips and never repeats (TRUST T-117, P3): also while others write."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hub_in_test import Body, City, entry, note, small_city, transaction

WRITERS, PUSHES = 6, 12
READERS = ("cm-ito", "cw-suzuki")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, store_kind: str) -> Iterator[City]:
    """A city with a feed of some length."""
    with small_city(tmp_path_factory.mktemp("full")) as city:
        for who in _residents(city):
            for number in range(12):
                city.created("hosp-ehr", note(who, f"{who} {number}"))
        yield city


def _residents(city: City) -> list[str]:
    found = []
    for number in range(2):
        person = city.resident(f"{number + 1:010}", name=f"山田 {number}")
        city.team(person, "Organization/hosp", "Organization/clinic", "Organization/day", "Practitioner/cm-ito")
        city.consent(person)
        found.append(person)
    return found


def _page(city: City, who: str, cursor: str, count: int) -> Body:
    answer = city.get(who, f"/feed?count={count}" + (f"&since={cursor}" if cursor else ""))
    assert answer.status_code == 200, answer.text
    page: Body = answer.json()
    return page


@settings(max_examples=20)
@given(sizes=st.lists(st.integers(1, 12), min_size=8, max_size=8))
def test_whatever_the_sizes_of_its_pages_the_feed_is_the_same(full: City, sizes: list[int]) -> None:
    whole = _page(full, "cm-ito", "", 200)["items"]
    cursor, collected, more = "", [], True
    for size in sizes:
        page = _page(full, "cm-ito", cursor, size)
        assert len(page["items"]) == size or not page["more"]
        collected += page["items"]
        cursor, more = page["next"], page["more"]
    assert collected == whole[: sum(sizes)]
    assert more == (sum(sizes) < len(whole))


def test_readers_see_every_committed_item_once_and_in_order_while_others_write(tmp_path: Path) -> None:
    with small_city(tmp_path) as city:
        people = _residents(city)
        for who in ("hosp-ehr", "clinic-emr", *READERS):
            city.token(who)
        with ThreadPoolExecutor(WRITERS + len(READERS)) as pool:
            writers = [pool.submit(_write, city, writer, people) for writer in range(WRITERS)]
            readers = [pool.submit(_follow, city, who, lambda: all(one.done() for one in writers)) for who in READERS]
            acknowledged = [one.result() for one in writers]
            followed = [one.result() for one in readers]
        committed = [text for texts in acknowledged for text in texts]
        for seen in followed:
            assert len(seen) == len(set(seen))
            told = [text for _, text in seen if text in set(committed)]
            assert sorted(told) == sorted(committed)
            for texts in acknowledged:  # what one writer was told in order stands in that order
                assert [text for text in told if text in set(texts)] == texts
        again = [(item["id"], item["title"]) for item in _page(city, "cm-ito", "", 200)["items"]]
        assert again == followed[0]  # the order is the same when it is read again


def _write(city: City, writer: int, people: list[str]) -> list[str]:
    """Push notes, one or three at a time; every fifth push is refused whole.  Gives what was acknowledged."""
    acknowledged = []
    who = ("hosp-ehr", "clinic-emr")[writer % 2]
    for push in range(PUSHES):
        texts = [f"申し送り w{writer}p{push}n{number}" for number in range(3 if push % 3 == 0 else 1)]
        entries = [entry(note(people[push % 2], text)) for text in texts]
        if push % 5 == 4:
            entries.append(entry(note("nobody", "x")))
        answer = city.post(who, "/fhir", transaction(*entries))
        assert answer.status_code == (422 if push % 5 == 4 else 200), answer.text
        if answer.status_code == 200:
            acknowledged += [f"申し送り：{text}" for text in texts]
    return acknowledged


def _follow(city: City, who: str, finished: Callable[[], bool]) -> list[tuple[str, str]]:
    """The ids and titles that a reader gets who follows ``next`` until all is written and read."""
    seen: list[tuple[str, str]] = []
    cursor = ""
    while True:
        last = finished()  # asked before the page is read: what was written until then must be on it
        page = _page(city, who, cursor, 4)
        seen += [(item["id"], item["title"]) for item in page["items"]]
        cursor = page["next"]
        if last and not page["more"]:
            return seen
