"""Applying the small city's file again, changed: what an operator does."""

from uuid import uuid4

from hub.city import apply, read_city
from hub.context import Context
from tests.hub_in_test import BASE_URL, SMALL, City


def change_city(city: City, *changes: tuple[str, str]) -> None:
    """Put the city file in force with each text of ``changes`` in place of another."""
    text = (SMALL / "city.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = city.keys / "changed" / "city.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    (file.parent / "share-matrix.csv").write_bytes((SMALL / "share-matrix.csv").read_bytes())
    context = Context(city.clock.now, "change", lambda: uuid4().hex, BASE_URL)
    city.store.lane.do(lambda tx: apply(tx, read_city(file, city.keys), context))
