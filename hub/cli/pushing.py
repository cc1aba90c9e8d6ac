"""``renkei push``: files to a hub, as a sending system does; what is refused is told with its reason."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from time import sleep

import httpx
import typer

from connectors.conversion import Unmapped
from connectors.fhir.folder import bundles, ndjson_files
from hub.app import new_id, now
from hub.cli.files import CannotDo
from hub.demo.keys import assertion
from profiles import read_json, write_json
from profiles.resource import Json, Resource, as_list, as_object, as_text, objects

_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")
_PLACE = re.compile(r"\[\d+\]")
ROUNDS = 20


@dataclass(slots=True)
class Tally:
    """What became of a push: resources (or files) taken, and refused ones by reason."""

    taken: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """The report, most frequent reason first."""
        yield f"{self.taken} taken, {self.refused.total()} refused."
        for reason, number in self.refused.most_common():
            yield f"{number:6}  {reason}"


@dataclass(slots=True)
class Sender:
    """Sends requests with a token that it renews by itself when it has the system's key."""

    client: httpx.Client
    base_url: str
    token: str
    system: str
    keys: Path | None
    until: float = 0.0

    def post(self, path: str, body: bytes, key: str, query: dict[str, str]) -> httpx.Response:
        """One request; after a lost connection, or when told to wait, again under the same key: it has one effect."""
        content_type = "application/fhir+json" if path == "/fhir" else "application/octet-stream"
        for attempt in range(3):
            headers = {"Authorization": f"Bearer {self._living_token()}", "Idempotency-Key": key}
            try:
                answer = self.client.post(
                    path, content=body, headers={**headers, "Content-Type": content_type}, params=query
                )
                if answer.status_code != 429 or attempt == 2:
                    return answer
                wait = answer.headers.get("Retry-After", "")
                sleep(int(wait) if wait.isdecimal() else 1)  # a proxy may say a date, or nothing
            except httpx.TransportError as error:
                if attempt == 2:
                    raise CannotDo(f"{self.base_url} does not answer: {error}") from error
        raise AssertionError("unreachable")

    def _living_token(self) -> str:
        moment = now().timestamp()
        if not self.system or self.until > moment + 30:
            if not self.token:
                raise CannotDo("Give --token, or --system and --keys.")
            return self.token
        url = f"{self.base_url}/oauth/token"
        form = {
            "grant_type": "client_credentials",
            "scope": "system/*.cruds",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion(self.keys or Path("var"), self.system, url, new_id(), int(moment)),
        }
        try:
            answer = self.client.post("/oauth/token", data=form)
        except httpx.TransportError as error:
            raise CannotDo(f"{self.base_url} does not answer: {error}") from error
        if answer.status_code != 200:
            raise CannotDo(f"{self.system} cannot sign in: {answer.text}")
        self.token, self.until = str(answer.json()["access_token"]), moment + 240
        return self.token


def push_files(
    format_: str, paths: list[Path], to: str, token: str, system: str, keys: Path | None, patient: str
) -> None:
    """Push each file, or each bundle of a folder, and print the tally; exit status 1 when something was refused."""
    base_url = to.rstrip("/")
    tally = Tally()
    with httpx.Client(base_url=base_url, timeout=120) as client:
        sender = Sender(client, base_url, token, system, keys)
        for path in paths:
            if path.is_dir() and format_ == "fhir":
                push_folder(sender, path, system or "source", tally)
            elif path.is_file():
                push_file(sender, format_, path, patient, tally)
            else:
                raise CannotDo(f"{path} is not a file; a folder is pushed with the format fhir.")
    for line in tally.lines():
        typer.echo(line)
    if tally.refused:
        raise typer.Exit(1)


def push_file(sender: Sender, format_: str, path: Path, patient: str, tally: Tally) -> None:
    """One file, whole or not at all; the hub's report of what was not mapped is printed."""
    body = path.read_bytes()
    query = {"file-name": path.name, "patient": patient}
    given = {name: value for name, value in query.items() if value}
    response = sender.post(f"/ingest/{format_}", body, sha256(body + str(path).encode()).hexdigest(), given)
    answer = as_object(read_json(response.content))
    if response.status_code != 200:
        tally.refused[f"{path.name}: {'; '.join(text for _, text in _issues(answer))}"] += 1
        return
    *entries, report = objects(answer.get("entry"))
    tally.taken += len(entries)
    for _, text in _issues(as_object(as_object(report.get("response")).get("outcome"))):
        typer.echo(f"{path.name}: {text}")


def push_folder(sender: Sender, folder: Path, organisation: str, tally: Tally) -> None:
    """Every bundle of a folder of ndjson(.gz) files; entries that are refused are left out and counted."""

    def unreadable(one: Unmapped) -> None:
        tally.refused[f"{one.what}: {one.why}"] += 1

    for number, bundle in enumerate(bundles(ndjson_files(folder), organisation, unreadable), 1):
        push_bundle(sender, bundle, tally)
        if number % 50 == 0:
            typer.echo(f"{number} bundles, {tally.taken} resources taken", err=True)


def push_bundle(sender: Sender, bundle: Resource, tally: Tally) -> None:
    """One transaction.  When the hub names entries that it refuses, the rest is sent without them."""
    entries = as_list(bundle.get("entry"))
    for _ in range(ROUNDS):
        if not entries:
            return
        body = write_json({**bundle, "entry": entries})
        response = sender.post("/fhir", body, sha256(body).hexdigest(), {})
        if response.status_code == 200:
            tally.taken += len(entries)
            return
        refused = _refused_entries(response)
        if not refused:
            tally.refused[f"{response.status_code}: {_reason(response)}"] += len(entries)
            return
        for position, reason in refused.items():
            type_ = as_text(as_object(as_object(entries[position]).get("resource")).get("resourceType"))
            tally.refused[f"{type_}: {reason}"] += 1
        entries = [entry for position, entry in enumerate(entries) if position not in refused]
    tally.refused["still refused after leaving out what the hub named"] += len(entries)


def _refused_entries(response: httpx.Response) -> dict[int, str]:
    """The entries that an answer names as wrong, and the first reason of each, without its own positions."""
    found: dict[int, str] = {}
    for place, text in _issues(as_object(read_json(response.content))):
        entry = _ENTRY.match(place)
        if entry:
            found.setdefault(int(entry.group(1)), f"{_PLACE.sub('[]', _ENTRY.sub('', place)).lstrip('.')}: {text}")
    return found


def _reason(response: httpx.Response) -> str:
    try:
        answer: Json = read_json(response.content)
    except ValueError:
        return response.text[:200]
    return "; ".join(text for _, text in _issues(as_object(answer)))[:500]


def _issues(outcome: Resource) -> Iterator[tuple[str, str]]:
    """(place, sentence) of every error of an OperationOutcome, or of every finding when it has no error."""
    issues = objects(outcome.get("issue"))
    errors = [one for one in issues if one.get("severity") == "error"]
    for one in errors or issues:
        yield next((as_text(place) for place in as_list(one.get("expression"))), ""), as_text(one.get("diagnostics"))
