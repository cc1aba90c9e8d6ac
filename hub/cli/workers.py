"""Several processes that do the same: started, replaced when one ends by itself, ended together."""

import os
import signal
import threading
from collections.abc import Callable
from time import monotonic, sleep
from types import FrameType

import structlog

from hub.cli.operate import CannotDo

PATIENCE = 30
"""Seconds that workers have to finish what they began; more than a server gives its requests."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
_QUICK, _SOON = 3, 2.0
"""So many workers that end within so many seconds of their start mean that none can work."""

log = structlog.get_logger("renkei")


def supervise(count: int, work: Callable[[], None]) -> None:
    """Run ``work`` in ``count`` processes until a signal; then ask them to end, and wait for them.

    No thread may run and nothing may be open that must not be shared: processes are forked.
    Raises ``CannotDo`` when worker after worker ends as soon as it has begun.
    """
    watched, alive = os.pipe()  # a worker that reads its end sees when this process is gone, however it went
    begun: dict[int, float] = {}
    ending = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ending.set()
        _tell(begun, signal.SIGTERM)
        signal.alarm(PATIENCE)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGALRM, lambda *_: _tell(begun, signal.SIGKILL))
    quick = 0

    def start() -> None:
        # No signal comes between the birth of a worker and its entry in the list of those who are told.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        begun[_start(work, watched, alive)] = monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    for _ in range(count):
        start()
    while begun:
        worker, status = os.wait()
        lived = monotonic() - begun.pop(worker, 0.0)
        if ending.is_set():
            continue
        log.error("worker ended", worker=worker, status=os.waitstatus_to_exitcode(status), seconds=round(lived, 1))
        quick = quick + 1 if lived < _SOON else 0
        if quick >= _QUICK * count:
            end(signal.SIGTERM, None)
        else:
            sleep(0.2 * quick)
            start()
    signal.alarm(0)
    if quick >= _QUICK * count:
        raise CannotDo("The workers end as soon as they begin. The reason stands above.")


def _tell(workers: dict[int, float], what: signal.Signals) -> None:
    for worker in list(workers):
        os.kill(worker, what)


def _start(work: Callable[[], None], watched: int, alive: int) -> int:
    worker = os.fork()
    if worker:
        return worker
    status = 1
    try:
        os.close(alive)
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        threading.Thread(target=_end_with_parent, args=(watched,), daemon=True).start()
        work()
        status = 0
    except BaseException:
        log.exception("worker failed")
    finally:
        os._exit(status)  # the rest of this process is the parent's


def _end_with_parent(watched: int) -> None:
    os.read(watched, 1)
    os.kill(os.getpid(), signal.SIGTERM)
