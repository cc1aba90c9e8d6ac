"""The disasters in which a caller's organisation helps, as a decision counts them (CONSENT.md §4 rule 6, §7).

They open residents whom a question names.  A question about all whom the caller looks after names nobody: it is
answered by the care teams alone, and so is what goes out by itself or in bulk.
"""

from collections.abc import Sequence
from datetime import datetime

from consent import Disaster, Period
from consent.vocabulary import DISASTER_SET
from hub.access.area import lives_in
from hub.context import Caller, instant
from hub.store import disasters, registry, resources
from hub.store.database import Tx
from profiles.json import read_json
from profiles.resource import as_object

SHOWN = DISASTER_SET
"""The categories that a disaster opens."""

_NEVER = ("operation:export", "notification")


def counting(tx: Tx, caller: Caller, interaction: str, patients: Sequence[str] | None, now: datetime) -> list[Disaster]:
    """The disasters in force in which the caller's organisation helps, with those of ``patients`` whom they reach."""
    if not caller.helps or not patients or interaction.startswith(_NEVER):
        return []
    city = registry.municipality(tx)
    rows = [row for row in resources.records_of(tx, patients) if row.source == city and not row.withheld]
    residents = {row.id: as_object(read_json(row.body)) for row in rows}
    return [
        Disaster(
            f"Disaster/{row.id}",
            frozenset(disasters.organisations(row)),
            frozenset(one for one, resident in residents.items() if lives_in(resident, disasters.areas(row))),
            Period(datetime.fromisoformat(row.starts), datetime.fromisoformat(row.ends)),
        )
        for row in disasters.in_force(tx, caller.organisation, instant(now))
    ]
