"""All that the systems of the demo city push, in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from connectors.transaction import transaction
from hub.demo import careplan
from hub.demo.chart import Chart, Demo, shared_identifier
from hub.demo.city import Catalogue, City, Organisation
from hub.demo.clinical import clinical
from hub.demo.consents import consents
from hub.demo.documents import documents, notes
from hub.demo.forms import forms
from hub.demo.lives import Life
from hub.demo.measurements import measurements
from hub.demo.medicines import injections, prescriptions, statements
from hub.demo.pharmacy import notebook
from hub.demo.registry import patient, registry
from profiles import write_json
from profiles.resource import Resource

Door = Literal["fhir", "ingest/jahis", "ingest/careplan"]


@dataclass(frozen=True, slots=True)
class Push:
    """One request: the system that sends it, the door below the base URL, the body.

    ``key`` is the Idempotency-Key, ``file_name`` the sender's name of a file, ``patient_identifier`` whose file it is
    ("system|value") where the file itself does not say it in a way that the city knows.
    """

    system: str
    door: Door
    body: bytes
    key: str
    description: str
    file_name: str | None = None
    patient_identifier: str | None = None


def read_demo(
    city: Mapping[str, object], catalogue: Mapping[str, object], residents: Sequence[Mapping[str, object]]
) -> Demo:
    """The demo city from its parsed files; each of ``residents`` is one resident, or a file of several.

    Raises ``pydantic.ValidationError`` for what is not in the shape of ``hub.demo.city`` and ``hub.demo.lives``.
    """
    lives = [one for file in residents for one in _residents(file)]
    return Demo(City.model_validate(city), Catalogue.model_validate(catalogue), tuple(map(Life.model_validate, lives)))


def _residents(file: Mapping[str, object]) -> list[object]:
    several = file.get("resident")
    return several if isinstance(several, list) else [file]


def pushes(demo: Demo, today: date) -> Iterator[Push]:
    """Every push: the municipality's people first, then organisation by organisation.  ``today`` is day 0.

    The same data and day give the same pushes, byte for byte.
    """
    systems = {one.organisation for one in demo.city.system}
    members = [one for one in demo.city.organisation if one.id in systems]
    for organisation in sorted(members, key=lambda one: one.kind != "municipality"):
        charts = [Chart(demo, organisation, life, today) for life in demo.lives]
        if organisation.kind == "care-management":
            yield from _plans(charts, organisation)
        for chart in charts:
            yield from _of(chart)


def _of(chart: Chart) -> Iterator[Push]:
    system = chart.demo.city.system_of(chart.organisation.id)
    about = f"{chart.organisation.name}：{chart.life.name}さん"
    key = f"demo-{chart.date(0)}-{system}-{chart.life.id}"
    entries = list(_entries(chart))
    if entries:
        opening = [patient(chart)] if chart.introduces else []
        body = write_json(transaction([*opening, *entries]))
        yield Push(system, "fhir", body, key, f"{about}の記録 {len(opening) + len(entries)}件")
    dispensed = notebook(chart) if chart.organisation.kind == "pharmacy" else None
    if dispensed:
        yield Push(
            system,
            "ingest/jahis",
            dispensed,
            f"{key}-notebook",
            f"{about}の調剤（電子版お薬手帳）",
            f"{chart.life.id}.csv",
            shared_identifier(chart.life),
        )


def _entries(chart: Chart) -> Iterator[Resource]:
    if chart.organisation.kind == "municipality":
        yield from registry(chart)
        yield from consents(chart)
    yield from clinical(chart)
    yield from prescriptions(chart)
    yield from injections(chart)
    yield from statements(chart)
    yield from measurements(chart)
    yield from forms(chart)
    yield from documents(chart)
    yield from notes(chart)


def _plans(charts: list[Chart], organisation: Organisation) -> Iterator[Push]:
    system = charts[0].demo.city.system_of(organisation.id)
    for name, data in careplan.exports(charts):
        key = f"demo-{charts[0].date(0)}-{system}-{name.partition('_')[0]}"
        yield Push(system, "ingest/careplan", data, key, f"{organisation.name}：{name}", name)
