"""A call recorded from a real Asterisk as a form: the same rows with other times, ids, agents, line and numbers.

What is kept is everything that Asterisk decides: which events there are, in which order, in which microseconds they
follow each other. What a form leaves open are the waits in which people decide: see `Wait`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Literal, NamedTuple

JOURNALS = Path(__file__).parents[1] / "journals"
Wait = Literal["menu", "queue", "answer", "ring", "whisper", "wait", "talk", "hold"]
"""menu: until he presses a key or leaves. queue: until the first telephone rings. answer: until he answers the source
question meanwhile. ring: until a telephone is answered.
whisper: until the agent accepts or refuses. wait: until nobody is waited for any more. talk: until it
ends, or goes on elsewhere. hold: until he is taken back, or connected with whom the agent asks."""

_ASKED = "k1=internet&k2=friends"
QUESTION = {"1": "internet", "2": "friends", "3": "billboard", "4": "radio", "5": "regular"}
WRAP_UP = 20
"""Seconds that an agent has after a talk."""
_EXTEN = 7
"""The place of what was dialled in a row; `s` = Asterisk rings there."""
_SHORTEST_WAIT = 150_000
_NOTHING = ("", "", "", "")
_ROW = re.compile(r'"([^"]*)","(\d+)\.(\d{6})","([^"]*)","([^"]*)","([^"]*)"')
_NODE = "desk1"
_OPEN = re.compile(
    rf"(?P<id>{_NODE}-\d+\.\d+)"
    r"|(?P<bridge>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r'|(?<=-)(?P<channel>[0-9a-f]{8})(?=[";])'
    r"|(?P<number>\+78125550100)"
    r"|(?<=demo-)(?P<line>first)|(?<=line=)(?P<line2>first)"
    r"|(?<=tier=)(?P<tier>1)"
    r"|(?<=node=category&key=)(?P<key>1)|(?<=category=)(?P<category>product)"
    r'|(?<=""digit"":"")(?P<digit>2)|(?<=known=)(?P<known>0)'
    r"|(?<![\d.])(?P<agent>20[12])(?![\d.])"
)
"""What differs from call to call in the rows of a recorded one."""


class Answers(NamedTuple):
    """What people decide in one call. Times in microseconds."""

    begin: int
    waits: Mapping[Wait, int]
    number: str
    known: bool
    line: str
    tier: int
    key: str
    category: str
    digit: str
    """His answer to the source question."""
    agents: tuple[str, ...]
    """As many as telephones ring."""


class Form:
    """One recorded call, made ready to be filled in many thousands of times a second."""

    def __init__(self, rows: Iterable[str]) -> None:
        self._slots: list[tuple[str, str]] = []
        self._open: list[int] = []
        rows = list(rows)
        shape = "\n".join(self._opened(place, row) for place, row in enumerate(rows))
        self._shape = shape
        times = [_time(row) for row in rows]
        self._offsets = [time - times[0] for time in times]
        self._waits = list(_waits(rows, times))
        self._talks = max(1, sum(kind == "talk" for _, kind, _ in self._waits))
        self.agents = sum(kind == "agent" for kind, _ in self._slots)
        self.ids = sum(kind == "id" for kind, _ in self._slots)
        self._born = _births(rows)
        self._pick = itemgetter(*(place if place >= 0 else len(rows) - 1 - place for place in self._open))

    def filled(self, answers: Answers, sequence: int, bridge: int) -> list[tuple[int, str]]:
        """Return (time, row) of one call; its channels are numbered from `sequence` on, its bridges from `bridge`."""
        times = self._times(answers)
        values = [f"{at // 1_000_000}.{at % 1_000_000:06d}" for at in times]
        single = {
            "number": answers.number,
            "known": "1" if answers.known else "0",
            "line": answers.line,
            "tier": str(answers.tier),
            "key": answers.key,
            "category": answers.category,
            "digit": answers.digit,
        }
        agents = iter(answers.agents)
        count = 0
        for kind, found in self._slots:
            if kind in single:
                values.append(single[kind])
            elif kind == "id":
                born = times[self._born[found]] // 1_000_000
                values.append(f"{_NODE}-{born}.{sequence + count}")
                count += 1
            elif kind == "agent":
                values.append(next(agents))
            elif kind == "channel":
                values.append(f"{(int(found, 16) + sequence) & 0xFFFFFFFF:08x}")
            else:
                bridge += 1
                text = f"{bridge * 0x9E3779B97F4A7C15F39CC0605CEDC835 & (1 << 128) - 1:032x}"
                values.append(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")
        return list(zip(times, (self._shape % self._pick(values)).split("\n"), strict=True))

    def _times(self, answers: Answers) -> list[int]:
        times = [answers.begin + offset for offset in self._offsets]
        late = 0
        begin = len(times)
        moved = []
        for place, kind, was in self._waits:
            if kind in answers.waits:
                late += answers.waits[kind] // (self._talks if kind == "talk" else 1) - was
                moved.append((place, late))
                begin = min(begin, place)
        for (place, late), end in zip(moved, [*(place for place, _ in moved[1:]), len(times)], strict=False):
            for row in range(place, end):
                times[row] += late
        return times

    def _opened(self, place: int, row: str) -> str:
        """Return the row with `%s` at all that differs; note what goes there: its time, or `-1 - slot`."""
        row = row.rstrip("\n").replace(_ASKED, "&".join(f"k{key}={source}" for key, source in QUESTION.items()))
        row = row.replace("&call=desk", f"&wrap={WRAP_UP}&call=desk")
        stamp = _ROW.match(row)
        assert stamp, row
        self._open.append(place)
        rest = row[stamp.end(3) :].replace("%", "%%")
        return f'"{stamp[1]}","%s{_OPEN.sub(self._slot, rest)}'

    def _slot(self, found: re.Match[str]) -> str:
        kind = (found.lastgroup or "").rstrip("2")
        slot = (kind, found[0])
        if slot not in self._slots:
            self._slots.append(slot)
        self._open.append(-1 - self._slots.index(slot))
        return "%s"


def act_rows(at: int, agent: str, fact: str, sequence: int) -> list[tuple[int, str]]:
    """Return (time, row) of the channel on which an agent's act is done."""
    uniqueid = f"{_NODE}-{at // 1_000_000}.{sequence}"
    channel = f"Local/{agent}@acts-{sequence & 0xFFFFFFFF:08x};2"
    told = ("CELGenUserEvent", f"IVR,{fact}", "", f'{{""extra"":""{fact}""}}')
    rows = []
    for place, (event, more) in enumerate(
        (("CHAN_START", _NOTHING), ("IVR", told), ("CHAN_END", _NOTHING), ("LINKEDID_END", _NOTHING))
    ):
        stamp = at + place * 40
        time = f"{stamp // 1_000_000}.{stamp % 1_000_000:06d}"
        fields = (event, time, uniqueid, uniqueid, channel, "", "", agent, "acts", *more)
        rows.append((stamp, ",".join(f'"{field}"' for field in fields)))
    return rows


def recorded(name: str) -> list[str]:
    """Return the rows of a recorded call."""
    return (JOURNALS / f"{name}.csv").read_text().splitlines()


def without_offers(rows: Iterable[str]) -> list[str]:
    """Return the caller's own rows: the same call while no agent was free. Its last row ends the call."""
    kept = [row for row in rows if (found := _ROW.match(row)) and (found[4] == found[5] or found[1] == "LINKEDID_END")]
    return [row.replace('""CANCEL""', '""""') for row in kept]


def without_keys(rows: Iterable[str]) -> list[str]:
    """Return the rows of the same call when nobody answered the source question."""
    return [row for row in rows if not row.startswith('"DTMF"')]


def _waits(rows: list[str], times: list[int]) -> Iterable[tuple[int, Wait, int]]:
    """Yield where somebody was waited for: the row that ended it, what for, and how long it took here."""
    in_line = ringing = answered = asking = False
    for place, row in enumerate(rows):
        took = times[place] - times[place - 1] if place else 0
        found = _ROW.match(row)
        assert found
        if in_line and not ringing and found[1] == "CHAN_START":
            ringing = True
            yield place, "queue", took
        else:
            kind = _kind(found, row, in_line=in_line, answered=answered)
            if asking and kind == "talk":
                kind, asking = "hold", False
            asks = answered and found[1] == "CHAN_START" and row.split('","')[_EXTEN] != "s"
            if asks and found[6].startswith(("PJSIP/20", "Local/hold@", "Local/unhold@")):
                kind = "hold" if "Local/unhold@" in row else "talk"
                asking = found[6].startswith("PJSIP/20")
            if kind and (took > _SHORTEST_WAIT or kind == "ring"):
                yield place, kind, took
        in_line = in_line or ",line?line=" in row
        answered = answered or (found[1] == "ANSWER" and "AppDial" in row)


def _kind(found: re.Match[str], row: str, *, in_line: bool, answered: bool) -> Wait | None:
    event, channel = found[1], found[6]
    if ",key?" in row or (event == "HANGUP" and not in_line):
        return "menu"
    if "accepted?" in row or "refused?" in row:
        return "whisper"
    if event == "DTMF":
        return "answer"
    answers = event == "ANSWER" and channel.startswith(("PJSIP/20", "PJSIP/outside")) and "AppDial" in row
    if answers or ",unreached?" in row:
        return "ring"
    if event == "BRIDGE_EXIT":
        return "talk"
    return "wait" if not answered and (event == "HANGUP" or ",left?" in row) else None


def _births(rows: Iterable[str]) -> dict[str, int]:
    """Return the first row of each channel."""
    births: dict[str, int] = {}
    for place, row in enumerate(rows):
        found = _ROW.match(row)
        assert found
        births.setdefault(found[4], place)
    return births


def _time(row: str) -> int:
    found = _ROW.match(row)
    assert found, row
    return int(found[2] + found[3])
