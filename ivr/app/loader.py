"""The loader's process: journal to ledger, recordings verified, messages written out, until SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from functools import partial

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ivr.app.ahead import Ahead
from ivr.app.heartbeat import beat
from ivr.app.parts import DIE_WITH_US
from ivr.app.rotation import JournalRotation
from ivr.app.watch import Watch
from ivr.asterisk.journal import Journal
from ivr.desk.expire_recordings import Keeps, expire, keeps_of
from ivr.desk.keep_recordings import keep
from ivr.desk.load import Loader, Progress, load
from ivr.desk.note_gaps import Notes
from ivr.desk.ports_ledger import LedgerAwayError
from ivr.desk.write_out import Spoken, Writer, spoken_by, write_messages
from ivr.errors import DeskError
from ivr.flows.reader import read_desks
from ivr.settings import Settings
from ivr.speech.models import model_for
from ivr.speech.recognizer import ProcessRecognizer
from ivr.speech.recording import DiskAudio
from ivr.store.archive import archive
from ivr.store.engine import open_database
from ivr.store.gaps import SqlGaps
from ivr.store.ledger import SqlLedger
from ivr.store.message_texts import SqlMessageTexts
from ivr.store.rebuild import renew
from ivr.store.recordings import SqlRecordings

_DAY = 86400
POLITE = 5
"""Its niceness, and that of the process which reads ahead for it: calls that run meanwhile come first."""
LAST_STEPS = 1000
"""Batches that may still be loaded after SIGTERM; the rest waits in the journal."""

_log = structlog.get_logger("ivr.loader")


async def run_loader(settings: Settings) -> None:
    """Load until SIGTERM, then what the journal still holds."""
    os.nice(POLITE)
    engine = open_database(settings.database_url)
    ledger = SqlLedger(engine, site_zone(settings))
    journal, ahead = (
        Journal(settings.journal, settings.node),
        Ahead(settings.journal, settings.node, settings.database_url),
    )
    loader = Loader(journal, ledger, settings.node, partial(renew, engine), ahead)
    progress = Progress()
    notes = Notes(SqlGaps(engine), settings.node)
    watch = Watch(settings, notes)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    beside = [
        asyncio.create_task(keep_recordings(settings, SqlRecordings(engine))),
        asyncio.create_task(write_messages(writer_of(settings, engine))),
        asyncio.create_task(watch.run()),
        asyncio.create_task(JournalRotation(settings.journal, progress).keep()),
        asyncio.create_task(beat(settings.home, "loader", lambda: progress.health() | watch.health())),
    ]
    if settings.archive_after:
        beside.append(asyncio.create_task(keep_archive(settings, engine)))
    _log.info("loader.ready", journal=str(settings.journal))
    try:
        await load(loader, stopped, progress, read=lambda: notes.tell("journal", ""))
        await asyncio.to_thread(_load_rest, loader, progress)
    except DeskError as error:
        notes.tell("journal", error.sentence)
        raise
    finally:
        loader.close()
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        notes.keep()
        engine.dispose()
    _log.info("loader.stopped", records=progress.records, offset=progress.offset)


def site_zone(settings: Settings) -> str:
    """Return the zone whose days the totals keep, the first desk's; "" = as they are, when no desk can be read."""
    try:
        return next(iter(read_desks(settings.desks).values())).time_zone
    except DeskError:
        return ""


async def keep_recordings(settings: Settings, store: SqlRecordings) -> None:
    """Verify recordings, and remove them when the time is over that their desk's file says, until cancelled."""

    def keeps() -> Keeps:
        return keeps_of(read_desks(settings.desks).values())

    too_old = partial(expire, store, settings.recordings, keeps, time.time, settings.node)
    await keep(store, settings.recordings, DiskAudio(), expire=too_old)


def writer_of(settings: Settings, engine: Engine) -> Writer:
    """Return what writes this machine's messages out, each in a process of its own that dies with us."""
    recognizer = ProcessRecognizer(partial(model_for, settings.models), before=DIE_WITH_US)

    def spoken() -> Spoken:
        return spoken_by(read_desks(settings.desks).values())

    return Writer(SqlMessageTexts(engine, settings.node), recognizer, settings.recordings, spoken)


async def keep_archive(settings: Settings, engine: Engine) -> None:
    """Pack records into files once a day when they are older than the settings say, until cancelled."""
    while True:
        now = time.time()
        before = int((now - settings.archive_after * _DAY) * 1_000_000)
        try:
            moved = await asyncio.to_thread(
                archive, engine, settings.archive.absolute(), before=before, now=int(now * 1_000_000)
            )
        except (DeskError, SQLAlchemyError, OSError) as error:
            _log.error("archive.failed", error=str(error).splitlines()[0], cure="it is tried again tomorrow")
        else:
            _log.info("archive.done", records=moved.records, files=moved.files, waits_for=moved.waits_for)
        await asyncio.sleep(_DAY)


def _load_rest(loader: Loader, progress: Progress) -> None:
    for _ in range(LAST_STEPS):
        try:
            loaded = loader.step()
        except LedgerAwayError:
            return
        if loaded is None:
            return
        progress.add(loaded)
