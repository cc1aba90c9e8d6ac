"""CONSENT §3: the resident's copy over every combination of consents says what the engine does, and says it once."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from consent import Asker, Emergency, Facts, Policy, Scope, scope_for
from consent.standing import standing
from hub.access import agreements, rules
from hub.interactions.consent_desk.desk import told_of
from hub.interactions.consent_desk.history import Event
from hub.projections.agreement import NO_EMERGENCY, Agreement, State
from hub.projections.consent_copy import (
    DENY_WINS,
    Ending,
    Told,
    became,
    closed_until,
    ending_in_words,
    exceptions,
    refusal,
    sections,
)
from hub.projections.consent_form import SPACES, Rule, Taken, Terms, consent
from hub.store.database import Tx
from profiles.resource import Resource
from tests.unit.access.asking import DOCTOR, NOW, store, stored_resource

BOTH = ("medical", "team")
DENY, PERMIT = Rule(False, categories=("laboratory",)), Rule(True, recipients=("profession/nurse",))
REFUSED, PARTLY = Rule(False, purposes=("ETREAT",)), Rule(False, categories=("allergy",), purposes=("ETREAT",))
OVER = Rule(False, purposes=("ETREAT",), until="2026-11-19")
FIRST = Terms("2026-04-01", BOTH, True)
FATES = ("active", "revoked", "over", "to-come", "unreadable")
LATER: dict[str, tuple[Terms, str] | None] = {
    "nothing later": None,
    "refuses the team": (Terms("2026-05-01", ("team",), False), "active"),
    "opens the team, refuses emergencies": (Terms("2026-05-01", ("team",), True, (REFUSED,)), "active"),
    "refuses both, but for nurses": (Terms("2026-05-01", BOTH, False, (PERMIT, DENY)), "active"),
    "revokes the team": (Terms("2026-05-01", ("team",), False), "inactive"),
    "revokes both": (Terms("2026-05-01", BOTH, False), "inactive"),
    "opens the team from tomorrow": (Terms("2026-05-01", ("team",), True, since="2026-11-21"), "active"),
}
OPEN = re.compile(r"(.*)に参加し、")
CLOSED = re.compile(r"(.*?)(?:に参加しません。|では、ほかの機関が出した情報は共有されません。)")
EVERY = [
    *product(
        [("medical",), ("team",), BOTH],
        [True, False],
        [(), (DENY, PERMIT)],
        [(), (REFUSED,), (PARTLY,), (OVER,)],
        FATES,
        LATER,
    )
]


def made(patient: str, terms: Terms, status: str = "active", **more: object) -> Resource:
    taken = Taken(patient, f"Patient/{patient}", terms.signed, "city", "市", "cd-mori", "森", "")
    return {**consent(terms, taken, status=status), **more}  # type: ignore[dict-item]


def put(tx: Tx, patient: str, id_: str, resource: Resource) -> None:
    stored_resource(tx, patient, "Consent", f"{patient}-{id_}", resource, category="consent", recorded=f"2026-{id_}")


def first(patient: str, terms: Terms, fate: str) -> Resource:
    match fate:
        case "revoked":
            return made(patient, terms, "inactive")
        case "over":
            return made(patient, replace(terms, until="2026-11-19"))
        case "to-come":
            return made(patient, replace(terms, since="2026-11-21"))
        case "unreadable":
            return made(patient, terms, modifierExtension=[])
    return made(patient, terms)


def found(tx: Tx, patient: str) -> list[Agreement]:
    return agreements.agreements(tx, DOCTOR, patient, NOW)


def told(one: Agreement) -> Told:
    """As the desk tells it, where what was revoked was a revocation from the beginning."""
    return told_of(one, {}, [Event(one.id, "", "", "", ends=True)] if one.state == "revoked" else ())


def shows(tx: Tx, patient: str, category: str) -> bool:
    """Whether an emergency would show something of this category now."""
    asker = Asker("hosp", "hospital", "ETREAT", True, "dr-sato", "physician")
    declared = Emergency("e1", patient, "hosp", "dr-sato", NOW + timedelta(minutes=5))
    scope = scope_for(
        asker, Policy.from_rows([], [], []), patients=[patient], relations=[], emergencies=[declared], disasters=[],
        consents=rules.consents(tx, [patient], rules.of_city(tx, DOCTOR.rules)), now=NOW, token_allows=True,
    )  # fmt: skip
    assert isinstance(scope, Scope)
    return scope.admits(Facts((patient,), "clinic", "clinic", category, "Thing/1")).permit


def named(text: str) -> set[str]:
    return {space for space, name in SPACES.items() if name in text}


def claims(sentences: list[str], what: re.Pattern[str]) -> Iterator[str]:
    for sentence in sentences:
        for match in what.finditer(sentence):
            yield from named(match[1])


def test_no_copy_contradicts_itself_and_each_says_what_the_engine_does() -> None:
    with store() as tx:
        for number, (spaces, permits, excepted, emergency, fate, after) in enumerate(EVERY):
            patient, terms = f"r{number}", Terms("2026-04-01", spaces, permits, (*excepted, *emergency))
            put(tx, patient, "04-01", first(patient, terms, fate))
            later = LATER[after]
            if later is not None:
                put(tx, patient, "05-01", made(patient, *later))
            check(tx, patient, str((spaces, permits, excepted, emergency, fate, after)))


def check(tx: Tx, patient: str, case: str) -> None:
    taken = found(tx, patient)
    copy = sections([told_of(one, {}) for one in taken], of_the_city=True)
    records = rules.consents(tx, [patient], rules.of_city(tx, DOCTOR.rules))
    engine = standing(records, NOW)
    headings = [space for one in copy for space in SPACES if SPACES[space] in one.spaces]
    assert sorted(headings) == sorted(SPACES), f"{case}: each space stands once"
    opened, closed = set[str](), set[str]()
    for one in copy:
        about, waits = named(one.spaces), any("まだ始まっていません" in sentence for sentence in one.sentences)
        mine = set(claims(one.sentences, OPEN)), set(claims(one.sentences, CLOSED))
        assert mine[0] | mine[1] == about, f"{case}: {one}"
        assert not (mine[0] & mine[1]) or waits, f"{case}: {one}"
        opened |= set() if waits else mine[0]
        closed |= mine[1]
        both = any("を見せます" in each for each in one.sentences) and any(
            "見せません" in each for each in one.sentences
        )
        assert (DENY_WINS in one.sentences) is both or NO_EMERGENCY in one.sentences, f"{case}: {one}"
    assert opened == {space for space, record in engine.opening.items() if record.permits}, case
    assert opened | closed == set(SPACES), case
    assert not opened & closed, case
    refused, counting = refusal(taken, NOW.date().isoformat()), [one for one in taken if one.counts]
    assert (refused == "all") is (not shows(tx, patient, "problem")), case
    assert (refused == "none") is shows(tx, patient, "allergy"), case
    assert shows(tx, patient, "emergency-contact")
    said = [sentence for one in copy for sentence in one.sentences]
    if NO_EMERGENCY in said and not any("まだ始まっていません" in sentence for sentence in said):
        assert refused == "all", case
    if refused == "all":
        assert any(REFUSED in one.terms.rules for one in counting), case


def test_what_may_be_seen_besides_is_said_in_one_way_alone() -> None:
    said = {refused: exceptions(refused, complete=True) for refused in ("none", "some", "all")}
    assert "救急や災害のときには、" in said["none"]
    assert "救急のときも「見せない」と決めたものを除いて" in said["some"]
    assert "救急のときに例外として見られるのは、緊急連絡先と、人生の最終段階の希望だけです。" in said["all"]
    assert "救急や災害" not in said["some"] + said["all"], "an emergency never promises what was refused"
    assert all("災害のときには" in one or "救急や災害のときには" in one for one in said.values())
    # Who does not know all of the resident's consents promises nothing that another may have refused.
    assert exceptions("none", complete=False) == said["some"]
    assert exceptions("all", complete=False) == said["all"]


def test_another_desk_says_nothing_of_the_spaces_that_it_does_not_know() -> None:
    with store() as tx:
        put(tx, "hana", "04-01", made("hana", replace(FIRST, spaces=("medical",))))
        (section,) = sections([told_of(one, {}) for one in found(tx, "hana")], of_the_city=False)
        assert section.spaces == "医療側の場"
    (nothing,) = sections([], of_the_city=False)
    assert nothing.sentences == ["この机で受け付けた、いま有効な同意はありません。"]


def test_the_copy_of_a_revocation_says_when_who_asked_and_who_received_it() -> None:
    asked = Ending("2026-05-02T01:05:00.000Z", "試験市役所", "森 幸子", "2026-05-01", "ご本人")
    received = "2026年5月2日 10:05に試験市役所（担当 森 幸子）が受け付けました。"
    assert ending_in_words(asked) == f"2026年5月1日に取り消しの申し出（ご本人）があり、{received}"
    sent = Ending("2026-05-02T01:05:00.000Z", "試験市役所")
    assert ending_in_words(sent) == "取り消しが、2026年5月2日 10:05に試験市役所から届きました。"
    event = Event(
        "c1", "取り消しを受け付けました", asked.recorded, "試験市役所", "森 幸子", "ご本人", "2026-05-01", ends=True
    )
    with store() as tx:
        put(tx, "hana", "04-01", made("hana", FIRST, "inactive"))
        (one,) = found(tx, "hana")
    (section,) = sections([told_of(one, {}, [event, replace(event, ends=False)])], of_the_city=True)
    assert ending_in_words(asked) in section.sentences[0]
    assert section.paper.startswith("2026年4月1日の用紙、")
    (only,) = sections([told_of(one, {}, [event])], of_the_city=True)
    assert only.paper == "", "what was never a consent has no paper of one"


@pytest.mark.parametrize(
    ("after", "first_became", "state"),
    [
        ("nothing later", ["いま有効です", "いま有効です"], "in-force"),
        ("refuses the team", ["いま有効です", "2026年5月1日の同意に置き換わりました"], "in-force"),
        ("revokes the team", ["いま有効です", "2026年5月1日の取り消しに置き換わりました"], "in-force"),
        ("refuses both, but for nurses", ["2026年5月1日の同意に置き換わりました"] * 2, "replaced"),
        ("opens the team from tomorrow", ["いま有効です", "2026年5月1日の同意に置き換わりました"], "in-force"),
    ],
)
def test_of_each_space_it_is_said_what_became_of_a_consent(after: str, first_became: list[str], state: State) -> None:
    with store() as tx:
        put(tx, "hana", "04-01", made("hana", FIRST))
        later = LATER[after]
        if later is not None:
            put(tx, "hana", "05-01", made("hana", *later))
        taken = {one.id: told(one) for one in found(tx, "hana")}
    one = taken["hana-04-01"]
    assert one.agreement.state == state
    assert [(space, said) for space, said, _ in became(one, taken)] == list(zip(BOTH, first_became, strict=True))
    alone = became(one, {one.agreement.id: one})
    assert all("2026年5月1日" not in said for _, said, _ in alone), "nothing of a paper that others took"


def test_to_come_revoked_over_and_unreadable_are_said_of_all_their_spaces() -> None:
    with store() as tx:
        for fate in FATES:
            put(tx, fate, "04-01", first(fate, FIRST, fate))
            (one,) = found(tx, fate)
            assert {said for _, said, _ in became(told(one), {})} == {
                {
                    "active": "いま有効です",
                    "revoked": "取り消されました",
                    "over": "期間が終わりました",
                    "to-come": "まだ始まっていません",
                    "unreadable": "最後まで読めないため、「見せない」として扱っています",
                }[fate]
            }


def test_what_begins_later_closes_its_spaces_until_then() -> None:
    later = replace(FIRST, since="2026-11-21")
    assert closed_until(later, BOTH, "2026-11-20") == (
        "この同意は、2026年11月21日に始まります。それまで、医療側の場と介護側の場では、ほかの機関が出した情報は共有されません。"
    )
    assert closed_until(later, (), "2026-11-20") == closed_until(later, BOTH, "2026-11-21") == ""
    assert closed_until(FIRST, BOTH, "2026-11-20") == ""
