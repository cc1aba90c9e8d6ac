"""Seeding the demo city: every organisation's system signs in and pushes through the doors, as in real life."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import httpx

from hub.demo import Push
from hub.demo.keys import assertion


class SeedRefused(RuntimeError):
    """A push of the demo city that the hub did not take; the text holds its answer."""


class Seeder:
    """Pushes as any system does: a signed assertion for a token, then its data."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        keys: Path,
        base_url: str,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._client = client
        self._keys = keys
        self._base_url = base_url
        self._clock = clock
        self._new_id = new_id
        self._tokens: dict[str, tuple[str, float]] = {}

    async def push_all(self, pushes: Iterable[Push], said: Callable[[str], None]) -> int:
        """Push in order; gives how many.  Raises ``SeedRefused``.  Safe to run again: every push has its key."""
        count = 0
        for count, push in enumerate(pushes, 1):
            await self.push(push)
            if count % 25 == 0:
                said(f"{count} pushes")
        return count

    async def push(self, push: Push) -> httpx.Response:
        """One push through its door."""
        headers = {"Authorization": f"Bearer {await self._token(push.system)}", "Idempotency-Key": push.key}
        query: dict[str, str] = {}
        if push.door == "fhir":
            headers["Content-Type"] = "application/fhir+json"
        else:
            query = {"file-name": push.file_name or "", "patient": push.patient_identifier or ""}
        path = "/fhir" if push.door == "fhir" else f"/{push.door}"
        given = {name: value for name, value in query.items() if value}
        response = await self._client.post(path, content=push.body, headers=headers, params=given)
        if response.status_code != 200:
            raise SeedRefused(f"{push.system}: {push.description}: {response.status_code} {response.text[:2000]}")
        return response

    async def _token(self, system: str) -> str:
        now = self._clock().timestamp()
        token, until = self._tokens.get(system, ("", 0.0))
        if until > now + 30:
            return token
        url = f"{self._base_url}/oauth/token"
        form = {
            "grant_type": "client_credentials",
            "scope": "system/*.cruds",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion(self._keys, system, url, self._new_id(), int(now)),
        }
        answer = await self._client.post("/oauth/token", data=form)
        if answer.status_code != 200:
            raise SeedRefused(f"{system} cannot sign in: {answer.status_code} {answer.text}")
        body = answer.json()
        self._tokens[system] = (str(body["access_token"]), now + int(body["expires_in"]))
        return self._tokens[system][0]
