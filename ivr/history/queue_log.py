"""A queue_log file, line by line.

`epoch|call|queue|agent|event|data…`, nothing escaped. Only ENTERQUEUE carries text of the caller: his number, which
may hold `|` and, on an Asterisk that does not filter it, a line end. So a line may be forged by a caller; where the
line before it is torn inside his number, what follows is set aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ivr.history.rows import SECOND, Aside, Row

HEAD = re.compile(r"\d{9,11}\|", re.ASCII)
_EVENT = re.compile(r"[A-Z][A-Z0-9_]{1,39}")
_CALLER_LAST = re.compile(r"\|\d{1,9}$", re.ASCII)
_DATA: dict[str, tuple[str, ...]] = {
    "ENTERQUEUE": ("url", "caller", "position"),
    "CONNECT": ("hold", "bridged", "ring"),
    "COMPLETEAGENT": ("hold", "talk", "position"),
    "COMPLETECALLER": ("hold", "talk", "position"),
    "ABANDON": ("position", "origin", "wait"),
    "EXITWITHTIMEOUT": ("position", "origin", "wait"),
    "EXITEMPTY": ("position", "origin", "wait"),
    "EXITWITHKEY": ("key", "position", "origin", "wait"),
    "RINGNOANSWER": ("ring",),
    "RINGCANCELED": ("ring",),
    "TRANSFER": ("exten", "context", "hold", "talk", "position"),
    "BLINDTRANSFER": ("exten", "context", "hold", "talk", "position"),
}
"""What stands behind the event; those that count seconds or milliseconds must be whole numbers."""
AGENTS = frozenset(
    {
        "ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL", "AGENTLOGIN", "AGENTLOGOFF",
        "AGENTCALLBACKLOGIN", "AGENTCALLBACKLOGOFF", "PENALTY", "RINGINUSE",
    }
)  # fmt: skip
"""Events that tell of an agent, and of no call."""
_COUNTS = frozenset({"hold", "talk", "position", "origin", "wait", "ring"})


def read_queue_log(lines: Iterable[tuple[int, str]]) -> Iterator[Row | Aside]:
    """Read lines, each with its number; nothing is ever dropped without a word."""
    torn = 0
    for number, ended in lines:
        line = ended.rstrip("\r")
        if not line.strip():
            continue
        if torn:
            yield Aside(number, line, f"may be forged: it follows the torn caller number of line {torn}")
            torn = 0 if _CALLER_LAST.search(line) else torn
            continue
        row, reason = _row(number, line)
        if row is None:
            yield Aside(number, line, reason)
            continue
        if row.event == "ENTERQUEUE" and not row.get("position"):
            torn = number
        yield row


def data_of(event: str, data: list[str]) -> dict[str, str] | None:
    """Return an event's data by name; None when they are not those of the event."""
    names = _DATA.get(event)
    if names is None:
        return {f"data{place}": word for place, word in enumerate(data, 1) if word}
    if event == "ENTERQUEUE" and len(data) > len(names):
        # A `|` in the caller's number: the URL stands before it and the place in the queue behind it.
        data = [data[0], "|".join(data[1:-1]), data[-1]]
    found = dict(zip(names, data, strict=False))
    if event == "ENTERQUEUE":
        if not found.get("position", "").isdecimal():
            found["caller"] = "|".join(data[1:])
            found["position"] = ""
        return found
    if len(found) < len(names) or any(not _is_count(found[name]) for name in _COUNTS & found.keys()):
        return None
    return found


def _is_count(word: str) -> bool:
    # A machine whose clock was set back writes negative waits.
    return word.removeprefix("-").isascii() and word.removeprefix("-").isdigit() and len(word) < 12


def _row(number: int, line: str) -> tuple[Row | None, str]:
    if not HEAD.match(line):
        return None, "no time of its own: the rest of a line, or of another file"
    parts = line.split("|")
    if len(parts) < 5:
        return None, f"{len(parts)} fields, and a queue_log line has 5 or more"
    time, call, queue, agent, event, *data = parts
    if not _EVENT.fullmatch(event):
        return None, f"no event of a queue_log: {event[:40]!r}"
    found = data_of(event, data)
    if found is None:
        return None, f"the data of {event} are not what Asterisk writes"
    fields = {"queue": queue, "agent": agent} | found
    return Row(number, int(time) * SECOND, "queue_log", event, "" if call == "NONE" else call, "", fields), ""
