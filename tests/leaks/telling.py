"""Channels of what the hub tells by itself, of pages for people, and of what stands around an answer."""

import contextlib
import io
import re

from tests.api.pages_city import AUDITOR, CARE_MANAGER, CARE_WORKER, SECRETARIAT
from tests.leaks.asking import NEVER_USED, Asking
from tests.leaks.ground import BORN
from tests.stream_in_test import streams_of

PHYSICIAN_ELSEWHERE = "dr-hayashi/clinic/physician"
ASYNC = {"prefer": "respond-async"}


def pages_of_feed(ask: Asking) -> None:
    """Both feeds to their end, in small steps."""
    for feed in ask.filled(("/feed?count=20", "/feed?patient={p}&count=2")):
        path = feed
        for _ in range(40):
            answer = ask.send("GET", path)
            if answer.status_code != 200 or not answer.json()["more"]:
                break
            path = f"{feed}&since={answer.json()['next']}"


def streams(ask: Asking) -> None:
    """What streams say at once: from the beginning, from now on, from the cursor of a feed."""
    streams_of(ask.world.city).ending = True
    ask.get_all("/feed/stream?since=&count=200", "/feed/stream", "/feed/stream?patient={p}&since=&count=2")
    following = ask.send("GET", "/feed?count=2").json()["next"]
    ask.send("GET", "/feed/stream", last_event_id=following)
    streams_of(ask.world.city).ending = False


def export(ask: Asking) -> None:
    """An export from its beginning to its last file."""
    for wanted in (
        "Patient/$export",
        "Patient/$export?_type=Observation,Provenance,Patient",
        "Patient/$export?_since=2026-01-01T00:00:00Z",
    ):
        place = ask.send("GET", wanted, **ASYNC).headers.get("Content-Location", "").removeprefix("http://hub.test")
        told = {}
        for _ in range(20):
            answer = ask.send("GET", place)
            if answer.status_code != 202:
                told = answer.json()
                break
        for one in told.get("output", []):
            ask.send("GET", str(one["url"]).removeprefix("http://hub.test"))
    ask.send("GET", "$export", **ASYNC)


def notifications(ask: Asking) -> None:
    """What a subscription tells: queued before a revocation, or about what one may not see."""
    ask.world.post.deliver()
    for one in [one for one in ask.world.receiver.all if one.path == f"/{ask.who}"]:
        headers = {name: value for name, value in one.headers.items() if name not in ("host", "content-length")}
        ask.say(f"{one.path} {sorted(headers.items())}\n{one.body.decode()}")
    name = ask.world.kept.get(f"subscription of {ask.who}", NEVER_USED)
    for path in (
        f"Subscription/{name}",
        f"Subscription/{name}/$status",
        f"Subscription/{name}/$events",
        "Subscription/$status",
        "Subscription",
    ):
        ask.send("GET", path)


def links(ask: Asking) -> None:
    """Links and cursors of others, or changed, or from before the revocation, are no proof of a right."""
    for name, link in sorted(ask.world.kept.items()):
        if name.startswith("link "):
            ask.answers.append(name)
            ask.send("GET", link)
            changed = f"{link[:-9]}{'A' if link[-9] != 'A' else 'B'}{link[-8:]}"
            ask.keep(f"{name}, changed", ask.world.city.get(ask.who, changed, accept_encoding="identity"))
        if name.startswith("export "):
            # What was counted before the revocation was told then; what the files give is judged now.
            if "before" not in name:
                ask.send("GET", link)
            ask.send("GET", f"{link}/1-Communication.ndjson")
            ask.send("GET", f"{link}/2-Observation.ndjson")


def my_pages(ask: Asking) -> None:
    """The pages of a care manager: the list with its "n new", one person, what is new, each filter, the handoff."""
    here = f"/people/{ask.matter.person}"
    narrowed = ("new=1", "category=laboratory", "organisation=hosp", "scene=visit")
    for path in (
        "/people",
        "/people?news=1",
        "/people?page=2",
        "/people?name=山",
        here,
        *(f"{here}?{one}" for one in narrowed),
    ):
        ask.page(CARE_MANAGER, path)
    for path in (f"{here}/handoff", f"/people/{NEVER_USED}", "/people"):
        ask.page(CARE_MANAGER, path)


def pages_of_others(ask: Asking) -> None:
    """Pages of other roles, and pages about what is hidden."""
    for role in (CARE_MANAGER, CARE_WORKER, AUDITOR):
        for path in ("/desk", "/audit", f"/audit?patient={ask.matter.person}", f"/audit/{NEVER_USED}"):
            if role != AUDITOR or path == "/desk":
                ask.page(role, path)
        ask.form(role, "/desk/candidates", {"patient": ask.matter.person})
        ask.form(role, "/desk/contacts", {"patient": ask.matter.person})
    for path in (f"/people/{ask.matter.person}", "/people"):
        ask.page(AUDITOR, path)
        ask.page(SECRETARIAT, path)


def desks(ask: Asking) -> None:
    """The pages of desks, emergencies and disasters: about what is hidden, for those who have no part in it."""
    person = ask.matter.person
    paths = (
        "/care-teams", f"/care-teams/{person}", f"/care-teams/{person}/hand-over", "/emergency", f"/emergency/{person}",
        "/disaster", "/disaster/new", "/disaster/people", f"/disaster/people/{person}", "/consents",
        f"/consents/{person}",        f"/consents/{person}/new", f"/consents/{person}/copy",
        f"/consents/{person}/forms/{NEVER_USED}", "/reviews",
        "/access-record", f"/access-record/{person}", f"/access-record/{person}/print", "/why",
        f"/why?patient={person}", f"/why/{NEVER_USED}",
    )  # fmt: skip
    for role in (CARE_MANAGER, PHYSICIAN_ELSEWHERE):
        for path in paths:
            ask.page(role, path)
        for path in ("/consents", "/care-teams", "/access-record", "/disaster/people", "/why"):
            ask.form(role, path, {"patient": person, "number": "0000007391", "name": "秘蔵 花子", "birth": BORN})
        for named in ({"name": "秘蔵 花子"}, {"name": "秘蔵 花子", "born": BORN}, {"born": BORN}):
            ask.form(role, "/consents", named)
    asked = {"identifier": "0000007391", "reason": "試し", "place": "駅前"}
    wanted = [{"name": name, "valueString": text} for name, text in asked.items()]
    for who in (ask.who, "cm-ito"):
        ask.send("POST", "Patient/$declare-emergency", {"resourceType": "Parameters", "parameter": wanted}, who=who)


def logs(ask: Asking) -> None:
    """Every line that the process writes while it answers, refuses and fails."""
    lines = io.StringIO()
    with contextlib.redirect_stdout(lines), contextlib.redirect_stderr(lines):
        for type_, id_, version in ask.matter.of_each_type():
            for path in (
                f"{type_}/{id_}",
                f"{type_}/{id_}/_history/{version}",
                f"{type_}?patient={ask.matter.person}",
                f"{type_}/{id_}/$nonsense",
            ):
                ask.send("GET", path)
            ask.send("POST", type_, b'{"resourceType": ')
        ask.page(CARE_MANAGER, f"/people/{ask.matter.person}")
    ask.say(re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", lines.getvalue()))


def metrics(ask: Asking) -> None:
    """Whoever may ask for the metrics gets sums of all traffic: what is not a number must not depend on who or what."""
    text = ask.world.city.client.get("/metrics").text
    ask.say(
        re.sub(
            r"^renkei_answers_total\{.*\n", "", re.sub(r" [\d.]+$", " n", text, flags=re.MULTILINE), flags=re.MULTILINE
        )
    )
    for path in ("/healthz", "/readyz", "/fhir/metadata"):
        ask.keep(path, ask.world.city.client.get(path))


def once_hidden(ask: Asking) -> None:
    """What is shown now, through every door that could tell that it was there before."""
    name = ask.world.kept["once hidden"]
    for asked in ("", "/_history", "/_history?_count=1", "/_history?_since=2026-11-22T03:00:00Z", "/$meta"):
        ask.send("GET", f"Communication/{name}{asked}")
    ask.get_all(
        "Communication?patient={p}&_total=accurate", "/feed?patient={p}", "Patient/{p}/$everything",
        "Patient/{p}/Communication?_sort=-_lastUpdated",
    )  # fmt: skip
    ask.page(CARE_MANAGER, f"/people/{ask.matter.person}")
    notifications(ask)


def review(ask: Asking) -> None:
    """Auditors and the secretariat see that there is something, of which kind; never what it says."""
    for path in ("AuditEvent?_count=200", f"AuditEvent?patient=Patient/{ask.matter.person}"):
        ask.send("GET", path, who="aud-kondo")
    ask.page(AUDITOR, "/audit")
    ask.page(AUDITOR, f"/audit?patient={ask.matter.person}")
    ask.page(SECRETARIAT, "/desk")
    for path in ask.filled(("{t}/{i}", "{t}?patient={p}", "{t}/_history", "{t}?identifier={system}|{number}")):
        ask.send("GET", path, who="aud-kondo")
        ask.send("GET", path, who="sec-noda")


def of_others(ask: Asking) -> None:
    """Jobs and subscriptions of another caller: asked for, cancelled, changed, as if one knew their names."""
    for path in ask.filled(
        ("{t}/{i}", "{t}/{i}/$status", "{t}/{i}/$events", "{t}/{i}/_history", "{t}", "{t}?_id={i}", "{t}/$status")
    ):
        ask.send("GET", path)
    for type_, id_, _ in ask.matter.hidden:
        ask.send("DELETE", f"{type_}/{id_}")
        if type_ == "$export":
            ask.send("GET", f"{type_}/{id_}/1-Observation.ndjson")
    ask.send("GET", "AuditEvent?_count=5")
