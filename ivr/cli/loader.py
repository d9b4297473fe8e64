"""`ivr loader`: the journal-to-ledger process; `ivr up` starts it."""

from __future__ import annotations

from ivr.cli.options import Home, running_settings


def loader(home: Home = None) -> None:
    """Load the journal into the ledger and verify recordings until SIGTERM."""
    import asyncio

    from ivr.app.loader import run_loader
    from ivr.app.logs import start_logs

    start_logs()
    asyncio.run(run_loader(running_settings(home)))
