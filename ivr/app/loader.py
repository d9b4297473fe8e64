"""The loader's process: journal to ledger, and recordings verified, until SIGTERM."""

from __future__ import annotations

import asyncio
import signal

import structlog

from ivr.app.heartbeat import beat
from ivr.asterisk.journal import Journal
from ivr.desk.keep_recordings import keep
from ivr.desk.load import Loader, Progress, load
from ivr.desk.ports_ledger import LedgerAwayError
from ivr.settings import Settings
from ivr.speech.recording import DiskAudio
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.recordings import SqlRecordings

LAST_STEPS = 1000
"""Batches that may still be loaded after SIGTERM; the rest waits in the journal."""

_log = structlog.get_logger("ivr.loader")


async def run_loader(settings: Settings) -> None:
    """Load until SIGTERM, then what the journal still holds."""
    engine = open_database(settings.database_url)
    loader = Loader(Journal(settings.journal, settings.node), SqlLedger(engine), settings.node)
    progress = Progress()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    beside = [
        asyncio.create_task(keep(SqlRecordings(engine), settings.recordings, DiskAudio())),
        asyncio.create_task(beat(settings.home, "loader", progress.health)),
    ]
    _log.info("loader.ready", journal=str(settings.journal))
    try:
        await load(loader, stopped, progress)
        await asyncio.to_thread(_load_rest, loader, progress)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        engine.dispose()
    _log.info("loader.stopped", records=progress.records, offset=progress.offset)


def _load_rest(loader: Loader, progress: Progress) -> None:
    for _ in range(LAST_STEPS):
        try:
            loaded = loader.step()
        except LedgerAwayError:
            return
        if loaded is None:
            return
        progress.add(loaded)
