"""`ivr controller`: the FastAGI and AMI process; `ivr up` starts it."""

from __future__ import annotations

from ivr.cli.options import Home, running_settings


def controller(home: Home = None) -> None:
    """Serve calls over FastAGI until SIGTERM."""
    import uvloop

    from ivr.app.controller import run_controller
    from ivr.app.logs import start_logs

    start_logs()
    uvloop.run(run_controller(running_settings(home)))
