"""What a case file cannot say: ties between consents, the shape of the SQL, the words of the explanations."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from consent import (
    LABELS,
    Asker,
    ConsentRecord,
    ConsentRule,
    Decision,
    Disaster,
    Emergency,
    Facts,
    Match,
    Period,
    Policy,
    Relation,
    Role,
    Scope,
    default_read_rows,
    explain,
    explain_to_staff,
    may_record,
    roles_in_force,
    scope_for,
    span,
    vocabulary,
)
from consent.explain import HIDDEN_BY_RESIDENT, SENTENCES
from consent.standing import standing
from hub.access.filter import predicate
from hub.access.labels import ALL_BITS, BITS, bits, labels
from profiles import canonical

NOW = datetime.fromisoformat("2026-11-20T10:00:00+09:00")
DENY = ConsentRule("1", permits=False, organisations=frozenset({"hosp"}))
BOTH = frozenset({"medical", "team"})
RECORD = ConsentRecord(
    "Consent/c1", "1", "hana", BOTH, False, span("2026-04-01"), Period(), permits=True, exceptions=(DENY,)
)
DOCTOR = Asker("hosp", "hospital", "TREAT", True, "dr-sato", "physician")
POLICY = Policy.from_rows(
    [{"publisher": "*", "category": "*", "space": space} for space in BOTH], default_read_rows(), []
)


def scope_of(*patients: str, records: tuple[ConsentRecord, ...] = (), emergency: str = "", disaster: str = "") -> Scope:
    """What the doctor may see of patients of the hospital, and of those in an emergency or a disaster."""
    scope = scope_for(
        DOCTOR,
        POLICY,
        patients=patients,
        relations=[Relation(patient, "hosp") for patient in patients],
        consents=[*records, *(replace(RECORD, id=f"Consent/{patient}", patient=patient) for patient in patients)],
        emergencies=[Emergency("e1", emergency, "hosp", "dr-sato", NOW + timedelta(minutes=5))],
        disasters=[Disaster("d1", frozenset({"hosp"}), frozenset({disaster}), Period())] if disaster else [],
        now=NOW,
        token_allows=True,
    )
    assert isinstance(scope, Scope)
    return scope


class TestStanding:
    def test_of_two_consents_of_one_day_the_stricter_is_the_later(self) -> None:
        deny = replace(RECORD, id="Consent/c2", permits=False, exceptions=())
        for records in ([RECORD, deny], [deny, RECORD]):
            found = standing(records, NOW)
            assert found.latest == {"medical": deny, "team": deny}

    def test_a_revocation_without_an_hour_is_later_than_a_consent_of_that_day(self) -> None:
        signed = replace(RECORD, signed=span("2026-04-01T15:00:00+09:00"))
        revoked = replace(RECORD, id="Consent/c2", revoked=True)
        assert standing([signed, revoked], NOW).opening == {}

    def test_deny_exceptions_of_both_count_when_it_is_not_known_which_came_first(self) -> None:
        other = replace(RECORD, id="Consent/c2", exceptions=())
        assert set(standing([RECORD, other], NOW).in_force) == {RECORD, other}

    def test_what_denies_is_told_the_latest_first(self) -> None:
        ahead = replace(RECORD, id="Consent/c0", signed=span("2026-04-02"), unreadable="?")
        for records in ([RECORD, ahead], [ahead, RECORD]):
            assert standing(records, NOW).in_force == (ahead, RECORD)

    def test_of_two_consents_of_one_day_the_unreadable_one_closes_the_space(self) -> None:
        unreadable = replace(RECORD, id="Consent/c0", permits=False, unreadable="?")
        deny = replace(RECORD, id="Consent/c2", permits=False)
        assert standing([unreadable, deny], NOW).latest == {"medical": unreadable, "team": unreadable}

    def test_a_consent_dated_in_the_future_opens_nothing(self) -> None:
        ahead = replace(RECORD, signed=span("2026-11-20T10:00:01+09:00"))
        assert standing([ahead], NOW).opening == {}
        assert standing([ahead], NOW + timedelta(seconds=1)).opening == {"medical": ahead, "team": ahead}

    def test_a_consent_that_cannot_be_read_leaves_the_earlier_deny(self) -> None:
        unreadable = replace(RECORD, id="Consent/c2", signed=Period(), permits=False, exceptions=(), unreadable="?")
        found = standing([RECORD, unreadable], NOW)
        assert found.opening == {}
        assert RECORD in found.in_force


class TestScope:
    def test_patients_whose_consents_say_the_same_are_one_group_with_their_own_rules(self) -> None:
        scope = scope_of("hana", "taro")
        assert [patients for patients, _ in scope.groups] == [frozenset({"hana", "taro"})]
        assert scope.rules == {"hana": ("Consent/hana", "Consent/hana#1"), "taro": ("Consent/taro", "Consent/taro#1")}

    def test_by_what_right_anything_is_seen(self) -> None:
        assert scope_of("hana").basis("hana") == ("consent", ("Consent/hana",))
        assert scope_of("hana").basis("a stranger") == ("own", ())
        revoked = replace(RECORD, id="Consent/c2", signed=span("2026-05-01"), revoked=True)
        assert scope_of("hana", records=(revoked,)).basis("hana") == ("own", ())
        scope = scope_of("hana", emergency="hana", disaster="hana")
        assert scope.basis("hana") == ("emergency", ("e1",))
        assert scope_of("hana", disaster="hana").basis("hana") == ("disaster", ("d1",))

    def test_one_rule_that_opens_everything_is_told_at_once(self) -> None:
        assert scope_of("hana").sole_rule("hana") == "Consent/hana"
        assert scope_of("hana").sole_rule("a stranger") is None
        assert scope_of("hana", emergency="hana").sole_rule("hana") is None
        assert scope_of("hana", disaster="hana").sole_rule("hana") is None
        other = replace(RECORD, id="Consent/c2", signed=span("2026-05-01"), spaces=frozenset({"team"}))
        assert scope_of("hana", records=(other,)).sole_rule("hana") is None
        names = ConsentRule("1", True, organisations=frozenset({"hosp"}), match=Match(labels=frozenset({"HIV"})))
        labelled = replace(RECORD, id="Consent/c2", signed=span("2026-05-01"), exceptions=(names,))
        assert scope_of("hana", records=(labelled,)).sole_rule("hana") is None

    def test_no_patient_is_no_group(self) -> None:
        assert scope_of("").groups == ()

    def test_a_purpose_that_no_rule_knows_is_refused(self) -> None:
        with pytest.raises(ValueError, match="HMARKT"):
            Asker("hosp", "hospital", "HMARKT", True)

    def test_what_is_about_nobody_is_in_the_directory_only_when_it_is_said_to_be(self) -> None:
        about_nobody = Facts((), "clinic", "clinic", "directory", "Organization/x")
        assert not scope_of("hana").admits(about_nobody).permit
        assert scope_of("hana").admits(replace(about_nobody, directory=True)).permit

    def test_what_nobody_published_is_no_auditor_s_own(self) -> None:
        auditing = replace(scope_of("hana"), organisation="", groups=())
        assert not auditing.admits(Facts(("hana",), "", "", "problem", "Condition/x")).permit


class TestRoles:
    @pytest.mark.parametrize(
        ("role", "in_force"),
        [
            (Role("physician", "hosp"), True),
            (Role("nurse", "hosp"), False),
            (Role("physician", "clinic"), False),
            (Role("physician", "hosp", span("2025")), False),
        ],
    )
    def test_one_role_here_in_this_profession_now_is_needed_and_enough(self, role: Role, in_force: bool) -> None:
        elsewhere = Role("pharmacist", "pharmacy")
        for roles in ([role, elsewhere], [elsewhere, role]):
            assert roles_in_force("hosp", "physician", Period(), roles, NOW) == in_force
        assert not roles_in_force("hosp", "physician", span("2025"), [role], NOW)


class TestFilter:
    def test_values_are_bound_and_never_in_the_text(self) -> None:
        hostile = "x' OR '1'='1"
        made = predicate(scope_of(hostile), "r")
        assert hostile not in made.sql
        assert hostile in made.parameters.values()

    def test_two_predicates_of_one_statement_share_no_name(self) -> None:
        one, other = predicate(scope_of("hana"), "r", "a"), predicate(scope_of("hana"), "t", "b")
        assert not set(one.parameters) & set(other.parameters)
        assert "r." not in other.sql

    def test_the_text_depends_on_the_shape_only(self) -> None:
        assert predicate(scope_of("hana"), "r").sql == predicate(scope_of("taro"), "r").sql
        three, four = scope_of("a", "b", "c"), scope_of("a", "b", "c", "d")
        assert predicate(three, "r").sql == predicate(four, "r").sql

    def test_every_bind_name_has_its_value(self) -> None:
        made = predicate(scope_of("hana", records=(replace(RECORD, permits=False),)), "r", "p")
        for name in made.parameters:
            assert f":{name}" in made.sql


class TestLabels:
    def test_every_label_has_a_bit_of_its_own(self) -> None:
        assert set(BITS) == LABELS
        assert len(set(BITS.values())) == len(BITS)
        assert all(bit.bit_count() == 1 and bit & ALL_BITS for bit in BITS.values())

    def test_bits_and_labels_are_each_other_s_inverse(self) -> None:
        assert labels(bits(["HIV", "R"])) == {"HIV", "R"}
        assert labels(bits(["a label of tomorrow"])) == {"UNKNOWN-LABEL"}

    def test_every_bit_of_the_column_is_a_label_s_or_closes(self) -> None:
        assert (ALL_BITS.bit_length(), ALL_BITS.bit_count()) == (31, 31)
        for bit in (1 << place for place in range(31)):
            assert labels(bit) == ({name for name, of in BITS.items() if of == bit} or {"UNKNOWN-LABEL"})


class TestExplain:
    def test_every_reason_has_one_sentence(self) -> None:
        assert len(set(SENTENCES.values())) == len(SENTENCES)
        assert all(sentence.count("。") == 1 for sentence in SENTENCES.values())

    def test_the_municipality_is_told_the_rules(self) -> None:
        lines = explain(Decision(False, "resident-denied", ("Consent/c1#1",)))
        assert lines == [SENTENCES["resident-denied"], "決め手となった定め：Consent/c1#1"]
        assert explain(Decision(True, "own")) == [SENTENCES["own"]]

    def test_staff_are_told_nothing_unless_the_city_allows_it(self) -> None:
        refused = Decision(False, "resident-denied", ("Consent/c1#1",))
        assert explain_to_staff(refused, frozenset()) == []
        assert explain_to_staff(refused, {"resident-denied"}) == [HIDDEN_BY_RESIDENT]
        assert explain_to_staff(Decision(True, "consent"), {"consent"}) == []


def test_a_consent_may_not_favour_the_staff_of_those_who_record_it() -> None:
    reference = {"reference": "https://hub.example/fhir/Practitioner/dr-sato/_history/1"}
    consent = {
        "organization": [{"reference": "Organization/hosp"}],
        "provision": {"type": "deny", "provision": [{"type": "permit", "actor": [{"reference": reference}]}]},
    }
    assert may_record(consent, "hosp", "hospital", staff={"dr-sato"}) == "favours-writer"
    assert may_record(consent, "hosp", "hospital", staff={"ns-mori"}) is None
    assert may_record(consent, "clinic", "clinic", staff={"dr-sato"}) == "not-the-taker"


AUTHOR: dict[str, object] = {"system": vocabulary.PARTICIPATION_SYSTEM, "code": "AUT"}
HOSPITAL: dict[str, object] = {"reference": "Organization/hosp"}


@pytest.mark.parametrize(
    ("actor", "why_not"),
    [
        ({"reference": HOSPITAL, "role": {"coding": [AUTHOR]}}, None),
        ({"reference": HOSPITAL, "role": {"coding": [{**AUTHOR, "system": "https://example.org"}]}}, "favours-writer"),
        ({"reference": HOSPITAL}, "favours-writer"),
        ({"reference": {"reference": "HealthcareService/hosp"}}, None),
        ({"reference": {"reference": "RelatedPerson/dr-sato"}}, None),
        ({"reference": {"reference": 1}}, None),
        ({"reference": {"display": "病院"}}, None),
        ({"reference": "Organization/hosp"}, None),
        ({}, None),
    ],
)
def test_a_consent_favours_only_those_to_whom_it_leads(actor: dict[str, object], why_not: str | None) -> None:
    consent = {"organization": [HOSPITAL], "provision": {"type": "permit", "provision": [{"actor": [actor]}]}}
    assert may_record(consent, "hosp", "hospital", staff={"dr-sato"}) == why_not


def test_the_code_systems_are_those_of_the_profiles() -> None:
    ours = (vocabulary.SPACE_SYSTEM, vocabulary.CATEGORY_SYSTEM, vocabulary.PROFESSION_SYSTEM, vocabulary.LABEL_SYSTEM)
    assert ours == (canonical.SPACE, canonical.INFORMATION_CATEGORY, canonical.PROFESSION, canonical.LABEL)
