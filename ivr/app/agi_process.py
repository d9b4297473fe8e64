"""One call served by a process of its own, through pyst2: for systems whose dialplan starts AGI scripts."""

from __future__ import annotations

from dataclasses import replace

from ivr.app.controller import make_calls
from ivr.app.logs import start_logs
from ivr.asterisk.agi_request import HeaderRefused
from ivr.asterisk.pyst2_process import ProcessSession
from ivr.errors import DeskError
from ivr.settings import Settings


async def run_agi_process(settings: Settings, path: str, arguments: tuple[str, ...]) -> None:
    """Serve the call at the other end of stdin and stdout. Raises `DeskError` when nobody speaks AGI there."""
    start_logs(to_stderr=True)  # stdout is Asterisk's
    calls = make_calls(settings, keys=lambda _uniqueid, _since: "")
    handler = calls.handlers().get(path)
    if handler is None:
        raise DeskError(f"There is no AGI path {path!r}.", f"Use one of {', '.join(calls.handlers())}.")
    try:
        session = ProcessSession()
    except HeaderRefused as error:
        raise DeskError(
            f"Nobody speaks AGI on stdin: {error}.",
            "Asterisk starts this command: AGI(ivr,agi,answer,<desk>,<number>).",
        ) from error
    session.request = replace(session.request, args=arguments)
    try:
        await handler(session)
    finally:
        session.close()
