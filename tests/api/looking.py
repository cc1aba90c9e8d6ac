"""Looking at one resource through every door that could show it."""

from tests.hub_in_test import Body, City

NEVER_USED = "0" * 32
# Every door that shows what somebody else published.
DOORS = frozenset(
    {"read", "vread", "history", "batch", "search", "search by post", "feed", "feed of one", "handoff", "everything"}
)


def prescription(patient: str, name: str, **more: object) -> Body:
    """A prescription of ``name``: the kind of information that every door shows, the handoff too."""
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": name},
        "subject": {"reference": f"Patient/{patient}"},
        "authoredOn": "2026-11-10T09:00:00+09:00",
        **more,
    }


def shown(city: City, who: str, resource: Body, mark: str, patient: str) -> set[str]:
    """The doors through which ``who`` gets ``mark``, a text that only ``resource`` has.

    A refusal must be the answer for what was never there, and a count must not tell of what is hidden.
    """
    kind, id_, version = resource["resourceType"], resource["id"], resource["meta"]["versionId"]
    here = f"/fhir/{kind}/{id_}"
    searched = city.get(who, f"/fhir/{kind}?patient={patient}&_total=accurate")
    by_post = city.client.post(
        f"/fhir/{kind}/_search", data={"patient": patient}, headers={**city.headers(who), "Accept": "application/json"}
    )
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": here[6:]}}]}
    answers = {
        "read": city.get(who, here),
        "vread": city.get(who, f"{here}/_history/{version}"),
        "history": city.get(who, f"{here}/_history"),
        "batch": city.post(who, "/fhir", batch),
        "search": searched,
        "search by post": by_post,
        "feed": city.get(who, "/feed?count=200"),
        "feed of one": city.get(who, f"/feed?patient={patient}&count=200"),
        "handoff": city.post(who, f"/fhir/Patient/{patient}/$handoff", {}),
        "everything": city.get(who, f"/fhir/Patient/{patient}/$everything?_count=1000"),
    }
    if searched.status_code == 200:
        entries = searched.json().get("entry", [])
        assert searched.json()["total"] == len(entries)
        assert [one["resource"]["id"] for one in by_post.json().get("entry", [])] == [
            one["resource"]["id"] for one in entries
        ]
    seen = {door for door, answer in answers.items() if mark in answer.text}
    for door in ("read", "vread", "history"):
        if answers[door].status_code == 404:
            assert_unknown(
                city, who, here + {"read": "", "vread": f"/_history/{version}", "history": "/_history"}[door]
            )
    return seen


def assert_unknown(city: City, who: str, path: str) -> None:
    """``path`` answers, but for the request id, as the same path with an id that was never used (CONSENT.md §5)."""
    kind, id_, *rest = path.removeprefix("/fhir/").split("/")
    hidden = city.get(who, path)
    unknown = city.get(who, "/".join(["/fhir", kind, NEVER_USED, *rest]))
    assert hidden.status_code == unknown.status_code, (path, hidden.status_code, hidden.text)
    assert hidden.content == unknown.content
    assert id_ not in hidden.text
    assert _without_id(hidden.headers) == _without_id(unknown.headers)


def _without_id(headers: object) -> dict[str, str]:
    assert hasattr(headers, "items")
    return {str(name).lower(): str(value) for name, value in headers.items() if name.lower() != "x-request-id"}
