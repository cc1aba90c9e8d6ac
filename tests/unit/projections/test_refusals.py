"""What a refusal in the log was, and that every reason that the hub gives of its own has words."""

import re
from pathlib import Path

import pytest

import hub
from consent.explain import SENTENCES, TO_THE_RESIDENT
from hub.errors import NOT_FOR_ROLE
from hub.projections.audit_event import AuditRecord
from hub.projections.audit_event.kinds import acts
from hub.projections.audit_event.refusals import DELETED, UNTOLD, is_refused_look, reason_of
from hub.web.audit_words import KINDS, why
from hub.web.reason_words import MISTAKES, REFUSED
from tests.unit.projections.test_explain import RECORD

DESKS = ("care_team_desk", "consent_desk", "disaster", "emergency", "desk.py", "reviews.py", "access_questions.py")
GIVEN = re.compile(r'(?:reason=|not_found\()"([a-z-]+)"')
ROLE = RECORD._replace(outcome="8", reason="role", interaction="read", what=(), query="Observation/x")


@pytest.mark.parametrize(
    ("record", "meant"),
    [
        (ROLE, UNTOLD),
        (ROLE._replace(rules=("policy:read",)), "role"),
        (ROLE._replace(interaction="page"), NOT_FOR_ROLE),
        (ROLE._replace(interaction="create"), NOT_FOR_ROLE),
        (ROLE._replace(profession="auditor"), NOT_FOR_ROLE),
        (ROLE._replace(purpose="AUDIT"), NOT_FOR_ROLE),
        (ROLE._replace(query="AuditEvent/x"), NOT_FOR_ROLE),
        (ROLE._replace(reason="own"), DELETED),
        (ROLE._replace(reason="own", outcome="0"), "own"),
        (ROLE._replace(reason="label"), "label"),
    ],
)
def test_a_reason_is_told_as_far_as_the_entry_says(record: AuditRecord, meant: str) -> None:
    assert reason_of(record) == meant


def test_a_look_that_was_refused_is_no_act_and_no_mistake() -> None:
    assert is_refused_look("page", "8")
    assert not is_refused_look("page", "4")
    assert not is_refused_look("operation:care-team-end", "8")
    looking = {one for kind in ("look", "read", "handoff", "everything", "record") for one in KINDS[kind][1]}
    changing = {one for kind in ("write", "desk", "review", "care-team", "consents") for one in KINDS[kind][1]}
    assert {one for one in looking if acts(one)} == {"operation:ask-about-access"}
    assert {one for one in changing if not acts(one)} == set()
    special = {one for kind in ("emergency", "disaster") for one in KINDS[kind][1] if not acts(one)}
    assert special == {f"operation:{name}" for name in ("emergency-sheet", "disaster-find", "disaster-sheet")}


def test_every_reason_of_a_desk_is_told_in_words() -> None:
    here = Path(str(hub.__file__)).parent / "interactions"
    files = [file for name in DESKS for file in ([here / name] if name.endswith(".py") else (here / name).glob("*.py"))]
    given = {code for file in files for code in GIVEN.findall(file.read_text(encoding="utf-8"))}
    assert {"past", "own-office", "changed"} <= given
    without = {code for code in given if not why(RECORD._replace(interaction="page", outcome="8", reason=code))}
    assert without == set()
    assert not set(SENTENCES) & (set(REFUSED) | set(MISTAKES))
    assert set(SENTENCES) == set(TO_THE_RESIDENT)
