"""Run one function of a desk's script over a call, with a limit: a script that hangs or fails costs one step."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from asterisk.agi import AGIHangup

from ivr.asterisk.agi_dialogue import CallerGone, Dialogue
from ivr.asterisk.pyst2_agi import Seat

AT_ONCE: Final = 200
"""Handlers that may run at the same time, those included that ran out of time and have not noticed."""

_room = threading.BoundedSemaphore(AT_ONCE)
_modules: dict[Path, tuple[tuple[int, int], ModuleType]] = {}
_loading = threading.Lock()


class HandlerFailed(Exception):  # noqa: N818 - the word says what happened
    """A handler that raised, ran out of time, or is not there. The sentence is fit for the journal and the log."""


async def run_handler(session: Dialogue, file: Path, function: str, limit: float) -> str:
    """Run `function(agi)` of the file within `limit` seconds and return its result as text, "" for None.

    Raises HandlerFailed, and CallerGone when the caller hung up meanwhile and the handler let that through.
    """
    loop = asyncio.get_running_loop()
    if not _room.acquire(blocking=False):
        raise HandlerFailed(f"{AT_ONCE} scripts run already")
    seat = Seat(session, loop, limit)
    outcome: asyncio.Future[str | Exception] = loop.create_future()

    def settle(result: str | Exception) -> None:
        if not outcome.done():
            outcome.set_result(result)

    def work() -> None:
        try:
            result = _run(seat, file, function)
        finally:
            _room.release()
        # A loop that is closed has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=work, name=f"script {file.name}:{function}", daemon=True).start()
    try:
        async with asyncio.timeout(limit):
            result = await outcome
    except TimeoutError:
        raise HandlerFailed(f"{file.name}:{function} ran longer than {limit:g} s") from None
    finally:
        seat.expire()
    if isinstance(result, Exception):
        raise result
    return result


def _run(seat: Seat, file: Path, function: str) -> str | Exception:
    where = f"{file.name}:{function}"
    try:
        answer = _function(file, function)(seat)
    except AGIHangup as gone:
        return CallerGone(str(gone))
    except SystemExit as left:
        # Scripts made for the command line end so; 0 or nothing means that all went well.
        return HandlerFailed(f"{where} left with {left.code}") if left.code else ""
    except HandlerFailed as failed:
        return failed
    except BaseException as error:  # noqa: BLE001 - a desk's script may raise anything
        return HandlerFailed(f"{where} raised {type(error).__name__}: {error}")
    return "" if answer is None else str(answer)


def _function(file: Path, function: str) -> Callable[[Seat], Any]:
    found = getattr(_load(file), function, None)
    if not callable(found):
        raise HandlerFailed(f"{file.name} has no function {function}")
    return found  # type: ignore[no-any-return] # the desk's own code


def _load(file: Path) -> ModuleType:
    """Import the file, or take it from the last time when it has not changed since."""
    with _loading:
        try:
            stat = file.stat()
        except OSError as error:
            raise HandlerFailed(f"{file.name} cannot be read: {error.strerror}") from None
        stamp = (stat.st_mtime_ns, stat.st_size)
        kept = _modules.get(file)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        folder = str(file.parent)
        if folder not in sys.path:
            sys.path.append(folder)  # what stands beside the script is found, as when it is run alone
        name = f"desk_script_{abs(hash(file))}"
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise HandlerFailed(f"{file.name} is no Python file")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        _modules[file] = (stamp, module)
        return module
