"""``GET /feed/stream`` over a real connection: what the hospital pushes arrives, until the resident revokes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.hub_in_test import note
from tests.whole.founded import Town

pytestmark = pytest.mark.promise("revocation-works-on-the-next-request")
WHO = "clinic-emr"
LOOKS = 3.0
"""Seconds in which the hub looks three times, and gives no sign of life yet."""


@contextmanager
def lines_of(town: Town, last_id: str = "") -> Iterator[Iterator[str]]:
    """The lines of a stream of the clinic about the resident, who takes gzip as most clients do."""
    headers = town.headers(WHO, **({"last_event_id": last_id} if last_id else {}))
    path = f"/feed/stream?patient={town.person}"
    with town.client.stream("GET", path, headers=headers, timeout=LOOKS) as answer:
        assert answer.status_code == 200
        assert "content-encoding" not in answer.headers
        yield answer.iter_lines()


def said(town: Town, text: str) -> None:
    assert town.post("hosp-ehr", "/fhir/Communication", note(town.person, text)).status_code == 201


def event(lines: Iterator[str]) -> tuple[str, str]:
    """The id and the data of the next event."""
    block = []
    for line in lines:
        if line:
            block.append(line)
        elif (fields := dict(one.partition(": ")[::2] for one in block)).get("event") == "item":
            return fields["id"], fields["data"]
        else:
            block = []
    raise AssertionError("the stream has ended")


def revoke(town: Town) -> None:
    [entry] = town.get("city-registry", f"/fhir/Consent?patient={town.person}").json()["entry"]
    now = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    over = {**entry["resource"], "status": "inactive", "dateTime": now}
    path = f"/fhir/Consent/{over['id']}"
    assert town.client.put(path, json=over, headers=town.headers("city-registry")).status_code == 200


def test_what_is_pushed_arrives_and_after_the_revocation_nothing_does(town: Town) -> None:
    with lines_of(town) as lines:
        said(town, "一つ目")
        id_, data = event(lines)
        assert "一つ目" in data
    for text in ("二つ目", "三つ目"):
        said(town, text)
    with lines_of(town, id_) as lines:
        assert "二つ目" in event(lines)[1]
        assert "三つ目" in event(lines)[1]
        revoke(town)
        said(town, "四つ目")
        with pytest.raises(httpx.ReadTimeout):
            event(lines)
