"""The order of a search set (FHIR R4 §3.1.1.5.1): by several keys, by how names are read, what has no value last."""

from itertools import count

import pytest

from tests.fhir_answers import ids, link
from tests.hub_in_test import Body, City, observation, patient

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)
KANA = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"


def pages(city: City, query: str, size: int, who: str = "hosp-ehr") -> list[str]:
    """The ids of all pages, ``size`` at a time; each must come once."""
    answer = city.get(who, f"/fhir/{query}&_count={size}")
    seen = ids(answer)
    while following := link(answer.json(), "next"):
        answer = city.get(who, following)
        seen += ids(answer)
    assert len(seen) == len(set(seen))
    return seen


def pleased(city: City, query: str, wanted: list[str], who: str = "hosp-ehr") -> None:
    """The same order whatever the size of the pages."""
    for size in (1, 2, 3, 50):
        assert pages(city, query, size, who) == wanted, (query, size)


def component(person: str, *values: float) -> Body:
    code = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
    parts = [{"code": code, "valueQuantity": {"value": value, "unit": "mm[Hg]"}} for value in values]
    return {**observation(person), "component": parts}


def test_what_has_no_value_comes_last_both_ways(city: City, person: str) -> None:
    undated = observation(person)
    undated.pop("effectiveDateTime")
    days = ("2026-11-02", "2026-11-01", "2026-11-03", "2026-11-02")
    first, second, third, fourth = (
        city.created("hosp-ehr", observation(person, effectiveDateTime=day))["id"] for day in days
    )
    city.clock.move(seconds=1)
    none, later = (city.created("hosp-ehr", undated)["id"] for _ in range(2))
    last = sorted([none, later], reverse=True)
    tied = sorted([first, fourth], reverse=True)  # what was made last comes first
    base = f"Observation?patient={person}"
    pleased(city, f"{base}&_sort=date", [second, *tied, third, *last])
    pleased(city, f"{base}&_sort=-date", [third, *tied, second, *last])
    pleased(city, f"{base}&status=final&_sort=-date", [third, *tied, second, *last])
    pleased(city, f"{base}&date=lt2026-11-03&_sort=-date", [*tied, second])


def test_of_several_values_the_least_or_the_last_counts(city: City, person: str) -> None:
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "歩く"},
        "subject": {"reference": f"Patient/{person}"},
    }

    def made(*days: str) -> str:
        city.clock.move(seconds=1)
        targets = [{"measure": {"text": "歩数"}, "dueDate": day} for day in days]
        return str(city.created("hosp-ehr", {**goal, "target": targets})["id"])

    both, middle, three = (
        made("2026-01-01", "2026-12-31"),
        made("2026-06-01"),
        made("2026-05-01", "2026-07-01", "2026-06-15"),
    )
    pleased(city, f"Goal?patient={person}&_sort=target-date", [both, three, middle])
    pleased(city, f"Goal?patient={person}&_sort=-target-date", [both, three, middle])
    few, many = (city.created("hosp-ehr", component(person, *values))["id"] for values in ((100, 200), (150,)))
    pleased(city, f"Observation?patient={person}&_sort=component-value-quantity", [few, many])
    pleased(city, f"Observation?patient={person}&_sort=-component-value-quantity", [few, many])


def test_several_keys_one_after_the_other(city: City, person: str) -> None:
    stored = []
    for status in ("final", "amended"):
        for value in (7.5, 6.5, 10):
            city.clock.move(seconds=1)
            stored.append((status, value, city.created("hosp-ehr", observation(person, value, status=status))["id"]))
    base = f"Observation?patient={person}"
    pleased(city, f"{base}&_sort=status,value-quantity", [one for _, _, one in sorted(stored)])
    by_value = sorted(sorted(stored, key=lambda one: one[0], reverse=True), key=lambda one: one[1])
    pleased(city, f"{base}&_sort=value-quantity,-status", [one for _, _, one in by_value])
    newest = sorted(sorted(stored, key=lambda one: one[2], reverse=True), key=lambda one: one[0])
    pleased(city, f"{base}&_sort=status,-_lastUpdated", [one for _, _, one in newest])
    pleased(city, f"{base}&_sort=_id", sorted(one for _, _, one in stored))
    everybody = "Observation?_id=" + ",".join(one for _, _, one in stored)
    pleased(city, f"{everybody}&_sort=-value-quantity,status", pages(city, f"{base}&_sort=-value-quantity,status", 50))


def test_names_are_sorted_as_they_are_read(city: City, person: str) -> None:
    """渡辺 (わたなべ) comes after 青木 (あおき), whatever their characters' numbers are."""
    read = {
        "青木 一": "アオキ ハジメ",
        "渡辺 亜子": "ワタナベ アコ",
        "渡辺 和": "ワタナベ カズ",
        "安藤 幸": "アンドウ ユキ",
    }
    made = {}
    for name, kana in read.items():
        family, given = name.split()
        family_kana, given_kana = kana.split()
        names = [
            {"extension": [{"url": KANA, "valueCode": "IDE"}], "family": family, "given": [given], "text": name},
            {"extension": [{"url": KANA, "valueCode": "SYL"}], "family": family_kana, "given": [given_kana]},
        ]
        resident = {**patient(f"{next(NUMBERS):010d}"), "name": names}
        made[name] = str(city.created("city-registry", resident)["id"])
    wanted = [made[name] for name in ("青木 一", "安藤 幸", "渡辺 亜子", "渡辺 和")]
    some = f"Patient?_id={','.join(made.values())}"
    for key in ("family,given", "name", "phonetic", "kana"):
        pleased(city, f"{some}&_sort={key}", wanted, "city-registry")
    pleased(city, f"{some}&_sort=-name", wanted[::-1], "city-registry")
