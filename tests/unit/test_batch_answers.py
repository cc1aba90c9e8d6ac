"""What stands in a batch-response for an entry that went wrong (FHIR R4 §3.1.0.11.1)."""

from asyncio import CancelledError
from typing import Any

import pytest

from hub.errors import NotFound
from hub.http.bundles import answered


def test_what_goes_wrong_with_one_entry_is_told_in_its_place() -> None:
    entry: Any = answered(NotFound("There is no such resource here."))
    assert entry["response"]["status"] == "404 NotFound"
    assert entry["response"]["outcome"]["issue"][0]["code"] == "not-found"


def test_what_nobody_expected_is_told_without_its_secrets() -> None:
    entry: Any = answered(RuntimeError("SELECT body FROM resource"))
    assert entry["response"]["status"] == "503 Busy"
    assert "SELECT" not in str(entry)


def test_an_end_of_the_whole_is_no_entrys_own() -> None:
    with pytest.raises(CancelledError):
        answered(CancelledError())
