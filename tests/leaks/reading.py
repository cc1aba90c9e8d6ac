"""Channels of one resource: what an id, a version, a header or a text tells."""

from tests.leaks.asking import NEVER_USED, Asking
from tests.leaks.ground import WORD

OLD, NEW = "Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"


def headers(ask: Asking) -> None:
    for path in ask.filled(("{t}/{i}", "{t}/{i}/_history/{v}")):
        ask.send("HEAD", path)
        ask.send("GET", path, if_modified_since=OLD)
        ask.send("GET", path, if_modified_since=NEW)
    for type_, id_, version in ask.matter.of_each_type():
        for tag in (f'W/"{version}"', "*", f'W/"{NEVER_USED}"'):
            ask.send("GET", f"{type_}/{id_}", if_none_match=tag)


def never(ask: Asking) -> None:
    """Hidden, and never used, byte for byte: within one world."""
    for type_, id_, _ in dict.fromkeys(
        [*ask.matter.of_each_type(), *(one for one in ask.matter.hidden if one[0] == "Observation")]
    ):
        if id_ == ask.matter.person and ask.matter.fact.kind == "person":
            continue  # the person is known; what is hidden is in the record
        for path in (f"{type_}/{id_}", f"{type_}/{id_}/_history"):
            hidden = ask.send("GET", path)
            unused = ask.send("GET", path.replace(id_, NEVER_USED))
            same = (hidden.status_code, hidden.content) == (unused.status_code, unused.content)
            ask.say(f"{path} answers as an id that was never used: {same}")


def batch(ask: Asking) -> None:
    wanted = ask.filled(
        ("{t}/{i}", "{t}/{i}/_history", "{t}?_id={i}&_total=accurate", "{t}?patient={p}", "Patient/{p}")
    )
    for kind in ("batch", "transaction"):
        entries = [{"request": {"method": "GET", "url": url}} for url in wanted]
        ask.send("POST", "/fhir", {"resourceType": "Bundle", "type": kind, "entry": entries})


def document(ask: Asking) -> None:
    for path in ("Patient/{p}/$handoff", "Patient/{p}/$everything"):
        answer = ask.send("POST", ask.fill(path), {"resourceType": "Parameters"})
        ask.say(f"the word is in it: {WORD in answer.text}")
