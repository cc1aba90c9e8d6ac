"""Emergency access (CONSENT.md §6, TRUST T-070, T-071): one person sees one patient's emergency set for 60 minutes."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from hub.access.caller import authenticate
from hub.access.emergencies import may_declare, who
from hub.auth.scopes import allows, read_scopes
from hub.context import Caller, Context, Credential, instant
from hub.errors import NOT_FOR_ROLE, Conflict, Malformed, NotFound, Problem, Refused, Unauthenticated, not_found
from hub.identity.exact import exactly_one
from hub.interactions.emergency.notice import tell_the_team
from hub.projections.rows import record
from hub.store import audit, emergencies, registry, resources, reviews
from hub.store.database import Tx

INTERACTION, END = "operation:declare-emergency", "operation:end-emergency"
ALLOW = "operation:allow-emergency"
PURPOSE = "ETREAT"
LASTS = timedelta(minutes=60)
FRESH = timedelta(minutes=5)
"""So long ago at most a factor of sign-in may have been used."""
MANY, WITHIN = 20, timedelta(minutes=10)
"""For so many different patients in so short a time, and nobody looks at it: then no more."""
CASE = "emergency"
LONGEST = 500
CLAIMS = ("emergency",)
"""What a declaration has to itself: of two at once the second counts the first."""

UNMATCHED = "unmatched"
STALE = "sign-in-again"
STOPPED = "emergency-stop"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is said: who the patient is, by ``name`` (kanji or kana), ``birth_date``, ``identifier``; why, and where.

    ``identifier`` is "system|value", or an insurance or long-term care number alone.
    """

    name: str = ""
    birth_date: str = ""
    identifier: str = ""
    reason: str = ""
    place: str = ""

    @property
    def query(self) -> str:
        """The whole of it, for the log of what was refused."""
        said = {"name": self.name, "birthDate": self.birth_date, "identifier": self.identifier}
        return _query({**said, "reason": self.reason, "place": self.place})


@dataclass(frozen=True, slots=True)
class Declared:
    """An emergency access: its id, whose it is, and the instant of its end."""

    id: str
    patient: str
    until: str


def declare(tx: Tx, credential: Credential, said: Declaration, context: Context) -> Declared:
    """Open the patient's emergency set to the caller, tell the care team, and ask for a review.

    Raises ``Refused`` for a role that may not and for somebody who was stopped, ``Unauthenticated`` when the sign-in is
    too old, ``Malformed`` for what is missing, ``NotFound`` when no one or more than one matches: the same answer.
    """
    caller = authenticate(tx, credential, context)
    _check_caller(tx, caller, credential, context)
    _check_words(said)
    patient = exactly_one(tx, said.name, said.birth_date, said.identifier, either=True)
    if patient is None or not any(not row.withheld for row in resources.records_of(tx, [patient])):
        text = "No one, or more than one person, matches. Add the birth date or a number."
        raise NotFound(text, reason=UNMATCHED)
    return _opened(tx, replace(caller, purpose=PURPOSE), patient, said, context)


def allow_again(tx: Tx, credential: Credential, person: str, context: Context) -> None:
    """Let somebody declare again who was stopped; ``person`` is that of the case's subject "EmergencyStop/<person>".

    Raises ``Refused`` for everybody but a municipal officer who is somebody else, ``Conflict`` when nobody is stopped.
    """
    caller = authenticate(tx, credential, context)
    officer = caller.organisation_kind == "municipality" and caller.profession == "municipal-officer"
    if not officer or not caller.in_force or caller.person in (None, person):
        raise Refused("A municipal officer, another person, allows this.", reason=NOT_FOR_ROLE)
    if not emergencies.allow(tx, person, instant(context.now), caller.person or ""):
        raise Conflict("This person is not stopped, or was allowed already.", reason="decided")
    about = f"EmergencyStop/{person}"
    audit.put(tx, [record(caller, context, interaction=ALLOW, what=(about,), query=about, reason="review")])


def end(tx: Tx, credential: Credential, id_: str, context: Context) -> None:
    """End an emergency of one's own before its time.  Raises ``NotFound`` for one that is none of the caller's."""
    caller = authenticate(tx, credential, context)
    row = emergencies.one(tx, id_)
    if row is None or (row.person, row.organisation, row.profession) != who(caller):
        raise not_found()
    emergencies.end(tx, row, instant(context.now))
    rule = (f"Emergency/{id_}",)
    ended = replace(caller, purpose=PURPOSE)
    noted = record(ended, context, interaction=END, patient=row.patient, what=rule, reason="declared", rules=rule)
    audit.put(tx, [noted])


def is_fresh(proved: str, context: Context) -> bool:
    """Whether a factor of sign-in that was used at the instant ``proved`` ("" for never) still counts."""
    return instant(context.now - FRESH) < proved <= instant(context.now)


def _check_caller(tx: Tx, caller: Caller, credential: Credential, context: Context) -> None:
    if not may_declare(caller):
        reason = NOT_FOR_ROLE if caller.in_force else "not-in-force"
        raise Refused("An emergency is declared by a physician, a nurse or a paramedic on duty.", reason=reason)
    if not allows(read_scopes(caller.scopes), "Patient", "read"):
        raise Refused("The token's scopes do not cover reading Patient.", reason="scope")
    if not is_fresh(registry.proved(tx, credential), context):
        raise Unauthenticated("Sign in again: an emergency needs a sign-in of the last five minutes.", reason=STALE)
    if emergencies.stopped(tx, caller.person or ""):
        raise Refused("Too many emergencies in a short time: an officer of the city must allow more.", reason=STOPPED)


def _check_words(said: Declaration) -> None:
    if not said.reason.strip():
        raise _missing("reason", "Say in a few words why this is an emergency.")
    if not said.place.strip():
        raise _missing("place", "Say where the patient is.")
    texts = {"name": said.name, "identifier": said.identifier, "reason": said.reason, "place": said.place}
    for name, text in texts.items():
        if len(text) > LONGEST:
            raise _missing(name, f"No text may be longer than {LONGEST} characters.", "too-long")
    if not (said.name.strip() or said.birth_date or said.identifier.strip()):
        raise _missing("name", "Name the patient: by name, birth date or identifier.")
    if said.birth_date and not _is_day(said.birth_date):
        raise _missing("birthDate", "The birth date is a whole date: YYYY-MM-DD.", "value")


def _missing(name: str, text: str, code: str = "required") -> Malformed:
    return Malformed(text, problems=[Problem("error", code, name, text)])


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _opened(tx: Tx, caller: Caller, patient: str, said: Declaration, context: Context) -> Declared:
    now, until, id_ = instant(context.now), instant(context.now + LASTS), context.new_id()
    person, organisation, profession = who(caller)
    words = {"reason": said.reason.strip(), "place": said.place.strip()}
    emergencies.put(
        tx,
        {
            "patient": patient,
            "id": id_,
            "organisation": organisation,
            "person": person,
            "profession": profession,
            "declared": now,
            "until": until,
            **words,
        },
    )
    rule = f"Emergency/{id_}"
    _ask_for_review(tx, caller, CASE, rule, f"{words['reason']}（{words['place']}）", patient, context)
    tell_the_team(tx, patient, id_, until, caller, context)
    noted = record(
        caller,
        context,
        interaction=INTERACTION,
        patient=patient,
        what=(rule,),
        query=_query(words),
        reason="declared",
        rules=(rule,),
    )
    audit.put(tx, [noted])
    _stop_after_many(tx, caller, context)
    return Declared(id_, patient, until)


def _stop_after_many(tx: Tx, caller: Caller, context: Context) -> None:
    """With the last of ``MANY`` patients the alarm is raised, and there is no further one."""
    person = caller.person or ""
    since = max(instant(context.now - WITHIN), emergencies.allowed_last(tx, person))
    if emergencies.patients_since(tx, person, since) < MANY:
        return
    emergencies.stop(tx, person, caller.organisation, instant(context.now))
    minutes = int(WITHIN.total_seconds() // 60)
    text = f"{minutes}分のあいだに、{MANY}人の方への緊急アクセスが宣言されました。"
    _ask_for_review(tx, caller, reviews.ALARM, f"EmergencyStop/{person}", text, "", context)


def _ask_for_review(tx: Tx, caller: Caller, kind: str, subject: str, text: str, patient: str, context: Context) -> None:
    case = {"patient": patient, "id": context.new_id(), "kind": kind, "subject": subject, "text": text}
    opened = {"opened": instant(context.now), "organisation": caller.organisation, "person": caller.person or ""}
    reviews.put(tx, {**case, **opened, "finding": "", "note": "", "closed": "", "closed_by": ""})


def _query(said: dict[str, str]) -> str:
    given = {name: value[:LONGEST] for name, value in said.items() if value}
    return f"Patient/$declare-emergency?{urlencode(given)}"
