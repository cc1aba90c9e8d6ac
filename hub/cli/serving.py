"""``renkei serve`` and ``renkei demo``."""

import asyncio
import gc
import socket
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from types import FrameType

import httpx
import typer
import uvicorn
from fastapi import FastAPI

from hub.app import create_app, directly, new_id, now
from hub.city import difference, read_city
from hub.cli.operate import CannotDo, put_in_force
from hub.cli.workers import supervise
from hub.demo import Push, pushes
from hub.demo.files import load
from hub.demo.keys import make_keys
from hub.demo.seed import Seeder
from hub.http.feed_stream import Streams
from hub.logs import configure_logs
from hub.runtime import Place, Store, open_store
from hub.settings import Settings
from hub.store import log_mark, registry
from hub.store.database import only_server
from hub.store.registry import JST

SEEDED = "seeded"


def serve(place: Place, host: str, port: int, workers: int = 1, *, restored: bool = False) -> None:
    """Serve an existing store.  Raises ``CannotDo``, ``UnsafeStore`` before anything is served unsafely.

    ``restored``: although revocations may be missing in it, so that they can be registered again.
    """
    if restored and _is_reached_by_others(host):
        raise CannotDo(f"A restored store is served on the loopback address only, not on {_reached(host)}.")
    if workers > 1 and not place.database_url:
        raise CannotDo("The embedded store has one process. For more of them, give --database-url of a PostgreSQL.")
    refuse_taken_port(host, port)
    with _alone(place):
        _serve(place, host, port, workers, None if restored else place.data / log_mark.FILE)


def _serve(place: Place, host: str, port: int, workers: int, mark: Path | None) -> None:
    store = open_store(place)
    if mark is not None:
        _refuse_restored(store, mark)
    city = store.lane.do(registry.city)
    if city is None:
        store.lane.close()
        raise CannotDo("No city file is in force. Run: renkei city apply city.toml, or: renkei demo")
    if city.demo_sign_in and _is_reached_by_others(host):
        store.lane.close()
        where = _reached(host)
        raise CannotDo(f"This city allows the demo sign-in, by which anybody is anybody: loopback only, not {where}.")
    # What clients call the hub: the city's address, unless only this machine reaches it.
    base_url = city.base_url.rstrip("/") if _is_reached_by_others(host) else f"http://{host}:{port}"
    if workers == 1:
        run(create_app(store.lane, store.secret, Settings(), base_url, mark=mark), host, port)
        return
    store.lane.close()  # a worker opens its own; nothing that is open goes through a fork

    def work(listening: socket.socket) -> None:
        store = open_store(place)
        run(create_app(store.lane, store.secret, Settings(), base_url, mark=mark), host, port, listening)

    with _listen(host, port) as listening:
        gc.freeze()  # what is loaded already, all workers share
        supervise(workers, lambda: work(listening))


def _refuse_restored(store: Store, mark: Path) -> None:
    try:
        log_mark.refuse_restored(store.lane, mark)
        store.lane.do(lambda tx: log_mark.acknowledge(tx, mark))  # of a store that is served for the first time
    except BaseException:
        store.lane.close()
        raise


def demo(place: Place, host: str, port: int, directory: Path) -> None:
    """Make and serve the demo city."""
    if _is_reached_by_others(host):
        raise CannotDo(f"The demo city is served on the loopback address only, not on {_reached(host)}.")
    refuse_taken_port(host, port)
    started = monotonic()
    with _alone(place):
        store = open_store(place)
        app = prepare_demo(store, place.data, directory, f"http://{host}:{port}")
        typer.echo(f"Ready in {monotonic() - started:.1f} s.\n{_welcome(host, port)}")
        run(app, host, port)


def _alone(place: Place) -> AbstractContextManager[None]:
    """A PostgreSQL database takes several servers, the embedded store one."""
    return nullcontext() if place.database_url else only_server(place.data)


def prepare_demo(store: Store, data: Path, directory: Path, base_url: str) -> FastAPI:
    """The demo city's application: keys made, city file in force, residents seeded through its own doors."""
    if not (directory / "city.toml").exists():
        raise CannotDo(f"The demo city is not there: {directory / 'city.toml'}. Give its directory with --city.")
    plan = load(directory)
    make_keys(data, [system.id for system in plan.city.system])
    wanted = read_city(directory / "city.toml", data)
    if store.lane.do(lambda tx: difference(tx, wanted)):
        put_in_force(store, wanted)
    settings = Settings()
    app = create_app(store.lane, store.secret, settings.model_copy(update=_demo_networks(settings)), base_url)
    if not (data / SEEDED).exists():
        typer.echo("Seeding the demo city 雪見市 through the doors …")
        count = asyncio.run(_seed(app, data, pushes(plan, _day_of_seed(data)), base_url))
        (data / SEEDED).write_text(f"{count} pushes\n", encoding="ascii")
        typer.echo(f"{count} pushes.")
    return app


def _demo_networks(settings: Settings) -> dict[str, str]:
    """The demo city, which only this machine reaches, may also send notifications to this machine."""
    return {} if settings.notify_networks else {"notify_networks": "127.0.0.0/8"}


async def _seed(app: FastAPI, data: Path, planned: Iterable[Push], base_url: str) -> int:
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 0))
    async with httpx.AsyncClient(transport=transport, base_url=base_url, timeout=60) as client:
        seeder = Seeder(client, data, base_url, now, new_id)
        return await seeder.push_all(planned, typer.echo)


def _day_of_seed(data: Path) -> date:
    """The day on which seeding began: one that was cut short goes on with the same keys and the same content."""
    file = data / "seed-day"
    if not file.exists():
        file.write_text(now().astimezone(JST).date().isoformat(), encoding="ascii")
    return date.fromisoformat(file.read_text(encoding="ascii"))


def run(app: FastAPI, host: str, port: int, listening: socket.socket | None = None) -> None:
    """Serve until a signal, on a socket that listens already or on one of its own; what was begun is finished first."""
    settings = Settings()
    configure_logs(settings.log_format)
    config = uvicorn.Config(
        directly(app),
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        proxy_headers=settings.behind_proxy,
        timeout_graceful_shutdown=25,
        log_level="warning",
    )
    # What was loaded stays; what a request makes dies young: full collections every few requests find nothing.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    _Server(config, app.state.streams).run([listening] if listening else None)


class _Server(uvicorn.Server):
    """Ends at the first signal when all that was begun is finished, at a second of the same kind at once."""

    def __init__(self, config: uvicorn.Config, streams: Streams) -> None:
        super().__init__(config)
        self._streams = streams
        self._told: frozenset[int] = frozenset()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._streams.ending = True
        self.force_exit = self.force_exit or sig in self._told
        self._told |= {sig}
        super().handle_exit(sig, frame)


def _listen(host: str, port: int) -> socket.socket:
    """The socket that all workers share: who is free takes the next connection."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def refuse_taken_port(host: str, port: int) -> None:
    """Raises ``CannotDo`` when something listens there already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotDo(
                f"Port {port} on {host} cannot be used ({error.strerror}). Take another: PORT=8081"
            ) from error


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on ``host``."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_reached_by_others(host: str) -> bool:
    return not is_loopback(host) or Settings().behind_proxy


def _reached(host: str) -> str:
    return f"{host} behind a proxy (RENKEI_BEHIND_PROXY)" if Settings().behind_proxy else host


def _welcome(host: str, port: int) -> str:
    here = f"http://{host}:{port}"
    return f"""
  連携ハブ（デモ）  {here}/        本物の情報を入れないでください

  入れる人（パスワードはありません）
    伊藤 美和   ケアマネジャー（居宅介護支援事業所なごみ）   担当している方の新着とタイムライン
    佐藤 健     医師（雪見市立総合病院）                     入院した方の入院時情報提供書
    近藤 誠     監査（雪見市役所）                           誰が・誰の・何を見たか

  やってみること
    1  {here}/ を開き、伊藤 美和さんで入る。いちばん上の方を開く
    2  その方のページの「入院時情報提供書」を開く
    3  近藤 誠さんで入りなおし、いま見たことが記録にあるのを見る

  Stop: Ctrl-C.   FHIR: {here}/fhir/metadata   API: {here}/openapi.json
"""
