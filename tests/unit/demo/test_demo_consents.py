"""Each form of consent that the README promises is what the rules of CONSENT §3 read."""

from collections.abc import Iterator
from functools import partial

from consent.model import ConsentRecord, Known
from consent.reading import read_consent
from profiles import rewrite
from profiles.resource import Resource, reference_of
from tests.unit.demo.demo_city import TODAY, demo, of_resident

KNOWN = Known(
    organisations=frozenset(one.id for one in demo().city.organisation),
    persons=frozenset(one.id for one in demo().city.person),
    proxies={("resident", "proxy")},
)


def records(name: str) -> list[ConsentRecord]:
    return [record for consent in _consents(name) if (record := read_consent(consent, KNOWN)) is not None]


def _consents(name: str) -> Iterator[Resource]:
    """The consents of a resident with references as they are after storing."""
    pushed = list(of_resident(name, "city-registry"))
    for consent in (one for one in pushed if one["resourceType"] == "Consent"):
        yield rewrite(consent, partial(_placed, reference_of(consent["patient"])))


def _placed(resident: str, url: str) -> str | None:
    if url == resident:
        return "Patient/resident"
    return "RelatedPerson/proxy" if url.startswith("urn:uuid:") else None


def the_one(name: str) -> ConsentRecord:
    (record,) = records(name)
    return record


def test_every_consent_but_one_can_be_read() -> None:
    unreadable = {life.id for life in demo().lives if any(record.unreadable for record in records(life.id))}
    assert unreadable == {"kubo-mitsuru"}


def test_all_forms_are_present() -> None:
    assert {life.consent_kind for life in demo().lives} == {
        *("both", "none", "medical-only", "team-only", "superseded", "revoked", "starts-tomorrow", "ended-yesterday"),
        *("deny-organisation", "deny-category", "deny-organisation-category", "permit-profession", "data-period"),
        *("label", "unreadable", "emergency-forbidden", "proxy"),
    }


def test_none_one_space_and_both() -> None:
    assert records("ishikawa-fumi") == []
    assert the_one("maeda-kazuo").spaces == {"medical"}
    assert the_one("ogawa-sada").spaces == {"team"}
    assert the_one("tanaka-hana").spaces == {"medical", "team"}
    assert the_one("tanaka-hana").permits


def test_a_later_consent_takes_the_place_of_an_earlier_one() -> None:
    earlier, later = records("watanabe-susumu")
    assert earlier.signed.start is not None
    assert later.signed.start is not None
    assert earlier.signed.start < later.signed.start
    assert earlier.spaces == {"medical"}
    assert later.spaces == {"medical", "team"}


def test_revoked() -> None:
    assert [record.revoked for record in records("hasegawa-minoru")] == [False, True]


def test_starts_tomorrow_and_ended_yesterday() -> None:
    starts = the_one("fujita-reiko").period.start
    ends = the_one("goto-haruo").period.end
    assert starts is not None
    assert ends is not None
    assert (starts.date() - TODAY).days in (0, 1)  # midnight of tomorrow in Japan, as told in UTC or in Japan
    assert (TODAY - ends.date()).days in (0, 1)


def test_deny_one_organisation() -> None:
    (rule,) = the_one("okamoto-chie").exceptions
    assert not rule.permits
    assert rule.organisations == {"day"}
    assert not rule.match.categories


def test_deny_one_category() -> None:
    (rule,) = the_one("murakami-tsuyoshi").exceptions
    assert not rule.permits
    assert rule.match.categories == {"problem"}


def test_deny_one_organisation_for_some_categories() -> None:
    (rule,) = the_one("miura-sumie").exceptions
    assert not rule.permits
    assert rule.organisations == {"day"}
    assert rule.match.categories == {"prescription", "dispensing", "laboratory"}


def test_emergency_forbidden() -> None:
    (rule,) = the_one("yamamoto-mitsu").exceptions
    assert not rule.permits
    assert rule.purposes == {"ETREAT"}


def test_a_profession_under_a_root_that_denies() -> None:
    record = the_one("kaneko-eiji")
    (rule,) = record.exceptions
    assert not record.permits
    assert rule.permits
    assert rule.professions == {"nurse"}


def test_data_period() -> None:
    (rule,) = the_one("sugawara-teru").exceptions
    assert not rule.permits
    assert rule.match.clinical_to == "2026-08-18"


def test_label_for_one_person() -> None:
    (rule,) = the_one("ono-shuji").exceptions
    assert rule.permits
    assert rule.persons == {"cm-ito"}
    assert rule.match.labels == {"WELFARE"}


def test_a_proxy_signs_and_the_legal_basis_is_recorded() -> None:
    (consent,) = (one for one in of_resident("yoshida-kiyo", "city-registry") if one["resourceType"] == "Consent")
    relatives = [one for one in of_resident("yoshida-kiyo", "city-registry") if one["resourceType"] == "RelatedPerson"]
    assert "岩田 由紀" in str(consent["performer"])
    assert [one for one in relatives if "proxy-legal-basis" in str(one.get("extension"))]
