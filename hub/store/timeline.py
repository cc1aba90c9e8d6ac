"""The timeline's rows: one for everything that became known, in the order in which it was committed."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from hub.store import positions
from hub.store.database import Tx
from hub.store.sql import AT_MOST, Record, Row, Value, add, first, query, run
from hub.store.tables import Seen, TimelineRow


def put(tx: Tx, items: Sequence[Record], earlier: Collection[tuple[Value, Value]]) -> None:
    """Append ``items`` (columns of ``TimelineRow`` without position) at their positions.

    ``earlier`` are the resources, as (type, id), that had a version before.  Their earlier items are marked
    superseded.  They go on being shown to others only where access is decided as it was for them: what is narrowed
    or withdrawn now is withdrawn for the past as well (TRUST T-057), and what is opened now does not open what was
    said before.
    """
    if not items:
        return
    position = positions.take(tx, len(items))
    for item in items:
        if (item["type"], item["id"]) not in earlier:
            continue
        run(
            tx,
            """UPDATE timeline SET superseded = 1, withheld = CASE WHEN :hide = 1 OR publication <> :publication
                      OR label_bits <> :label_bits OR also_about > 0 OR :also_about > 0
                      OR coalesce(clinical_date, '') <> coalesce(:clinical_date, '') THEN 1 ELSE withheld END
                WHERE patient = :patient AND type = :type AND id = :id""",
            {
                **{name: item[name] for name in _COMPARED},
                "hide": 1 if item["change"] == "retracted" else item["withheld"],
            },
        )
    add(tx, TimelineRow, [{**item, "position": position + index} for index, item in enumerate(items)])


_COMPARED = ("publication", "label_bits", "also_about", "clinical_date", "patient", "type", "id")


class Span(NamedTuple):
    """A part of the timeline: the places after one, up to another."""

    after: int = 0
    until: int = (1 << 63) - 2


ALL = Span()


def page(tx: Tx, predicate: str, parameters: Record, *, count: int, span: Span = ALL) -> Sequence[Row]:
    """Up to ``count`` items that ``predicate`` (over the alias ``t``) admits, of a part: what a feed shows.

    Nothing is shown at or after a position that another transaction may still fill.
    """
    statement = f"""SELECT {_SHOWN} FROM timeline t WHERE ({predicate}) AND t.position > :after
                       AND t.position < :horizon ORDER BY t.position {AT_MOST}"""  # noqa: S608
    return query(tx, statement, {**parameters, **_within(tx, span), "count": count})


def last(tx: Tx, predicate: str = "1 = 1", parameters: Record | None = None, span: Span = ALL) -> int:
    """The place of the newest item that a feed may show and ``predicate`` (over ``t``) admits; 0 for none."""
    row = first(
        tx,
        f"""SELECT coalesce(max(t.position), 0) AS position FROM timeline t
             WHERE ({predicate}) AND t.position > :after AND t.position < :horizon""",  # noqa: S608
        {**(parameters or {}), **_within(tx, span)},
    )
    assert row is not None
    return int(row.position)


def ahead(
    tx: Tx,
    near: tuple[str, str | None],
    predicate: str,
    parameters: Record,
    *,
    count: int,
    span: Span,
    newest_first: bool,
) -> Sequence[Row]:
    """Place and patient of the first ``count`` items of a part, or of its last, whoever may see them.

    They are those that ``predicate`` (over ``t``) admits, of patients to whom ``near`` (an organisation, one of its
    people) has any relation.
    """
    order = "DESC" if newest_first else "ASC"
    statement = f"""SELECT t.position, t.patient FROM timeline t
                     WHERE ({predicate}) AND t.position > :after AND t.position < :horizon AND EXISTS (
                           SELECT 1 FROM relation m WHERE m.patient = t.patient
                              AND ((m.organisation = :organisation AND m.person = '') OR m.person = :person))
                     ORDER BY t.position {order} {AT_MOST}"""  # noqa: S608
    organisation, person = near
    bound: Record = {"organisation": organisation, "person": person or "-", "count": count}
    return query(tx, statement, {**parameters, **_within(tx, span), **bound})


def _within(tx: Tx, span: Span) -> Record:
    # Of two upper bounds SQLite would follow one and test the other, row by row.
    return {"after": span.after, "horizon": min(positions.horizon(tx), span.until + 1)}


def waiting(tx: Tx) -> tuple[int, str]:
    """How many items no feed shows yet, because a transaction that is older than they still runs (TRUST T-119).

    And the instant at which the oldest of them was recorded; "" for none.
    """
    row = first(
        tx,
        "SELECT count(*) AS n, coalesce(min(recorded), '') AS oldest FROM timeline WHERE position >= :horizon",
        {"horizon": positions.horizon(tx)},
    )
    assert row is not None
    return int(row.n), str(row.oldest)


_SHOWN = ", ".join(
    f"t.{column}"
    for column in (
        "position", "event", "patient", "type", "id", "version", "category", "source", "publication", "label_bits",
        "clinical_date", "withheld", "directory", "also_about", "scene", "change", "occurred", "recorded",
        "organisation_name", "organisation_kind", "author_profession", "author_name", "title", "text", "changed",
        "link",
    )
)  # fmt: skip


def newest(tx: Tx, predicate: str, parameters: Record, person: str, span: Span = ALL) -> Sequence[Row]:
    """For each patient in a part: the newest position and time, the last dated occurrence, how many are unseen."""
    return query(
        tx,
        f"""SELECT t.patient, max(t.position) AS position, max(t.recorded) AS recorded,
                   max(CASE WHEN t.clinical_date IS NULL THEN '' ELSE t.occurred END) AS occurred,
                   sum(CASE WHEN t.position > coalesce(s.position, 0) THEN 1 ELSE 0 END) AS unseen
              FROM timeline t LEFT JOIN seen s ON s.patient = t.patient AND s.person = :person
             WHERE ({predicate}) AND t.superseded = 0 AND t.position > :after AND t.position < :horizon
             GROUP BY t.patient""",  # noqa: S608
        {**parameters, **_within(tx, span), "person": person},
    )


def mark_seen(tx: Tx, person: str, patient: str, position: int) -> None:
    """``person`` has read ``patient``'s timeline up to ``position``, as far as nothing can come in between any more."""
    settled = min(position, positions.horizon(tx) - 1)
    key: dict[str, Value] = {"person": person, "patient": patient, "position": settled}
    if not run(tx, "UPDATE seen SET position = :position WHERE patient = :patient AND person = :person", key):
        add(tx, Seen, [key])


def seen(tx: Tx, person: str, patient: str) -> int:
    """How far ``person`` has read ``patient``'s timeline; 0 for not at all."""
    row = first(
        tx,
        "SELECT position FROM seen WHERE patient = :patient AND person = :person",
        {"person": person, "patient": patient},
    )
    return int(row.position) if row else 0


def withdrawal(tx: Tx, predicate: str, parameters: dict[str, Value], version: tuple[str, str, str, str]) -> Row | None:
    """The item that says that with this version (patient, type, id, version) an earlier one was retracted.

    None when there is no such item, or none that ``predicate`` (over ``t``) admits.
    """
    patient, type_, id_, name = version
    return first(
        tx,
        f"""SELECT t.* FROM timeline t WHERE ({predicate}) AND t.patient = :patient_ AND t.type = :type_
               AND t.id = :id_ AND t.version = :version_ AND t.change = 'retracted'""",  # noqa: S608
        {**parameters, "patient_": patient, "type_": type_, "id_": id_, "version_": name},
    )


def happened(
    tx: Tx, predicate: str, parameters: dict[str, Value], *, before: tuple[str, int] | None, count: int
) -> Sequence[Row]:
    """Up to ``count`` current items that ``predicate`` (over ``t``) admits, what happened last first.

    ``before`` is the place (occurred, position) of the last item of the page before.
    """
    where = f"({predicate}) AND t.superseded = 0"
    if before is not None:
        where += " AND (t.occurred < :before_ OR (t.occurred = :before_ AND t.position < :before_position))"
        parameters = {**parameters, "before_": before[0], "before_position": before[1]}
    statement = f"SELECT t.* FROM timeline t WHERE {where} ORDER BY t.occurred DESC, t.position DESC {AT_MOST}"  # noqa: S608
    return query(tx, statement, {**parameters, "count": count})


def not_admitted(tx: Tx, patient: str, predicate: str, parameters: dict[str, Value], count: int) -> Sequence[Row]:
    """The facts of up to ``count`` current items of a patient that ``predicate`` (over ``t``) does not admit."""
    statement = f"""SELECT t.patient, t.source, t.publication, t.category, t.label_bits, t.clinical_date, t.withheld,
                           t.directory, t.also_about, t.type, t.id
                      FROM timeline t WHERE t.patient = :patient_ AND t.superseded = 0
                       AND NOT ({predicate}) ORDER BY t.position DESC {AT_MOST}"""  # noqa: S608
    return query(tx, statement, {**parameters, "patient_": patient, "count": count})


def tally(tx: Tx, predicate: str, parameters: dict[str, Value], after: int) -> Sequence[Row]:
    """The current items that ``predicate`` admits, counted by category, scene and source.

    Each row: ``items``, how many of them are ``newer`` than the position ``after``, the ``newest`` position.
    """
    return query(
        tx,
        f"""SELECT t.category, t.scene, t.source, max(t.organisation_name) AS organisation_name, count(*) AS items,
                   sum(CASE WHEN t.position > :after_ THEN 1 ELSE 0 END) AS newer, max(t.position) AS newest
              FROM timeline t WHERE ({predicate}) AND t.superseded = 0
             GROUP BY t.category, t.scene, t.source""",  # noqa: S608
        {**parameters, "after_": after},
    )


def headlines(tx: Tx, predicate: str, parameters: dict[str, Value], person: str) -> Sequence[Row]:
    """For each patient the one current item to show in a list: unseen before seen, dated before undated, the last."""
    return query(
        tx,
        f"""SELECT * FROM (
                SELECT t.*, row_number() OVER (PARTITION BY t.patient ORDER BY
                           CASE WHEN t.position > coalesce(s.position, 0) THEN 0 ELSE 1 END,
                           CASE WHEN t.clinical_date IS NULL THEN 1 ELSE 0 END,
                           t.occurred DESC, t.position DESC) AS place
                  FROM timeline t LEFT JOIN seen s ON s.patient = t.patient AND s.person = :person
                 WHERE ({predicate}) AND t.superseded = 0) AS ranked
             WHERE place = 1""",  # noqa: S608
        {**parameters, "person": person},
    )
