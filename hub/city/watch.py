"""Whom the municipality cannot be without: somebody who puts right, and somebody who looks on (TRUST T-131).

Whoever takes another's role away does it by a city file, and each file is taken whole: so of two that take the role
of each other's author away, whichever comes last, one stays.
"""

from datetime import datetime

from consent.period import local_day
from hub.city.file import BadCityFile, CityFile, Role

NEEDED = {
    "municipal-officer": "could review an emergency access, or declare a disaster",
    "auditor": "would read the access log",
}


def check_watch(file: CityFile, now: datetime) -> None:
    """Somebody has each of these roles on the day of ``now``.  Raises ``BadCityFile`` when nobody has."""
    day = local_day(now)
    for profession, deed in NEEDED.items():
        if not any(_watches(file, role, profession, day) for person in file.people for role in person.roles):
            raise BadCityFile(
                f"person: nobody is {profession} of the municipality on {day}, so that nobody {deed}. Add one."
            )


def _watches(file: CityFile, role: Role, profession: str, day: str) -> bool:
    of_city = any(one.id == role.organisation and one.kind == "municipality" for one in file.organisations)
    begun, over = role.from_.isoformat() <= day, role.to is not None and role.to.isoformat() < day
    return role.profession == profession and of_city and begun and not over
