"""What every door needs to take the two paths: the lane, the clock, the ids.  Knows no web framework."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from hub.access.caller import authenticate
from hub.access.emergencies import who
from hub.auth.seal import Seal
from hub.beat import on_the_beat
from hub.context import Caller, Context, Credential, instant
from hub.draft import Draft, Written
from hub.errors import Busy, HubError, TooMany
from hub.identity.claims import claims
from hub.interactions.emergency import declare as emergency
from hub.notify.targets import Networks
from hub.question import Question, Shown
from hub.rates import PERSON, SYSTEM, Rates
from hub.read_path import read, refused, would_show
from hub.store import emergencies, registry
from hub.store.database import Tx
from hub.store.lane import NO_PLACE, Claims, Lane, nothing, unrecorded
from hub.write_path import write

LOOK_WITHIN = 0.3
"""Seconds to find out whether somebody who found no place has declared an emergency."""
T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Doors:
    """One hub, as its doors see it.  ``clock``, ``new_id`` and ``random`` are the only sources of their kind."""

    lane: Lane
    seal: Seal
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    random: Callable[[int], bytes]
    base_url: str
    max_body: int
    rates: Rates
    nearby: Networks = ()

    def context(self, address: str = "", request_id: str = "") -> Context:
        """The constants of a request that begins now."""
        return Context(
            self.clock(), request_id or self.new_id(), self.new_id, self.base_url, address, self.nearby, self.seal
        )

    def _in_turn(self, context: Context) -> Context:
        """The constants of a write whose turn is now.

        Were its instant that of its first byte, a slow push would be stored as older than what others have already
        read as of then (``_since``, ``_lastUpdated``), and they would miss it.
        """
        return replace(context, now=self.clock())

    async def read(self, credential: Credential, question: Question[T], context: Context, *, urgent: bool = False) -> T:
        """The way out, through the lane; a refusal is in the log before it is told.

        Where there is no place, there is one for what is ``urgent``, and for who has declared an emergency.
        """

        def note(tx: Tx, error: HubError) -> None:
            refused(tx, credential, question.interaction, question.query, error, context, question.patients)

        def look(tx: Tx) -> Shown[T]:
            return read(tx, credential, question, context)

        async with on_the_beat() as beat:
            try:
                shown = await self.lane.ask(look, note, urgent=urgent)
            except Busy as busy:
                if busy.reason not in NO_PLACE or not await self._in_emergency(credential, context):
                    raise
                shown = await self.lane.ask(look, note, urgent=True)
            if shown.is_of_nobody:
                await beat()
        return shown.answer

    async def would_show(self, credential: Credential, question: Question[T], context: Context) -> bool:
        """Whether ``read`` would show anything now; a refusal is in the log before it is told."""

        def note(tx: Tx, error: HubError) -> None:
            refused(tx, credential, question.interaction, question.query, error, context, question.patients)

        return await self.lane.ask(lambda tx: would_show(tx, credential, question, context), note, looks=True)

    async def _in_emergency(self, credential: Credential, context: Context) -> bool:
        """Whether an emergency of the caller's is in force."""

        def look(tx: Tx) -> bool:
            return bool(emergencies.not_over(tx, who(authenticate(tx, credential, context)), instant(context.now)))

        with suppress(HubError, TimeoutError):  # a store that hangs tells nobody
            return await asyncio.wait_for(self.lane.ask(look, looks=True, urgent=True), LOOK_WITHIN)
        return False

    async def write(
        self, credential: Credential, draft: Draft, context: Context, first: Callable[[Tx], None] = lambda tx: None
    ) -> tuple[Written, ...]:
        """The way in, through the lane; a refusal is in the log before it is told.

        ``first`` is done in the same transaction: what it raises keeps the draft from being written.
        """

        def work(tx: Tx) -> tuple[Written, ...]:
            first(tx)
            return write(tx, credential, draft, self._in_turn(context))

        def note(tx: Tx, error: HubError) -> None:
            refused(tx, credential, draft.interaction, draft.query, error, context)

        async with on_the_beat():
            return await self.lane.ask(work, note, claims=lambda: claims(draft))

    def looking(
        self, credential: Credential, question: Question[T], show: Callable[[T], U], context: Context
    ) -> Callable[[Tx], U]:
        """The way out as a piece of work, for ``transact``."""
        return lambda tx: show(read(tx, credential, question, context).answer)

    async def transact(
        self, credential: Credential, draft: Draft, looks: Sequence[Callable[[Tx], U]], context: Context
    ) -> tuple[tuple[Written, ...], list[U]]:
        """The way in, and then the way out for each of ``looks``, in one transaction: they see what was written."""

        def work(tx: Tx) -> tuple[tuple[Written, ...], list[U]]:
            written = write(tx, credential, draft, self._in_turn(context)) if draft.changes else ()
            return written, [look(tx) for look in looks]

        def note(tx: Tx, error: HubError) -> None:
            refused(tx, credential, draft.interaction, draft.query, error, context)

        async with on_the_beat():
            return await self.lane.ask(work, note, claims=lambda: claims(draft))

    async def declare(
        self, credential: Credential, said: emergency.Declaration, context: Context
    ) -> emergency.Declared:
        """An emergency access, through the lane; a refusal is in the log before it is told."""

        def note(tx: Tx, error: HubError) -> None:
            refused(tx, credential, emergency.INTERACTION, said.query, error, context)

        return await self.lane.ask(
            lambda tx: emergency.declare(tx, credential, said, self._in_turn(context)),
            note,
            claims=lambda: emergency.CLAIMS,
            urgent=True,
        )

    async def caller(
        self, credential: Credential, context: Context, interaction: str = "sign-in", *, urgent: bool = False
    ) -> Caller:
        """Who knocks: asked before a body is read.  Raises ``Unauthenticated``."""

        def note(tx: Tx, error: HubError) -> None:
            refused(tx, credential, interaction, "", error, context)

        return await self.lane.ask(lambda tx: authenticate(tx, credential, context), note, looks=True, urgent=urgent)

    async def count(
        self, credential: Credential, about: Collection[str], context: Context, *, requests: int = 1
    ) -> None:
        """Count requests, and each time that they name a resident, for whoever holds the token, if anybody does.

        Raises ``TooMany`` at a limit, but never for somebody whose emergency is in force.
        """
        caller = await self._holder(credential, context) if self.rates.limits else ""
        if not caller:
            return
        try:
            self.rates.spend(caller, about, requests, context.now)
        except TooMany as error:
            if caller.startswith(PERSON) and await self._in_emergency(credential, context):
                return
            self.rates.note(caller, error, context.now)
            raise

    async def _holder(self, credential: Credential, context: Context) -> str:
        """Who holds a token, as the limits name them; "" for nobody.  The store is asked once in a minute."""
        known = self.rates.minute(context.now).callers
        if credential.fingerprint not in known:
            try:
                caller = await self.lane.ask(lambda tx: registry.caller(tx, credential, context.now), looks=True)
            except Busy:  # the door itself says so, or has a place for who is in an emergency
                return ""
            if caller is None:
                return ""
            whose = f"{SYSTEM}{caller.system}" if caller.system else f"{PERSON}{caller.person}"
            known[credential.fingerprint] = whose
        return known[credential.fingerprint]

    async def refuse_stranger(self, method: str, path: str, error: HubError, context: Context) -> None:
        """Write down that somebody without a token knocked."""
        nobody, asked = Credential(""), f"{method} {path}"[:200]
        await self.run(lambda tx: refused(tx, nobody, "refusal", asked, error, context))

    async def run(
        self,
        work: Callable[[Tx], T],
        note: Callable[[Tx, HubError], None] = unrecorded,
        *,
        claims: Claims = nothing,
        urgent: bool = False,
    ) -> T:
        """Any other piece of work in the lane (sign-in, registry)."""
        async with on_the_beat():
            return await self.lane.ask(work, note, claims=claims, urgent=urgent)
