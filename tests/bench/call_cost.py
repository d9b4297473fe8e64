"""CPU seconds of a whole call (Asterisk and controller), against a hand-written dialplan that does the same.

The call: two prompts heard to their end, key 1, notice, queue, an agent at once, three seconds of talk. Ways of the
flow take turns on one Asterisk, so that whatever else the machine does meets all of them.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ivr.errors import DeskError
from ivr.ledger.parse import parse
from ivr.ledger.record import Record
from ivr.speech.wav import seconds_of
from ivr.telephony.facts import EVENT_NAME, read_facts
from tests.bench.machine import cpu_seconds, load
from tests.bench.place import OURS, PANORAMISK, PLAIN, PYST2, REPO, Place

CALLS, RATE = 100, 8.0
TALK = 3.0
WARM_CALLS = 6
ORDER = "abbacdabba"
"""a = plain dialplan, b = ours, c = panoramisk, d = pyst2; b and its neighbour a are compared."""
LIMIT = 1.10
WHOLE_WAY = ("arrived", "began", "key", "category", "caller", "notice", "handover", "recording", "line", "offer")
"""Facts that each call of each way must have left in the journal, once."""
_PROMPTS = REPO / "dialplans/ultralight/prompts/ru"


@dataclass(frozen=True, slots=True)
class Round:
    """What one round used, in milliseconds of CPU a call, and how many journal records a call wrote."""

    way: str
    asterisk: float
    controller: float
    records: float

    @property
    def total(self) -> float:
        """Both together."""
        return self.asterisk + self.controller


def run() -> list[dict[str, Any]]:
    """Measure; return the rows. Raises `DeskError` when calls failed or went another way than the measured one."""
    with Place() as place:
        rounds = [_round(place, way) for way in ORDER]
    pairs = [
        (mine, other)
        for one, two in pairwise(rounds)
        for mine, other in ((one, two), (two, one))
        if mine.way == "b" and other.way == "a"
    ]
    plain = [one.total for one in rounds if one.way == "a"]
    return [
        {
            "name": "CPU of a call: menu, queue, agent, talk, recording",
            "value": round(statistics.median(mine.total for mine, _ in pairs), 2),
            "unit": "ms",
            "peer": "hand-written dialplan, same facts and prompts",
            "peer_value": round(statistics.median(plain), 2),
            "ratio": round(statistics.median(mine.total / other.total for mine, other in pairs), 3),
            "limit": f"<= {LIMIT:.2f}",
        },
        _beside(rounds, "c", "the same call on raw panoramisk FastAGI"),
        _beside(rounds, "d", "the same call on a pyst2 process a call"),
    ]


def _beside(rounds: list[Round], way: str, name: str) -> dict[str, Any]:
    mine = statistics.median(one.total for one in rounds if one.way == way)
    plain = statistics.median(one.total for one in rounds if one.way == "a")
    return {
        "name": name,
        "value": round(mine, 2),
        "unit": "ms",
        "peer": "hand-written dialplan",
        "peer_value": round(plain, 2),
        "ratio": round(mine / plain, 3),
        "limit": "",
    }


def _round(place: Place, way: str) -> Round:
    number, running = _ways(place)[way]
    with running() as controller:
        _place_calls(place, number, WARM_CALLS, listen=0.5)
        journal = place.journal_size()
        before = cpu_seconds(place.asterisk), cpu_seconds(controller) if controller else 0.0
        _place_calls(place, number, CALLS, listen=_listening())
        time.sleep(1.0)  # the last channels end, and their records are written
        after = cpu_seconds(place.asterisk), cpu_seconds(controller) if controller else 0.0
    records, _, _ = parse(place.journal_since(journal), 0)
    _check(records, way)
    used = [1000 * (later - sooner) / CALLS for sooner, later in zip(before, after, strict=True)]
    done = Round(way, used[0], used[1], len(records) / CALLS)
    _say(f"round {way}: Asterisk {done.asterisk:.2f} ms, controller {done.controller:.2f} ms, load {load():.1f}")
    return done


def _ways(place: Place) -> dict[str, tuple[str, Callable[[], AbstractContextManager[int]]]]:
    return {
        "a": (PLAIN, lambda: nullcontext(0)),
        "b": (OURS, place.controller),
        "c": (PANORAMISK, place.panoramisk),
        "d": (PYST2, lambda: nullcontext(0)),
    }


def _listening() -> float:
    """Return how long a caller listens before his key: both prompts, and a moment."""
    return sum(seconds_of(_PROMPTS / f"{name}.wav") for name in ("informer", "category")) + 0.4


def _place_calls(place: Place, number: str, calls: int, *, listen: float) -> None:
    talk = seconds_of(_PROMPTS / "notice.wav") + 0.4 + TALK
    place.callers.place(number, calls, rate=RATE, listen=listen, talk=talk)


def _check(records: Sequence[Record], way: str) -> None:
    """See that every call took the whole way: a call that got lost early would be a cheap one."""
    facts = Counter(fact for record in records if record.event == EVENT_NAME for fact in _names(record.extra))
    talks = len({r.uniqueid for r in records if r.event == "BRIDGE_ENTER" and r.channel.startswith("PJSIP/trunk-")})
    seen = {fact: facts[fact] for fact in WHOLE_WAY} | {"talk": talks}
    if wrong := [f"{count} of {CALLS} calls had {what}" for what, count in seen.items() if count != CALLS]:
        raise DeskError(f"Round {way} is no measurement: {'; '.join(wrong)}.", "Run it on a quieter machine.")


def _names(extra: str) -> list[str]:
    return [fact.name for fact in read_facts(json.loads(extra)["extra"])]


def _say(line: str) -> None:
    sys.stderr.write(f"  {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    for row in run():
        print(row)  # noqa: T201
