"""`ivr exporter`: health and metrics over HTTP; `ivr up --http` starts it."""

from __future__ import annotations

from ivr.cli.options import Home, running_settings


def exporter(home: Home = None) -> None:
    """Serve /healthz, /readyz and /metrics until SIGTERM."""
    import asyncio

    from ivr.app.exporter import run_exporter
    from ivr.app.logs import start_logs

    start_logs()
    asyncio.run(run_exporter(running_settings(home)))
