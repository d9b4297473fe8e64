"""The exporter's process: whether the desk is alive, whether it answers, and its metrics, over HTTP.

It is a part of its own, not a thread of the supervisor's or the controller's: strangers may reach its port, it asks
the database, and nothing of that may make a prompt late or stop a part from being started again. When it dies, nobody
but the watcher notices, and it is started again.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import structlog
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy import Engine

from ivr.app.certificate import look_at_certificate
from ivr.app.condition import SUPERVISOR, conditions, lines_now, not_alive, not_answering
from ivr.app.gauges import Seen, exposition
from ivr.app.heartbeat import beat, last_beat, silence
from ivr.app.look import Look
from ivr.app.plain_http import Answer, Page, PlainHttp
from ivr.app.versions import Version, read_versions, serving
from ivr.asterisk.console import busy
from ivr.asterisk.control import control_dir
from ivr.asterisk.journal import Journal
from ivr.errors import DeskError
from ivr.flows.reader import read_desks
from ivr.ledger.record import Position
from ivr.settings import Settings
from ivr.store.engine import open_existing
from ivr.store.standing import Standing, standing

POLITE = 5
"""Its niceness: calls come first."""
KEPT, BRIEFLY = 10.0, 2.0
"""Seconds that an answer of the database, and of Asterisk, counts, however often we are asked."""
PATIENCE = 2.0
"""Seconds that a page waits for one of them: it says what it knows then."""

_log = structlog.get_logger("ivr.exporter")


async def run_exporter(settings: Settings) -> None:
    """Serve until SIGTERM. Raises `DeskError` when the port cannot be had, or none is named."""
    if settings.exporter is None:
        raise DeskError(
            "It is not said where metrics are told.", "Give --http 127.0.0.1:9180 to `ivr up`, or IVR_HTTP."
        )
    os.nice(POLITE)
    host, port = settings.exporter
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    pages = Pages(settings)
    server = PlainHttp(pages.by_path())
    try:
        await server.start(host, port)
    except OSError as error:
        raise DeskError(
            f"The port {host}:{port} for metrics cannot be had: {error.strerror}.",
            "Stop what holds it, or name another one by --http or IVR_HTTP.",
        ) from error
    _log.info("exporter.ready", address=f"{host}:{port}")
    beating = asyncio.create_task(beat(settings.home, "exporter", dict))
    await stopped.wait()
    await server.close()
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    pages.close()


class Pages:
    """The three pages. Each is made of the beats; the metrics also of looks that are kept for some seconds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine: Engine | None = None
        self._journal = Journal(settings.journal, settings.node)
        self._position: Position | None = None
        self._standing = Look("ledger", self._ask, keep=KEPT, wait=PATIENCE)
        self._busy = Look("asterisk", lambda: busy(control_dir(settings.home)), keep=BRIEFLY, wait=PATIENCE)
        self._disks = Look("disks", self._room, keep=KEPT, wait=PATIENCE)
        self._certificate = Look("certificate", self._ends, keep=KEPT, wait=PATIENCE)
        self._files = Look("files", self._read_files, keep=KEPT, wait=PATIENCE)

    def by_path(self) -> dict[str, Page]:
        """Return the pages by path."""
        return {"/healthz": self.healthz, "/readyz": self.readyz, "/metrics": self.metrics}

    def close(self) -> None:
        """Let go of the database."""
        if self._engine is not None:
            self._engine.dispose()

    async def healthz(self) -> Answer:
        """Say whether the supervisor and every part beat."""
        return _verdict(not_alive(conditions(self._settings)))

    async def readyz(self) -> Answer:
        """Say whether calls are answered now."""
        return _verdict(not_answering(conditions(self._settings)))

    async def metrics(self) -> Answer:
        """Tell all in Prometheus' text format."""
        return Answer(exposition(await self._see()), kind=CONTENT_TYPE_PLAIN_0_0_4)

    async def _see(self) -> Seen:
        asked, now, disks, files, certificate = await asyncio.gather(
            self._standing.see(), self._busy.see(), self._disks.see(), self._files.see(), self._certificate.see()
        )
        home = self._settings.home
        told = conditions(self._settings)
        kept, asked_at = asked or (None, time.time())
        if kept is not None:
            self._position = kept.position
        desks, version = files or ((), None)
        return Seen(
            node=self._settings.node,
            now=asked_at,
            parts=told,
            starts=_starts(home),
            silences={part: silence(home, part) for part in told if last_beat(home, part)},
            answers=not not_answering(told),
            lines=lines_now(home),
            desks=desks,
            busy=now,
            standing=kept,
            # While the database is away nothing is loaded: the journal grows behind the same position.
            unread=self._journal.unread(self._position) if self._position else None,
            disks=disks or {},
            certificate=certificate,
            version=version,
        )

    def _ask(self) -> tuple[Standing, float]:
        self._engine = self._engine or open_existing(self._settings.database_url)
        return standing(self._engine, self._settings.node), time.time()

    def _room(self) -> dict[str, tuple[int, int]]:
        found = {}
        for name, place in (("home", self._settings.home), ("recordings", self._settings.recordings)):
            with suppress(OSError):
                space = shutil.disk_usage(place)
                found[name] = (space.free, space.total)
        return found

    def _ends(self) -> float | None:
        found = look_at_certificate(self._settings)
        return found.expires_at if found else None

    def _read_files(self) -> tuple[tuple[str, ...], Version | None]:
        version = serving(read_versions(self._settings.home))
        return tuple(version.editions if version else read_desks(self._settings.desks)), version


def _starts(home: Path) -> dict[str, int]:
    parts = (last_beat(home, SUPERVISOR) or {}).get("parts", {})
    return {part: int(told["starts"]) for part, told in parts.items()}


def _verdict(faults: Mapping[str, str]) -> Answer:
    """Return 200, or 503 with a line for each fault."""
    if not faults:
        return Answer(b"well\n")
    body = "".join(f"{part}: {state}\n" for part, state in faults.items())
    return Answer(body.encode(), HTTPStatus.SERVICE_UNAVAILABLE)
