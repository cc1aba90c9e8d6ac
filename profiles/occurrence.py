"""When the clinical event of a resource happened: the date by which it stands in a timeline."""

from functools import cache

from profiles.instants import local_day
from profiles.paths import Path, parse_path, values
from profiles.resource import Resource, as_text
from profiles.tables import rows


@cache
def _paths() -> dict[str, tuple[Path, ...]]:
    return {row["type"]: tuple(map(parse_path, row["paths"].split())) for row in rows("clinical_dates.csv")}


def occurred(resource: Resource) -> str | None:
    """The date or dateTime of the clinical event as written, from the first element of the type's row that is there."""
    for path in _paths().get(as_text(resource.get("resourceType")), ()):
        for value in values(resource, path):
            if isinstance(value, str):
                return value
    return None


def clinical_date(resource: Resource) -> str | None:
    """The day (``YYYY-MM-DD``) of the clinical event in Japan; of a month or a year, its first day."""
    written = occurred(resource)
    return local_day(written) if written else None
