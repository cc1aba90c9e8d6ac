"""No value is read as anything but a value, and none takes long (TRUST T-114, T-116)."""

from collections.abc import Iterator
from time import perf_counter
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.search.parameters import parameters_of
from tests.hub_in_test import City, note, observation, small_city

CORPUS = (
    "' OR '1'='1",
    "'; DROP TABLE resource; --",
    '" OR ""="',
    "1) UNION SELECT body FROM resource --",
    "%' ESCAPE '!",
    "100%_\\",
    "$.name[*]?(@=='x')",
    "Patient.name.where(true)",
    "(((((((((((((((((((((((((((((((",
    "a" * 2000 + "!",
    "(a+)+$" + "a" * 200,
    "*)(uid=*))(|(uid=*",
    "${jndi:ldap://127.0.0.1/x}",
    "{{7*7}}",
    "../../etc/passwd",
    "\ufeff\u200b\u202e",
    "😀\U0010ffff",
    "|||",
    "a,b,,",
    "\\,\\|\\$",
    "-0",
    "1e400",
    "9" * 400,
    "2026-02-30",
    "9999-12-31T23:59:60Z",
    "ge",
    "ap1|http://x|",
    "true' --",
)
TYPES = ("Patient", "Observation", "Communication")
SLOWEST = 2.0


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, store_kind: str) -> Iterator[City]:
    """One hub for the whole file, in which one person has two resources."""
    with small_city(tmp_path_factory.mktemp("hub")) as hub:
        person = hub.resident()
        hub.team(person, "Organization/hosp")
        hub.consent(person)
        hub.created("hosp-ehr", observation(person))
        hub.created("hosp-ehr", note(person))
        yield hub


def asked(city: City, path: str) -> int:
    """The status of an answer, which must come soon and say why when it is a refusal."""
    began = perf_counter()
    answer = city.get("hosp-ehr", path)
    assert perf_counter() - began < SLOWEST, path
    assert answer.status_code < 500, f"{path}: {answer.text}"
    if answer.status_code >= 400:
        body = answer.json()
        assert body.get("resourceType") == "OperationOutcome" or body.get("title"), path
    return answer.status_code


@pytest.mark.parametrize("type_", TYPES)
def test_every_parameter_takes_every_text_as_a_value(city: City, type_: str) -> None:
    """T-114: all parameters of a type with all of the corpus: found nothing, or refused, soon."""
    names = sorted({one.name for one in parameters_of(type_)} | {"_id", "_lastUpdated", "_tag", "_sort", "_count"})
    for place, name in enumerate(names):
        for text in CORPUS[place % 4 :: 4]:  # each text comes to a quarter of the parameters of each type
            asked(city, f"/fhir/{type_}?{urlencode({name: text})}")
    assert asked(city, f"/fhir/{type_}") == 200


@pytest.mark.parametrize("text", CORPUS)
def test_every_other_door_takes_every_text_as_a_value(city: City, text: str) -> None:
    """T-114: names of parameters, modifiers, ids, types, cursors, paths and headers."""
    word = quote(text, safe="")[:3000]
    for path in (
        f"/fhir/Observation?{word}=x",
        f"/fhir/Observation?code:{word}=x",
        f"/fhir/Observation?subject:{word}.name=x",
        f"/fhir/Observation?_has:{word}:subject:code=x",
        f"/fhir/Observation?_include={word}",
        f"/fhir/Observation?_cursor={word}",
        f"/fhir/Observation/{word}",
        f"/fhir/Observation/{word}/_history/{word}",
        f"/fhir/{word}",
        f"/fhir/Observation?_elements={word}&_summary={word}",
        f"/feed?since={word}",
        f"/feed?patient={word}&category={word}",
        f"/feed?from={word}",
        f"/fhir/ValueSet/$expand?url={word}",
        f"/fhir/metadata?_format={word}",
    ):
        assert asked(city, path) in (200, 400, 404, 406)
    headers = {"if_none_match": word, "if_modified_since": word, "accept": word, "prefer": f"return={word}"}
    assert city.get("hosp-ehr", "/fhir/Observation", **headers).status_code < 500
    made = city.post("hosp-ehr", "/fhir/Observation", observation("x"), if_none_exist=word, idempotency_key=word[:255])
    assert made.status_code in (400, 404, 412, 422), made.text


@settings(max_examples=150)
@given(pairs=st.lists(st.tuples(st.text(max_size=30), st.text(max_size=60)), min_size=1, max_size=4))
def test_no_search_makes_the_hub_fail(city: City, pairs: list[tuple[str, str]]) -> None:
    """T-116: whatever stands in a query, it is answered or refused."""
    asked(city, f"/fhir/Observation?{urlencode(pairs, errors='replace')}")


@settings(max_examples=60)
@given(cursor=st.one_of(st.text(max_size=80), st.binary(max_size=80).map(lambda raw: raw.hex())))
def test_no_cursor_makes_the_hub_fail(city: City, cursor: str) -> None:
    """T-116: what the hub did not seal is no cursor."""
    for path in ("/feed?since=", "/fhir/Observation?_cursor=", "/fhir/Observation/_history?_cursor="):
        status = asked(city, path + quote(cursor, safe="", errors="replace"))
        assert status in (200, 400, 403, 404)
        assert status != 200 or not cursor
