"""The controller's process: FastAGI, AMI and the ledger's callers, composed."""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from ivr.app.callers import LedgerCallers
from ivr.app.calls import Calls, Keys
from ivr.app.counting import Health
from ivr.app.editions import Editions
from ivr.app.heartbeat import beat
from ivr.app.watching import watched_link
from ivr.asterisk.agi_server import AgiServer
from ivr.asterisk.ami import Ami, LoginRefused
from ivr.asterisk.live import Live
from ivr.settings import Settings
from ivr.speech.wav import seconds_of
from ivr.store.callers import KnownCallers
from ivr.store.engine import open_database

DRAIN = 30.0
"""Seconds that calls in their menus get when the controller stops; later ones the dialplan serves."""
BELIEVED = 60.0
"""Seconds for which the length of a prompt is believed."""
UNKNOWN_LENGTH = 15.0
"""Seconds that a prompt of unknown length is given."""

_log = structlog.get_logger("ivr.controller")


async def run_controller(settings: Settings) -> None:
    """Serve calls until SIGTERM."""
    live = Live()
    engine = open_database(settings.database_url)
    calls = make_calls(settings, live.keys_since)
    ami, watch, passing = watched_link(settings, live, calls.editions.agents)
    count = Health(ami, engine, settings.node)
    server = AgiServer(calls.handlers(), "127.0.0.1", settings.agi_port)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await server.start()
    try:
        await ami.start()
    except LoginRefused as refused:  # calls are served all the same; whispers lack what was pressed in the line
        _log.error("ami.refused", reason=refused.sentence, cure=refused.cure)
    # A full collection would walk over everything that was loaded, for longer than a prompt may be late.
    gc.collect()
    gc.freeze()
    beside = [
        # The first question to the database costs most: no caller's call shall wait for it.
        asyncio.create_task(calls.callers.known("", "")),
        asyncio.create_task(beat(settings.home, "controller", lambda: health_of(server, ami, live) | count.told())),
        asyncio.create_task(count.run()),
        asyncio.create_task(watch.run()),
        asyncio.create_task(passing.run()),
    ]
    _log.info(
        "controller.ready", agi=server.port, desks=sorted(edition.desk.desk for edition in calls.editions.current)
    )
    await stopped.wait()
    _log.info("controller.draining", sessions=server.sessions)
    await server.drain(DRAIN)
    await ami.close()
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    engine.dispose()


def health_of(server: AgiServer, ami: Ami, live: Live) -> dict[str, object]:
    """Return what the controller tells of itself and of the lines, as plain values."""
    lines: dict[str, dict[str, Any]] = {}
    for member in live.members():
        line = lines.setdefault(member.queue, {"waiting": 0, "agents": {}})
        line["agents"][member.name] = "paused" if member.paused else member.status
    for caller in live.waiting():
        lines.setdefault(caller.queue, {"waiting": 0, "agents": {}})["waiting"] += 1
    return {"sessions": server.sessions, "refused": dict(server.refused), "ami": ami.health(), "lines": lines}


def make_calls(settings: Settings, keys: Keys) -> Calls:
    """Return the handlers of calls over these desks. Raises `AuthorError` when a desk has mistakes."""
    return Calls(
        editions=Editions(settings.home, settings.desks),
        callers=LedgerCallers(KnownCallers(open_database(settings.database_url))),
        length=PromptLengths(settings.sounds),
        keys=keys,
    )


class PromptLengths:
    """How long a published prompt lasts; looked up once a minute: one that was lost may be there again."""

    def __init__(self, sounds: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._sounds = sounds
        self._clock = clock
        self._known: dict[tuple[str, str, str], tuple[float, float]] = {}
        """The moment until which it is believed, and the length."""

    def __call__(self, edition: str, prompt: str, language: str) -> float:
        """Return seconds."""
        key = (edition, prompt, language)
        now = self._clock()
        known = self._known.get(key)
        if known is None or known[0] < now:
            known = self._known[key] = now + BELIEVED, self._read(edition, prompt, language)
        return known[1]

    def _read(self, edition: str, prompt: str, language: str) -> float:
        try:
            return seconds_of(self._sounds / edition / language / f"{prompt}.wav")
        except (OSError, ValueError):
            return UNKNOWN_LENGTH
