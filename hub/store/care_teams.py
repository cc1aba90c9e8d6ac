"""What the care-team desk looks up: the teams of a resident, who waits, and residents by name or number."""

from collections.abc import Sequence

from hub.store.database import Tx
from hub.store.relations import WAITS
from hub.store.sql import AT_MOST, Row, in_list, query


def of_source(tx: Tx, patient: str, source: str) -> Sequence[Row]:
    """The current CareTeams of a resident that ``source`` published, newest first."""
    return query(
        tx,
        """SELECT * FROM resource WHERE patient = :patient AND type = 'CareTeam' AND source = :source AND deleted = 0
            ORDER BY recorded DESC, id""",
        {"patient": patient, "source": source},
    )


def origins(tx: Tx, patient: str) -> Sequence[Row]:
    """Of every current CareTeam of a resident, who published it and when, and by what it is decided on: no content."""
    return query(
        tx,
        """SELECT patient, source, publication, category, label_bits, clinical_date, withheld, directory, also_about,
                  type, id, version, recorded
             FROM resource WHERE patient = :patient AND type = 'CareTeam' AND deleted = 0""",
        {"patient": patient},
    )


def waiting(tx: Tx, count: int) -> Sequence[Row]:
    """Residents for whom organisations wait, the longest first: patient, contacts.  The municipality waits for none."""
    return query(
        tx,
        f"""SELECT r.patient, count(*) AS contacts FROM relation r
              JOIN organisation o ON o.id = r.organisation AND o.kind <> 'municipality'
             WHERE {WAITS} GROUP BY r.patient ORDER BY min(r.starts), r.patient {AT_MOST}""",  # noqa: S608
        {"count": count},
    )


def waiting_for(tx: Tx, patients: Sequence[str]) -> Sequence[Row]:
    """The first contacts of these residents that wait: patient, organisation, starts."""
    marks, bound = in_list("p", patients)
    return query(
        tx,
        f"""SELECT r.patient, r.organisation, r.starts FROM relation r
              JOIN organisation o ON o.id = r.organisation AND o.kind <> 'municipality'
             WHERE r.patient IN ({marks}) AND {WAITS} ORDER BY r.starts, r.patient, r.organisation""",  # noqa: S608
        bound,
    )


def named(tx: Tx, name: str, source: str, count: int) -> Sequence[str]:
    """The residents whom ``source`` calls so; ``name`` is folded and whole."""
    rows = query(
        tx,
        f"SELECT DISTINCT patient FROM patient_name WHERE name = :name AND source = :source ORDER BY patient {AT_MOST}",  # noqa: S608
        {"name": name, "source": source, "count": count},
    )
    return [row.patient for row in rows]
