"""What of the timeline is asked for, as a predicate under a grant."""

from dataclasses import dataclass

from hub.access.decide import Grant
from hub.store.sql import Value, in_list

_COLUMNS = {"category": "t.category", "scene": "t.scene", "organisation": "t.source", "change": "t.change"}
FILTERS = frozenset(_COLUMNS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the timeline is asked for; within one filter values are alternatives.

    ``since`` is a cursor of an earlier answer, "" for the beginning, None for now.
    ``from_`` and ``to`` bound when it happened.
    """

    patient: str = ""
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    from_: str = ""
    to: str = ""
    since: str | None = ""
    count: int = 20


def narrowed(grant: Grant, wanted: Wanted) -> tuple[str | None, dict[str, Value]]:
    """The predicate over ``t`` of what is wanted, under the grant; none for a patient with no relation."""
    if wanted.patient and wanted.patient not in grant.patients:
        return None, {}
    sql, parameters = grant.predicate("t")
    marks, bound = in_list("fp", (wanted.patient,) if wanted.patient else grant.patients)
    filters, values = filtered(wanted)
    return f"({sql}) AND t.patient IN ({marks}) AND {filters}", {**parameters, **bound, **values}


def filtered(wanted: Wanted) -> tuple[str, dict[str, Value]]:
    """Its filters alone, as a condition over ``t``."""
    clauses, parameters = ["1 = 1"], dict[str, Value]()
    for position, (name, values) in enumerate(wanted.filters):
        marks, bound = in_list(f"f{position}_", values)
        clauses.append(f"{_COLUMNS[name]} IN ({marks})")
        parameters |= bound
    if wanted.from_:
        clauses.append("t.occurred >= :occurred_from")
        parameters["occurred_from"] = wanted.from_
    if wanted.to:
        # As of a FHIR Period: the end is included, with everything that its precision covers.
        clauses.append("t.occurred < :occurred_to")
        parameters["occurred_to"] = f"{wanted.to}~"
    return " AND ".join(clauses), parameters
