"""The care manager's export: ケアプランデータ連携 標準仕様 4.1版, CP932 without a header row (FACTS §3.1)."""

from collections.abc import Callable, Iterable, Iterator

from hub.demo.chart import KAIGO_INSURER, Chart
from hub.demo.lives import Care, Need, Plan, Service

_VERSION = "202407"
_CARE_MANAGEMENT, _DAY_SERVICE = "43", "15"
_SEX = {"male": "1", "female": "2"}
_FIRST_PLAN, _CERTIFIED = "11", "2"

Row = list[str]


def exports(charts: Iterable[Chart]) -> Iterator[tuple[str, bytes]]:
    """File name and bytes of each table: the people, then tables 1 to 3 of all of them."""
    planned = [(chart, chart.life.plan, chart.life.care) for chart in charts if chart.life.plan and chart.life.care]
    if not planned:
        return
    first = planned[0][0]
    office, target = first.organisation.identifiers.care_office, _office(first, "day")
    made = first.date(0).replace("-", "") + "070000"
    tables: tuple[tuple[str, Callable[[Chart, Plan, Care], Iterable[Row]]], ...] = (
        ("UPHOSOKU_000000", _person),
        ("UP1KYO", _first_table),
        ("UP2KYO", _second_table),
        ("UP3KYO", _third_table),
    )
    for kind, table in tables:
        rows = [row for each in planned for row in table(*each)]
        name = f"{kind}_{office}_{_CARE_MANAGEMENT}_{target}_{_DAY_SERVICE}_{made}.CSV"
        yield name, "".join(",".join(row) + "\r\n" for row in rows).encode("cp932")


def _person(chart: Chart, plan: Plan, care: Care) -> Iterator[Row]:
    life = chart.life
    known = [
        *(_text(life.kana), _text(life.name), _SEX[life.sex], f"{life.born:%Y%m%d}"),
        *(life.postal_code, _text(life.address), "", life.phone),
        *(_day(chart, care.since), _day(chart, care.since), _day(chart, care.until)),
        *(_CERTIFIED, _day(chart, care.since), care.level),
    ]
    billing_and_days = [""] * 44
    yield [*_keys(care), _day(chart, plan.day), *known, *billing_and_days, "000000"]


def _first_table(chart: Chart, plan: Plan, care: Care) -> Iterator[Row]:
    day = _day(chart, plan.day)
    manager = chart.demo.city.person_of(plan.author).name
    yield [
        *(*_keys(care), day),
        *("", "", "", _text(manager), _text(chart.organisation.name), "", "", ""),
        *(chart.organisation.identifiers.care_office, day, day, _FIRST_PLAN),
        *(_CERTIFIED, _day(chart, care.since), _day(chart, care.since), _day(chart, care.until), care.level),
        *(_text(f"本人：{plan.wish}"), "", _text(plan.policy), "", "", "", ""),
    ]


def _second_table(chart: Chart, plan: Plan, care: Care) -> Iterator[Row]:
    for number, need in enumerate(plan.needs, 1):
        for count, service in enumerate(need.services, 1):
            yield [*_keys(care), *_dates(chart, plan), *_need(number, need), *_service(chart, count, service), "", ""]


def _need(number: int, need: Need) -> Row:
    return [
        *(str(number), _text(need.need), "1", _text(need.long_goal), _text(need.short_goal)),
        *(_text("１年"), _text("６か月")),
    ]


def _service(chart: Chart, count: int, service: Service) -> Row:
    place = chart.demo.city.organisation_of(service.office)
    return [
        *(str(count), _text(service.what), "Y", _text(service.kind), place.identifiers.care_office, _text(place.name)),
        *(_text(service.frequency), _text("６か月")),
    ]


def _third_table(chart: Chart, plan: Plan, care: Care) -> Iterator[Row]:
    for week in plan.week:
        for day in week.days:
            times = [_text(week.what), str(day), week.start, week.end]
            yield [*_keys(care), *_dates(chart, plan), *times, "", "", "", ""]


def _keys(care: Care) -> Row:
    return [_VERSION, KAIGO_INSURER, care.insured]


def _dates(chart: Chart, plan: Plan) -> Row:
    return [_day(chart, plan.day)] * 2


def _day(chart: Chart, day: int) -> str:
    return chart.date(day).replace("-", "")


def _office(chart: Chart, name: str) -> str:
    return chart.demo.city.organisation_of(name).identifiers.care_office


def _text(text: str) -> str:
    """A text cell: between quotes, a quote inside doubled."""
    return '"' + text.replace('"', '""') + '"' if text else ""
