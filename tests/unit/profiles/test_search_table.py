"""The table of search parameters holds together."""

from profiles.definitions import definitions
from profiles.rules.references import TYPES
from profiles.search.parameters import KINDS, indexed
from profiles.tables import rows

ROWS = rows("search/parameters.csv")
PATIENT_TYPES = {row["type"] for row in rows("patient_compartment.csv")}


def test_rows_name_what_exists() -> None:
    assert {row["type"] for row in ROWS} <= TYPES
    assert {row["kind"] for row in ROWS} <= KINDS.keys()
    assert {target for row in ROWS for target in row["targets"].split()} <= TYPES


def test_references_are_read_where_references_stand() -> None:
    places = [(row["type"], path) for row in ROWS if row["kind"] == "reference" for path in row["paths"].split()]

    assert [place for place in places if not _kind_at(*place).startswith("Reference")] == []


def test_patients_are_looked_for_where_references_stand() -> None:
    places = [(row["type"], path) for row in rows("patient_compartment.csv") for path in row["paths"].split()]

    assert [place for place in places if not _kind_at(*place).startswith("Reference")] == []


def test_no_parameter_is_listed_twice() -> None:
    names = [(row["type"], row["parameter"]) for row in ROWS]

    assert len(names) == len(set(names))


def test_every_type_about_patients_can_be_searched_by_patient() -> None:
    searchable = {row["type"] for row in ROWS} & PATIENT_TYPES - {"Group", "Person"}

    assert [kind for kind in sorted(searchable) if "patient" not in {one.name for one in indexed(kind)}] == []


def _kind_at(kind: str, path: str) -> str:
    for name in path.split("."):
        kind = definitions()["types"][kind.split()[0]][name]
    return kind
