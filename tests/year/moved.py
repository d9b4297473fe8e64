"""Recorded calls of the desks of other tests, told as calls of the year's desk: transfers, holds, calls to outside."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.year.recorded import recorded

_TO_DEMO = (
    (r"\+79210001\d{3}|\+79215550(?:102|120|186)", "+78125550100"),
    (r"\bmoves\b|(?<=desk=)out\b|(?<=outside-)out\b", "demo"),
    (r"\b[79]0([12])\b", r"20\1"),
    (r"number=700|(?<=\",\")700(?=\")", "100"),
    (r"agent=202&line=&", "agent=202&line=first&"),
)
"""What the other desks call the same things. Number and agent are those that a form leaves open."""
_SHOWN = re.compile(r'(?<=",")\+78125550100(?=")')
"""The number that the other desk shows outside; it is no caller's."""
_MENU = 400_000
"""Microseconds until he presses a key."""
_CHOSEN = "key?node=category&key=1 category?category=product caller?known=0 handover?line=first"
_HOLD_AFTER, _HELD = 2_000_000, 1_500_000


def transferred(name: str) -> list[str]:
    """Return the rows of a recorded transfer, with a menu before the line, which its desk had not."""
    rows = _of_demo(recorded(name))
    place = next(place for place, row in enumerate(rows) if "entered?node=hello" in row)
    was = "entered?node=hello handover?line=first"
    chosen = re.sub(rf"began\?version=\w+ {re.escape(was)}", _CHOSEN, rows[place])
    asked = rows[place].replace(was, "entered?node=informer entered?node=category")
    return [*rows[:place], asked, _later(chosen, _MENU), *(_later(row, _MENU) for row in rows[place + 1 :])]


def held(name: str) -> list[str]:
    """Return the rows of a recorded talk in which the agent's telephone holds the caller for a while."""
    rows = recorded(name)
    connected = max(place for place, row in enumerate(rows) if row.startswith('"BRIDGE_ENTER'))
    phone = next(row for row in rows if row.startswith('"CHAN_START') and '"PJSIP/20' in row).split('","')
    begun = moment(rows[connected])
    acts: list[str] = []
    for sequence, (act, after) in enumerate((("hold", _HOLD_AFTER), ("unhold", _HOLD_AFTER + _HELD)), 9001):
        fact = f"{act}?agent={phone[5]}&channel={phone[2]}&call={phone[3]}"
        acts += _act(act, fact, begun + after, sequence)
    return [*rows[: connected + 1], *acts, *rows[connected + 1 :]]


def placed(name: str) -> list[str]:
    """Return the rows of a recorded call of an agent to outside."""
    return _of_demo(_SHOWN.sub("+78124440000", row) for row in recorded(name))


def moment(row: str) -> int:
    """Return a row's time in microseconds."""
    return int(row.split('","')[1].replace(".", ""))


def _of_demo(rows: Iterable[str]) -> list[str]:
    told = []
    for row in rows:
        for pattern, other in _TO_DEMO:
            row = re.sub(pattern, other, row)  # noqa: PLW2901 - one after the other
        told.append(row)
    return told


def _later(row: str, by: int) -> str:
    fields = row.split('","')
    at = moment(row) + by
    return '","'.join([fields[0], _stamp(at), *fields[2:]])


def _act(act: str, fact: str, at: int, sequence: int) -> list[str]:
    uniqueid = f"desk1-{at // 1_000_000}.{sequence}"
    rows = []
    for place, event in enumerate(("CHAN_START", "IVR", "CHAN_END", "LINKEDID_END")):
        told = ("CELGenUserEvent", f"IVR,{fact}", "", f'{{""extra"":""{fact}""}}') if event == "IVR" else ("",) * 4
        channel = f"Local/{act}@acts-{sequence:08x};2"
        fields = (event, _stamp(at + place * 40), uniqueid, uniqueid, channel, "", "", act, "acts", *told)
        rows.append(",".join(f'"{field}"' for field in fields))
    return rows


def _stamp(at: int) -> str:
    return f"{at // 1_000_000}.{at % 1_000_000:06d}"
