"""``/healthz``, ``/readyz``, ``/metrics``: for the machines that watch."""

import asyncio
from collections import Counter

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hub.edge import doors_of
from hub.errors import Busy
from hub.store.sql import answers

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


async def metrics(request: Request) -> Response:
    """Counts of answers by status, in Prometheus' text format; no label names a person."""
    counts = request.app.state.answers
    assert isinstance(counts, Counter)
    lines = ["# HELP renkei_answers_total Answers by HTTP status.", "# TYPE renkei_answers_total counter"]
    lines += [f'renkei_answers_total{{status="{status}"}} {count}' for status, count in sorted(counts.items())]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
