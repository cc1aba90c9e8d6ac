"""``/healthz``, ``/readyz``, ``/metrics``: for the machines that watch."""

import asyncio
from collections import Counter
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hub.edge import doors_of
from hub.errors import Busy
from hub.rates import Rates
from hub.store import subscriptions
from hub.store.sql import answers
from hub.watch import Watch, feed_lag

ANSWER_WITHIN = 2.0


async def alive(request: Request) -> Response:
    """The process answers; nothing else is asked."""
    return PlainTextResponse("alive\n")


async def ready(request: Request) -> Response:
    """The store takes a transaction within two seconds."""
    try:
        await asyncio.wait_for(doors_of(request).run(answers), ANSWER_WITHIN)
    except (TimeoutError, Busy):
        return PlainTextResponse("the store does not answer\n", 503, {"Retry-After": "1"})
    return PlainTextResponse("ready\n")


async def _subscriptions(request: Request) -> list[str]:
    """How far notifications are behind; without these lines when the store does not answer."""
    doors = doors_of(request)
    try:
        by_status, waiting, oldest, unread = await asyncio.wait_for(doors.run(subscriptions.figures), ANSWER_WITHIN)
    except (TimeoutError, Busy):
        return []
    lag = max(0.0, (doors.clock() - datetime.fromisoformat(oldest)).total_seconds()) if oldest else 0.0
    return [
        "# HELP renkei_subscriptions Subscriptions by their status.",
        "# TYPE renkei_subscriptions gauge",
        *(f'renkei_subscriptions{{status="{status}"}} {count}' for status, count in by_status.items()),
        "# HELP renkei_notifications_waiting Events that are not delivered, and changes that are not looked at.",
        "# TYPE renkei_notifications_waiting gauge",
        f'renkei_notifications_waiting{{at="queue"}} {waiting}',
        f'renkei_notifications_waiting{{at="outbox"}} {unread}',
        "# HELP renkei_notifications_lag_seconds Age of the oldest event that is not delivered.",
        "# TYPE renkei_notifications_lag_seconds gauge",
        f"renkei_notifications_lag_seconds {lag}",
    ]


async def _feed(request: Request) -> list[str]:
    """Whether somebody holds the feed back; without these lines when the store does not answer."""
    try:
        doors = doors_of(request)
        asked = doors.run(lambda tx: feed_lag(tx, doors.clock()))
        waiting, behind = await asyncio.wait_for(asked, ANSWER_WITHIN)
    except (TimeoutError, Busy):
        return []
    return [
        "# HELP renkei_feed_waiting Items that no feed shows yet, because an older transaction still runs.",
        "# TYPE renkei_feed_waiting gauge",
        f"renkei_feed_waiting {waiting}",
        "# HELP renkei_feed_lag_seconds For how long the oldest of them has been waiting.",
        "# TYPE renkei_feed_lag_seconds gauge",
        f"renkei_feed_lag_seconds {behind}",
    ]


def _clock(watch: Watch) -> list[str]:
    """What this process saw of its clock."""
    return [
        "# HELP renkei_clock_steps_total How often the clock was set by a second or more.",
        "# TYPE renkei_clock_steps_total counter",
        f"renkei_clock_steps_total {watch.steps}",
        "# HELP renkei_clock_step_seconds By how much it was set last.",
        "# TYPE renkei_clock_step_seconds gauge",
        f"renkei_clock_step_seconds {watch.last:.3f}",
        "# HELP renkei_clock_apart_seconds How far it is ahead of the database's.",
        "# TYPE renkei_clock_apart_seconds gauge",
        f"renkei_clock_apart_seconds {watch.apart:.3f}",
    ]


def _refused(rates: Rates) -> list[str]:
    """How many requests this process refused at each of its limits."""
    return [
        "# HELP renkei_refused_for_rate_total Requests that were refused because a limit was reached.",
        "# TYPE renkei_refused_for_rate_total counter",
        *(f'renkei_refused_for_rate_total{{limit="{limit}"}} {rates.refused[limit]}' for limit in rates.limits),
    ]


async def metrics(request: Request) -> Response:
    """Counts of answers by status, in Prometheus' text format; no label names a person."""
    counts = request.app.state.answers
    assert isinstance(counts, Counter)
    lines = ["# HELP renkei_answers_total Answers by HTTP status.", "# TYPE renkei_answers_total counter"]
    lines += [f'renkei_answers_total{{status="{status}"}} {count}' for status, count in sorted(counts.items())]
    lines += [*_refused(doors_of(request).rates), *_clock(request.app.state.watch)]
    lines += [*await _feed(request), *await _subscriptions(request)]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
