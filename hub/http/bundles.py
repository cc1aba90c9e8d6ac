"""``POST /fhir``: transaction and batch (FHIR R4 §3.1.0.11)."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import parse_qsl, unquote

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from hub.context import Context, Credential
from hub.doors import Doors
from hub.draft import Draft, Written
from hub.edge import bearer, body_of, context_of, doors_of
from hub.errors import Busy, HubError, Invalid, Malformed, Problem
from hub.http import answers
from hub.http.asked import retry_of
from hub.http.search import bundle_of, question_of
from hub.interactions.read import Found, Read
from hub.interactions.receive import parse
from hub.interactions.search import Page
from hub.interactions.transaction import (
    Look,
    change_of,
    entries_of,
    is_look,
    look_of,
    looks_of,
    misshapen,
    misshapen_entry,
    transaction,
)
from hub.rates import residents
from hub.store.database import Tx
from profiles.resource import Resource, as_object, as_text

AT_ONCE = 64
"""Entries of a batch that are under way at the same time."""
log = structlog.get_logger("renkei")
Entry = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Sender:
    """Who sent a Bundle, and what every entry of it needs."""

    doors: Doors
    credential: Credential
    context: Context
    strict: bool
    returning: str


async def bundle(request: Request) -> Response:
    """``POST /``: transaction or batch; ``Prefer: return=`` says what stands in the entries of the answer."""
    answers.accept_json(request)
    answers.sent_json(request)
    doors, credential, context = doors_of(request), bearer(request), context_of(request)
    returning = answers.preferred(request, "return", "minimal")
    caller = await doors.caller(credential, context)
    body = await body_of(request, doors.max_body)
    value = parse(body)
    if value["resourceType"] != "Bundle" or value.get("type") not in ("transaction", "batch"):
        raise Malformed("A Bundle of type transaction or batch is taken here; documents go to /ingest/fhir.")
    sender, (key, digest) = _Sender(doors, credential, context, caller.strict, returning), retry_of(request, body)
    await _count(sender, value)
    if value["type"] == "batch":
        return answers.fhir(await _batch(sender, value, key))
    return answers.fhir(await _transaction(sender, value, key, digest))


async def _count(sender: _Sender, value: Resource) -> None:
    """Every entry that is answered by itself is a request like any other: those of a batch, and all that read."""
    asked = [as_object(one.get("request")) for one in entries_of(value) if value["type"] == "batch" or is_look(one)]
    urls = [as_text(one.get("url")).partition("?") for one in asked]
    named = [residents(unquote(path), parse_qsl(query)) for path, _, query in urls]
    if named:
        about, requests = [one for some in named for one in some], sum(max(1, len(some)) for some in named)
        await sender.doors.count(sender.credential, about, sender.context, requests=requests)


async def _transaction(sender: _Sender, value: Resource, key: str, digest: str) -> Entry:
    """All that writes and then all that reads, in one database transaction; answered in the order of the request."""
    doors, credential, context = sender.doors, sender.credential, sender.context
    push = transaction(value, strict=sender.strict, key=key, request_hash=digest)
    looks = looks_of(value)
    if not looks:
        written = await doors.write(credential, push, context)
        return response_bundle(doors, written, "transaction-response", sender.returning)
    written, shown = await doors.transact(credential, push, [_looking(sender, look) for look in looks], context)
    answered = response_bundle(doors, written, "transaction-response", sender.returning)
    entries = answered["entry"]
    assert isinstance(entries, list)
    for look, entry in zip(looks, shown, strict=True):
        entries.insert(look.place, entry)
    return answered


def response_bundle(doors: Doors, written: Sequence[Written], type_: str, returning: str = "minimal") -> Entry:
    """The answer to a transaction: one entry for each change, in their order."""
    entries = [answers.written_entry(one, base=doors.base_url, returning=returning) for one in written]
    return {"resourceType": "Bundle", "type": type_, "entry": entries}


async def _batch(sender: _Sender, value: Resource, key: str) -> Entry:
    """Every entry by itself, each with its own outcome (FHIR R4 §3.1.0.11.1)."""
    entries = entries_of(value)
    wrong = misshapen({name: member for name, member in value.items() if name != "entry"})
    if wrong:
        raise Invalid("The Bundle is not valid.", problems=wrong)
    if not entries:
        raise Malformed("The Bundle has no entries.")
    done: list[Entry | BaseException] = []
    for first in range(0, len(entries), AT_ONCE):  # so that one long batch does not fill the lane for all others
        some = enumerate(entries[first : first + AT_ONCE], first)
        work = [_batch_entry(sender, entry, place, f"{key}#{place}" if key else "") for place, entry in some]
        done += await asyncio.gather(*work, return_exceptions=True)
    return {"resourceType": "Bundle", "type": "batch-response", "entry": [answered(one) for one in done]}


async def _batch_entry(sender: _Sender, entry: Resource, place: int, key: str) -> Entry:
    wrong = misshapen_entry(entry, place)
    if wrong:
        raise Invalid("This entry is not valid.", problems=wrong)
    if is_look(entry):
        return await _batch_look(sender, look_of(entry, place))
    change = change_of(entry, place, strict=sender.strict)
    digest = sha256(orjson.dumps(entry, default=str)).hexdigest()
    draft = Draft((change,), "batch", key, digest)
    [written] = await sender.doors.write(sender.credential, draft, sender.context)
    return answers.written_entry(written, base=sender.doors.base_url, returning=sender.returning)


def answered(done: Entry | BaseException) -> Entry:
    """An entry's answer, or its failure: whatever goes wrong with one is no concern of the others."""
    if not isinstance(done, BaseException):
        return done
    if not isinstance(done, Exception):
        raise done
    if not isinstance(done, HubError):
        log.error("failed", exc_info=done)
        done = Busy("Something went wrong inside the hub. It is in its log.", reason="exception")
    words = f"{done.status} {type(done).__name__}"
    return {"response": {"status": words, "outcome": answers.outcome(done.outcome())}}


# -- entries that read


async def _batch_look(sender: _Sender, look: Look) -> Entry:
    doors, credential, context = sender.doors, sender.credential, sender.context
    if look.id:
        found = await doors.read(credential, Read(look.type, look.id, look.version), context)
        return _found_entry(doors, look, found)
    question = question_of(doors, look.type, list(look.condition))
    page = await doors.read(credential, question, context)
    return _page_entry(look, bundle_of(doors, question, page))


def _looking(sender: _Sender, look: Look) -> Callable[[Tx], Entry]:
    """The same as a piece of work within a transaction."""
    doors = sender.doors
    if look.id:
        read = Read(look.type, look.id, look.version)
        work = doors.looking(sender.credential, read, lambda found: _found_entry(doors, look, found), sender.context)
    else:
        question = question_of(doors, look.type, list(look.condition))

        def show(page: Page) -> Entry:
            return _page_entry(look, bundle_of(doors, question, page))

        work = doors.looking(sender.credential, question, show, sender.context)
    return _at_its_place(work, look.place)


def _at_its_place(work: Callable[[Tx], Entry], place: int) -> Callable[[Tx], Entry]:
    """``work``, whose refusal says which entry it was."""

    def placed(tx: Tx) -> Entry:
        try:
            return work(tx)
        except HubError as error:
            error.problems = tuple(
                Problem(one.severity, one.code, f"Bundle.entry[{place}]", one.text) for one in error.outcome()
            )
            raise

    return placed


def _found_entry(doors: Doors, look: Look, found: Found) -> Entry:
    etag = f'W/"{found.version}"'
    response = {"status": "200 OK", "etag": etag, "lastModified": found.recorded}
    if look.if_none_match and answers.is_known(look.if_none_match, etag):
        return {"response": {**response, "status": "304 Not Modified"}}
    entry: Entry = {"fullUrl": f"{doors.base_url}/fhir/{look.type}/{look.id}"}
    if look.wants_body:
        entry["resource"] = orjson.Fragment(found.body)
    return {**entry, "response": response}


def _page_entry(look: Look, page: Entry) -> Entry:
    response = {"status": "200 OK"}
    return {"resource": page, "response": response} if look.wants_body else {"response": response}
