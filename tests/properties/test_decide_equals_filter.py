"""What must hold of every decision, on random worlds (CONSENT §3, §4; DESIGN §5).

That it is the right one: ``test_reference_agrees.py``.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from consent.vocabulary import CATEGORY_SYSTEM
from tests.unit.consent.rows import admitted
from tests.unit.consent.strategies import Json, World, concept, provisions, worlds

EXAMPLES = settings(max_examples=150, deadline=None)
FEWER = settings(max_examples=60, deadline=None)
CORRUPTIONS: dict[str, Callable[[Json], object]] = {
    "a field that is no rule": lambda consent: consent.update(action=[]),
    "a modifier extension": lambda consent: consent.update(modifierExtension=[{"url": "https://example.org/unless"}]),
    "an unknown status": lambda consent: consent.update(status="sleeping"),
    "an unknown space": lambda consent: consent.update(category=[concept(CATEGORY_SYSTEM, "medical")]),
    "no performer": lambda consent: consent.pop("performer"),
    "no date": lambda consent: consent.pop("dateTime"),
    "an impossible date": lambda consent: consent.update(dateTime="2026-02-30"),
    "a root of no type": lambda consent: _root(consent).pop("type"),
    "a root for one purpose": lambda consent: _root(consent).update(purpose=[]),
    "an impossible period": lambda consent: _root(consent).update(period={"start": "2027", "end": "2026"}),
    "an exception of no type": lambda consent: _exception(consent).pop("type"),
    "an exception for an action": lambda consent: _exception(consent).update(action=[]),
    "an unknown category": lambda consent: _exception(consent).update({"class": [{"system": "x", "code": "y"}]}),
    "an unknown purpose": lambda consent: _exception(consent).update(purpose=[{"system": "x", "code": "y"}]),
    "an unknown label": lambda consent: _exception(consent).update(securityLabel=[{"system": "x", "code": "y"}]),
    "an unknown actor": lambda consent: _exception(consent).update(actor=[{"reference": {"display": "?"}}]),
    "an unknown source of data": lambda consent: _exception(consent).update(data=[{"meaning": "related"}]),
    "an empty data period": lambda consent: _exception(consent).update(dataPeriod={}),
    "an exception in an exception": lambda consent: _exception(consent).update(provision=[{"type": "permit"}]),
}


@EXAMPLES
@given(worlds())
def test_a_query_finds_what_the_decision_admits(world: World) -> None:
    assert admitted(world.scope(), world.resources) == world.admitted()


@FEWER
@given(worlds(), provisions(["deny"]), st.data())
def test_a_deny_exception_never_widens(world: World, deny: Json, data: st.DataObject) -> None:
    def forbid(consent: Json) -> None:
        nested = _root(consent).setdefault("provision", [])
        assert isinstance(nested, list)
        nested.append(deny)

    assert _is_within(_changed(world, data, forbid).admitted(), world.admitted())


@FEWER
@given(worlds(), st.data())
def test_the_end_of_a_relation_never_widens(world: World, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(world.relations))
    without = replace(world, relations=tuple(one for one in world.relations if one is not gone))
    assert _is_within(without.admitted(), world.admitted())


@FEWER
@given(worlds(), st.sampled_from(sorted(CORRUPTIONS)), st.data())
def test_a_consent_that_cannot_be_read_never_widens(world: World, corruption: str, data: st.DataObject) -> None:
    assert _is_within(_changed(world, data, CORRUPTIONS[corruption]).admitted(), world.admitted())


@FEWER
@given(worlds(), st.sampled_from(sorted(CORRUPTIONS)), st.data())
def test_one_more_consent_that_cannot_be_read_never_widens(world: World, corruption: str, data: st.DataObject) -> None:
    further = {**deepcopy(data.draw(st.sampled_from(world.consents))), "id": "further", "status": "active"}
    CORRUPTIONS[corruption](further)
    assert _is_within(replace(world, consents=(*world.consents, further)).admitted(), world.admitted())


def _changed(world: World, data: st.DataObject, change: Callable[[Json], object]) -> World:
    """The world with one consent changed."""
    chosen = data.draw(st.integers(0, len(world.consents) - 1))
    consents = deepcopy(world.consents)
    change(consents[chosen])
    return replace(world, consents=consents)


def _is_within(fewer: list[bool], more: list[bool]) -> bool:
    return all(was for now, was in zip(fewer, more, strict=True) if now)


def _root(consent: Json) -> Json:
    root = consent["provision"]
    assert isinstance(root, dict)
    return root


def _exception(consent: Json) -> Json:
    """The first exception of a consent; one that denies everything when it has none."""
    nested = _root(consent).setdefault("provision", [{"type": "deny"}])
    assert isinstance(nested, list)
    exception = nested[0]
    assert isinstance(exception, dict)
    return exception
