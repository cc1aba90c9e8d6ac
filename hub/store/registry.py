"""The city's registry: organisations, people, roles, systems, tokens.  Read now, never from a token."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from sqlmodel import SQLModel

from hub.auth import InvalidScope, grant
from hub.context import Caller, Credential, instant
from hub.store.city_tables import City, OrganisationRow, PersonRow, RoleRow, SystemRow
from hub.store.database import Tx
from hub.store.disasters import HELPS
from hub.store.sql import Record, Row, add, first, in_list, query, run
from hub.store.tables import AssertionUse, Token
from profiles.canonical import CARE_OFFICE_NO, MEDICAL_INSTITUTION_NO

JST = timezone(timedelta(hours=9))

_CALLER = f"""
SELECT t.organisation, o.name AS organisation_name, o.kind, o.starts, o.ends, t.system, t.person,
       p.name AS person_name, t.profession, t.scopes, t.purpose, s.enabled, s.strict, s.scopes AS registered,
       s.profession AS reads_as, (SELECT version FROM city) AS rules,
       (SELECT count(*) FROM role r WHERE r.person = t.person AND r.organisation = t.organisation
          AND r.profession = t.profession AND r.starts <= :today AND (r.ends = '' OR r.ends >= :today)) AS roles,
       {HELPS}
  FROM token t
  JOIN organisation o ON o.id = t.organisation
  LEFT JOIN system s ON s.id = t.system
  LEFT JOIN person p ON p.id = t.person
 WHERE t.fingerprint = :fingerprint AND t.kind = :kind AND t.expires > :now AND t.issued < :soon
"""  # noqa: S608 - our own names
_CLOCKS_DIFFER = timedelta(minutes=1)
"""So far ahead a token may have been issued: by a clock that was set right since, or by another process."""
CLOCK_GOES_WRONG = timedelta(days=7)
"""So long used assertions are remembered beyond their end: a clock that jumped ahead makes none good again."""


CITY_FILE: dict[str, type[SQLModel]] = {
    "city": City,
    "organisation": OrganisationRow,
    "person": PersonRow,
    "role": RoleRow,
    "system": SystemRow,
}


def file_rows(tx: Tx, table: str) -> Sequence[Row]:
    """All rows of a table that the city file fills."""
    return query(tx, f"SELECT * FROM {CITY_FILE[table].__tablename__}", {})  # noqa: S608 - our own table names


def replace_file_rows(tx: Tx, table: str, rows: Sequence[Record]) -> None:
    """Put these rows in the place of all that such a table has."""
    run(tx, f"DELETE FROM {CITY_FILE[table].__tablename__}", {})  # noqa: S608
    add(tx, CITY_FILE[table], rows)


def caller(tx: Tx, credential: Credential, now: datetime) -> Caller | None:
    """Who holds the token, with what the registry says of them at ``now``; none for no living token."""
    today = now.astimezone(JST).date().isoformat()
    row = first(
        tx,
        _CALLER,
        {
            "fingerprint": credential.fingerprint,
            "kind": credential.kind,
            "now": instant(now),
            "soon": instant(now + _CLOCKS_DIFFER),
            "today": today,
        },
    )
    if row is None or (row.system and not row.enabled):
        return None
    scopes = row.scopes if row.system is None else _scopes_now(row.scopes, row.registered)
    if not scopes:
        return None
    open_now = row.starts <= today and (not row.ends or row.ends >= today)
    return Caller(
        organisation=row.organisation,
        organisation_name=row.organisation_name,
        organisation_kind=row.kind,
        system=row.system,
        person=row.person,
        person_name=row.person_name or "",
        profession=row.profession if row.person else row.reads_as,
        scopes=scopes,
        purpose=row.purpose if row.system else credential.purpose or row.purpose,  # a system's is registered
        in_force=open_now and (row.system is not None or row.roles > 0),
        strict=bool(row.strict),
        token=credential.fingerprint[-32:],
        rules=row.rules or "",
        helps=row.helps > 0,
    )


def system_caller(tx: Tx, name: str, now: datetime) -> Caller | None:
    """A registered system as it is now, without a token: for what the hub does on its behalf by its own rights.

    None for a system that is not registered (any more) or not enabled.
    """
    row = first(
        tx,
        f"""SELECT s.*, o.name AS organisation_name, o.kind, o.starts, o.ends, {HELPS},
                   (SELECT version FROM city) AS rules
             FROM system s JOIN organisation o ON o.id = s.organisation WHERE s.id = :id""",  # noqa: S608
        {"id": name, "now": instant(now)},
    )
    if row is None or not row.enabled:
        return None
    today = now.astimezone(JST).date().isoformat()
    return Caller(
        organisation=row.organisation,
        organisation_name=row.organisation_name,
        organisation_kind=row.kind,
        system=row.id,
        person=None,
        person_name="",
        profession=row.profession,
        scopes=row.scopes,
        purpose=row.purpose,
        in_force=row.starts <= today and (not row.ends or row.ends >= today),
        strict=bool(row.strict),
        token="",
        rules=row.rules or "",
        helps=row.helps > 0,
    )


def role_caller(tx: Tx, role: tuple[str, str, str], scopes: str, purpose: str, now: datetime) -> Caller | None:
    """Somebody in a role (person, organisation, profession) as they would be once they signed in now.

    None for a role that the city file does not have.
    """
    row = first(
        tx,
        f"""SELECT p.name AS person_name, r.starts AS role_starts, r.ends AS role_ends, o.*, {HELPS},
                   (SELECT version FROM city) AS rules
              FROM role r JOIN person p ON p.id = r.person JOIN organisation o ON o.id = r.organisation
             WHERE r.person = :person AND r.organisation = :organisation AND r.profession = :profession""",  # noqa: S608
        {**dict(zip(("person", "organisation", "profession"), role, strict=True)), "now": instant(now)},
    )
    if row is None:
        return None
    today = now.astimezone(JST).date().isoformat()
    periods = ((row.starts, row.ends), (row.role_starts, row.role_ends))
    return Caller(
        organisation=row.id,
        organisation_name=row.name,
        organisation_kind=row.kind,
        system=None,
        person=role[0],
        person_name=row.person_name,
        profession=role[2],
        scopes=scopes,
        purpose=purpose,
        in_force=all(starts <= today and (not ends or ends >= today) for starts, ends in periods),
        strict=False,
        token="",
        rules=row.rules or "",
        helps=row.helps > 0,
    )


@lru_cache(maxsize=512)
def _scopes_now(held: str, registered: str) -> str:
    """The scopes of a token that its system's registration still has; empty when it has none of them."""
    try:
        return grant(held, registered)
    except InvalidScope:
        return ""


def put_token(tx: Tx, token: Record) -> None:
    """Keep a new token (columns of ``Token``); ``proved`` may be left out where no factor was used."""
    add(tx, Token, [{"proved": "", **token}])


def proved(tx: Tx, credential: Credential) -> str:
    """When the holder of a token last used a factor of sign-in; "" for never."""
    statement = "SELECT proved FROM token WHERE fingerprint = :fingerprint AND kind = :kind"
    row = first(tx, statement, {"fingerprint": credential.fingerprint, "kind": credential.kind})
    return str(row.proved) if row is not None else ""


def end_token(tx: Tx, fingerprint: str) -> None:
    """The token is worth nothing from now on."""
    run(tx, "DELETE FROM token WHERE fingerprint = :fingerprint", {"fingerprint": fingerprint})


def use_assertion(tx: Tx, issuer: str, jti: str, expires: datetime, now: datetime) -> bool:
    """Note that this assertion was used; false when it was used before (RFC 7523 §3 rule 7)."""
    run(tx, "DELETE FROM assertion_use WHERE expires < :now", {"now": instant(now - CLOCK_GOES_WRONG)})
    run(tx, "DELETE FROM token WHERE expires < :now", {"now": instant(now)})
    seen = "SELECT 1 FROM assertion_use WHERE issuer = :issuer AND jti = :jti"
    if first(tx, seen, {"issuer": issuer, "jti": jti}):
        return False
    add(tx, AssertionUse, [{"issuer": issuer, "jti": jti, "expires": instant(expires)}])
    return True


def system(tx: Tx, name: str) -> Row | None:
    """The registered system ``name``, enabled or not."""
    return first(tx, "SELECT * FROM system WHERE id = :id", {"id": name})


def organisation(tx: Tx, name: str) -> Row | None:
    return first(tx, "SELECT * FROM organisation WHERE id = :id", {"id": name})


def city(tx: Tx) -> Row | None:
    """The city file in force: name, switches, and the document as applied."""
    return first(tx, "SELECT * FROM city", {})


def people(tx: Tx) -> Sequence[Row]:
    """Every person's every role, for the sign-in page of the demo city and for operators."""
    return query(
        tx,
        """SELECT r.person, p.name, p.kana, r.organisation, o.name AS organisation_name, o.kind, r.profession,
                  r.starts, r.ends
             FROM role r JOIN person p ON p.id = r.person JOIN organisation o ON o.id = r.organisation
            ORDER BY o.id, p.kana, r.profession""",
        {},
    )


def systems(tx: Tx) -> Sequence[Row]:
    """Every registered system, with the name of its organisation."""
    return query(
        tx,
        """SELECT s.id, s.profession, s.enabled, o.name AS organisation_name
             FROM system s JOIN organisation o ON o.id = s.organisation ORDER BY o.id, s.id""",
        {},
    )


def known_actors(tx: Tx) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of all organisations and of all people: what a Consent may name."""
    organisations = query(tx, "SELECT id FROM organisation", {})
    persons = query(tx, "SELECT id FROM person", {})
    return frozenset(row.id for row in organisations), frozenset(row.id for row in persons)


def staff(tx: Tx, organisation: str) -> frozenset[str]:
    """The ids of everybody who has or had a role at an organisation."""
    rows = query(
        tx, "SELECT DISTINCT person FROM role WHERE organisation = :organisation", {"organisation": organisation}
    )
    return frozenset(row.person for row in rows)


def workplaces(tx: Tx, person: str, now: datetime) -> list[str]:
    """The organisations at which a person has a role now."""
    today = now.astimezone(JST).date().isoformat()
    rows = query(
        tx,
        """SELECT DISTINCT organisation FROM role
            WHERE person = :person AND starts <= :today AND (ends = '' OR ends >= :today)""",
        {"person": person, "today": today},
    )
    return [row.organisation for row in rows]


def organisation_names(tx: Tx) -> dict[str, str]:
    """Id → name of every organisation."""
    return {row.id: row.name for row in query(tx, "SELECT id, name FROM organisation", {})}


def municipality(tx: Tx) -> str:
    """The id of the municipality among the organisations; "" when the city file names none."""
    row = first(tx, "SELECT id FROM organisation WHERE kind = 'municipality' ORDER BY id", {})
    return "" if row is None else str(row.id)


def organisation_numbers(tx: Tx) -> dict[tuple[str, str], str]:
    """(identifier system, number) → id of every organisation: what a logical reference to one may name."""
    rows = query(tx, "SELECT id, institution_number, care_office_number FROM organisation", {})
    numbers = {(MEDICAL_INSTITUTION_NO, row.institution_number): str(row.id) for row in rows if row.institution_number}
    return numbers | {(CARE_OFFICE_NO, row.care_office_number): str(row.id) for row in rows if row.care_office_number}


def organisations(tx: Tx) -> Sequence[Row]:
    """Every organisation: id, kind, name."""
    return query(tx, "SELECT id, kind, name FROM organisation ORDER BY id", {})


def person_names(tx: Tx) -> dict[str, str]:
    """Id → name of every person of the city file."""
    return {row.id: row.name for row in query(tx, "SELECT id, name FROM person ORDER BY kana", {})}


def professions(tx: Tx, names: Collection[str]) -> dict[tuple[str, str], str]:
    """(organisation, person's name) → profession: what authors who are only named by these ``names`` are."""
    if not names:
        return {}
    marks, bound = in_list("n", sorted(names))
    rows = query(
        tx,
        f"""SELECT r.organisation, p.name, r.profession FROM role r JOIN person p ON p.id = r.person
             WHERE p.name IN ({marks})""",  # noqa: S608
        bound,
    )
    return {(row.organisation, row.name): row.profession for row in rows}
