"""Ten times what is usual, for a while (TRUST T-135, T-140)."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from uuid import uuid4

import httpx
import pytest

from tests.hub_in_test import note
from tests.whole.founded import Town
from tests.whole.hub_process import HubProcess

CLIENTS, SECONDS = 60, 15.0


@pytest.mark.slow
def test_a_burst_is_answered_or_refused_and_forgotten_soon_after(hub: HubProcess, town: Town) -> None:
    """T-135, T-140: sixty clients that never wait: each request has an answer, what was acknowledged is there, and
    a moment later the hub is as quick as before."""
    town.headers("hosp-ehr")
    until = monotonic() + SECONDS

    def storm(number: int) -> list[str]:
        acknowledged: list[str] = []
        with httpx.Client(base_url=hub.base_url, timeout=60) as client:
            here = Town(town.data, client, town.person, town.tokens)
            while monotonic() < until:
                key = uuid4().hex
                answer = here.post("hosp-ehr", "/fhir/Communication", note(town.person, f"嵐 {number} {key}"), key)
                assert answer.status_code in (201, 503), answer.text
                assert answer.status_code == 201 or answer.headers["Retry-After"].isdigit()
                acknowledged += [answer.json()["id"]] if answer.status_code == 201 else []
                read = here.get("hosp-ehr", f"/feed?patient={town.person}&count=20")
                assert read.status_code in (200, 503), read.text
        return acknowledged

    with ThreadPoolExecutor(CLIENTS) as pool:
        acknowledged = [one for part in pool.map(storm, range(CLIENTS)) for one in part]
    began = monotonic()
    for _ in range(20):
        assert town.get("hosp-ehr", f"/feed?patient={town.person}&count=20").status_code == 200
    assert monotonic() - began < 10
    counted = town.get("hosp-ehr", f"/fhir/Communication?patient={town.person}&_summary=count").json()["total"]
    assert counted == len(acknowledged) > 0
    assert all(town.get("hosp-ehr", f"/fhir/Communication/{one}").status_code == 200 for one in acknowledged[::97])
