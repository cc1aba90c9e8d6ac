"""CONSENT §9: the same change of several people is told once, and told apart where a rule tells them apart."""

from dataclasses import replace
from datetime import datetime

from consent import Asker, ConsentRecord, Facts, Policy, Relation, default_read_rows, read_consent, what_if
from consent.vocabulary import ACT_REASON_SYSTEM, PARTICIPATION_SYSTEM, SPACE_SYSTEM
from consent.what_if import Change, Counted, Difference, Seat, World
from tests.unit.consent.strategies import KNOWN, Json, actor, concept
from tests.unit.consent.test_consent_reading import consent

POLICY = Policy.from_rows(
    [{"publisher": "clinic", "category": one, "space": "medical"} for one in ("laboratory", "problem")],
    default_read_rows(),
    [],
)
WORLD = World(
    POLICY, ("hana",), (Relation("hana", "hosp"),), (), (), datetime.fromisoformat("2026-11-20T10:00:00+09:00")
)
PURPOSES = ("CAREMGT", "TREAT")
SATO = Seat(Asker("hosp", "hospital", "TREAT", True, "sato", "physician"), ("sato",), PURPOSES)
OTHERS = Seat(Asker("hosp", "hospital", "TREAT", True, None, "physician"), ("ueda", "mori"), PURPOSES)
STRANGER = Seat(Asker("pharm", "pharmacy", "TREAT", True, None, "pharmacist"), ("kudo",), PURPOSES)
LEFT = replace(SATO, asker=replace(SATO.asker, in_force=False, person="left"), members=("left",))
RESULTS = Counted(Facts(("hana",), "clinic", "clinic", "laboratory", ""), 7)
DIAGNOSES = Counted(Facts(("hana",), "clinic", "clinic", "problem", ""), 2)
OWN = Counted(Facts(("hana",), "hosp", "hospital", "problem", ""), 5)


def agreed(**exception: object) -> list[ConsentRecord]:
    nested = [{"type": "deny", **exception}] if exception else []
    provision: Json = {"type": "permit", **({"provision": nested} if nested else {})}
    record = read_consent(consent(category=[concept(SPACE_SYSTEM, "medical")], provision=provision), KNOWN)
    assert record is not None
    return [record]


def change(category: str, count: int, **more: tuple[str, ...]) -> Change:
    return Change("hosp", "physician", category, count, **more)


def asked(before: list[ConsentRecord], after: list[ConsentRecord]) -> Difference:
    return what_if(WORLD, [SATO, OTHERS, STRANGER, LEFT], before, after, [RESULTS, DIAGNOSES, OWN])


def test_what_everybody_of_a_profession_gains_is_told_once() -> None:
    seats = [SATO, OTHERS, STRANGER]
    found = what_if(WORLD, seats, [], agreed(), [RESULTS, DIAGNOSES, OWN])
    assert found == Difference((change("laboratory", 7), change("problem", 2)))
    assert what_if(WORLD, seats, agreed(), [], [RESULTS, OWN]) == Difference((), (change("laboratory", 7),))


def test_who_is_told_apart_by_a_rule_is_named() -> None:
    """Somebody whose role has ended sees nothing, before and after, and so is not among those who gain."""
    without_sato = agreed(actor=[actor((PARTICIPATION_SYSTEM, "IRCP"), "Practitioner/sato")])
    found = asked([], without_sato)
    assert found.gains == (
        change("laboratory", 7, persons=("mori", "ueda")),
        change("problem", 2, persons=("mori", "ueda")),
    )
    assert asked(agreed(), without_sato).losses[0] == change("laboratory", 7, persons=("sato",))


def test_a_purpose_that_a_rule_names_is_told() -> None:
    found = asked(agreed(), agreed(purpose=[{"system": ACT_REASON_SYSTEM, "code": "TREAT"}]))
    assert found.losses[0] == change("laboratory", 7, persons=("mori", "sato", "ueda"), purposes=("TREAT",))


def test_changes_are_told_by_organisation_whoever_was_asked_about_first() -> None:
    world = replace(WORLD, relations=(*WORLD.relations, Relation("hana", "pharm")))
    found = what_if(world, [STRANGER, SATO, OTHERS], [], agreed(), [RESULTS])
    assert [one.organisation for one in found.gains] == ["hosp", "pharm"]


def test_nothing_changes_where_nothing_is_changed() -> None:
    assert asked(agreed(), agreed()) == Difference()
