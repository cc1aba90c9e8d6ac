"""Reading FHIR answers in a test: the shape is checked on the way, so that a test says only what it is about."""

import httpx2

from tests.hub_in_test import Body

JSON = "application/fhir+json; charset=utf-8"


def issues(answer: httpx2.Response, status: int) -> list[Body]:
    """The issues of the OperationOutcome that must have come with ``status``."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == JSON
    body: Body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    found: list[Body] = body["issue"]
    assert found
    assert all({"severity", "code", "diagnostics"} <= issue.keys() for issue in found)
    return found


def places(found: list[Body]) -> list[str]:
    """Where the errors among some issues are, in their order."""
    return [str(one["expression"][0]) for one in found if one["severity"] == "error"]


def ids(answer: httpx2.Response) -> list[str]:
    """The ids in a search set, which must have come."""
    assert answer.status_code == 200, answer.text
    return [one["resource"]["id"] for one in answer.json().get("entry", [])]


def link(bundle: Body, relation: str) -> str:
    """The link of a Bundle, "" when it has none."""
    return next((str(one["url"]) for one in bundle["link"] if one["relation"] == relation), "")
