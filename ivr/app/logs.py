"""Logs that a person reads: time, event, fields; JSON lines when asked for."""

from __future__ import annotations

import os
import sys

import structlog


def start_logs(*, to_stderr: bool = False) -> None:
    """Set the process's log up. `IVR_LOG=json` gives JSON lines."""
    wants_json = os.environ.get("IVR_LOG") == "json"
    stream = sys.stderr if to_stderr else sys.stdout
    render = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if wants_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty() or os.environ.get("IVR_COLOR") == "1", pad_event_to=18
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso" if wants_json else "%H:%M:%S.%f", utc=wants_json),
            structlog.processors.format_exc_info,
            render,
        ],
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
