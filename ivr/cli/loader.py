"""`ivr loader`: the journal-to-ledger process; `ivr up` starts it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.options import Home, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from ivr.settings import Settings


def loader(
    home: Home = None,
    after_gap: Annotated[
        bool, typer.Option("--after-gap", help="Accept that journal records are lost; the gap is noted. Loads no more.")
    ] = False,
) -> None:
    """Load the journal into the ledger and verify recordings until SIGTERM."""
    import asyncio

    from ivr.app.loader import run_loader
    from ivr.app.logs import start_logs
    from ivr.store.migrate import DatabaseAwayError, migrate

    settings = running_settings(home)
    start_logs()
    # A database that is away is waited for by the loader itself.
    with suppress(DatabaseAwayError):
        migrate(settings.database_url)
    with only_loader(settings.home):
        if after_gap:
            _accept_gap(settings)
        else:
            asyncio.run(run_loader(settings))


@contextmanager
def only_loader(home: Path) -> Iterator[None]:
    """Hold the home's loader lock; the kernel lets go of it when the process dies.

    The position in the database forbids loading twice even without it; the lock says so before any work is done.
    """
    from fcntl import LOCK_EX, LOCK_NB, flock

    try:
        home.mkdir(parents=True, exist_ok=True)
        file = (home / "loader.lock").open("a")
    except OSError as error:
        raise DeskError(
            f"The home {home} cannot be written: {error.strerror}.", "Give a folder of yours by --home."
        ) from error
    with file:
        try:
            flock(file.fileno(), LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise DeskError(
                f"A loader is at work on {home} already.", "Leave it running, or stop its desk first."
            ) from error
        yield


def _accept_gap(settings: Settings) -> None:
    from ivr.asterisk.journal import Journal
    from ivr.desk.load import Loader
    from ivr.store.engine import open_existing
    from ivr.store.gaps import SqlGaps
    from ivr.store.ledger import SqlLedger

    engine = open_existing(settings.database_url)
    Loader(Journal(settings.journal, settings.node), SqlLedger(engine), settings.node).accept_gap()
    SqlGaps(engine).end(settings.node, "journal", time.time_ns() // 1000)
    engine.dispose()
