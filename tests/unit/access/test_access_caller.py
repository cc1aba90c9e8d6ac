"""CONSENT §1: a token is somebody whom the registry knows now, for a purpose that they may name."""

import pytest

from hub.access.caller import authenticate, nobody
from hub.context import Caller, Credential, instant
from hub.errors import Refused, Unauthenticated
from hub.store.city_tables import OrganisationRow, SystemRow
from hub.store.sql import add
from hub.store.tables import Token
from tests.unit.access.asking import NOW, REQUEST, store

FINGERPRINT = "0" * 32 + "1" * 32


def asks(system: str | None, purpose: str, fingerprint: str = FINGERPRINT) -> Caller:
    """The caller behind a token of a system that is registered for CAREMGT, or of a person."""
    numbers = {"institution_number": "", "care_office_number": ""}
    with store() as tx:
        hospital = {"id": "hosp", "kind": "hospital", "name": "", "starts": "", "ends": ""}
        add(tx, OrganisationRow, [{**hospital, **numbers}])
        rights = {"organisation": "hosp", "scopes": "system/*.rs", "purpose": "CAREMGT"}
        add(tx, SystemRow, [{"id": "ehr", **rights, "profession": None, "strict": 0, "enabled": 1, "jwks": ""}])
        who = {"kind": "access", "system": system, "person": None if system else "dr-sato", "profession": None}
        times = {"issued": instant(NOW), "expires": "9999", "proved": ""}
        add(tx, Token, [{"fingerprint": FINGERPRINT, **who, **rights, **times}])
        return authenticate(tx, Credential(fingerprint, purpose), REQUEST)


@pytest.mark.parametrize(
    ("system", "named", "purpose"),
    [("ehr", "", "CAREMGT"), ("ehr", "CAREMGT", "CAREMGT"), (None, "", "CAREMGT"), (None, "TREAT", "TREAT")],
)
def test_a_system_has_the_purpose_of_its_registration_a_person_names_one(
    system: str | None, named: str, purpose: str
) -> None:
    caller = asks(system, named)
    assert (caller.system, caller.purpose, caller.organisation) == (system, purpose, "hosp")


def test_a_system_that_names_another_purpose_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        asks("ehr", "TREAT")
    assert refused.value.reason == "purpose"


def test_a_token_that_nobody_has_is_refused() -> None:
    with pytest.raises(Unauthenticated) as refused:
        asks("ehr", "", "f" * 64)
    assert refused.value.reason == "token"


def test_somebody_unknown_is_logged_by_the_end_of_the_fingerprint_and_may_do_nothing() -> None:
    caller = nobody(Credential(FINGERPRINT, "TREAT"))
    assert (caller.token, caller.purpose) == (FINGERPRINT[32:], "TREAT")
    assert (caller.in_force, caller.strict, caller.helps) == (False, False, False)
    assert {caller.organisation, caller.organisation_name, caller.organisation_kind, caller.scopes} == {""}
    assert {caller.person, caller.system, caller.profession} == {None}
