"""CPU seconds of a whole call (Asterisk and controller), against a hand-written dialplan that does the same.

The call: two prompts heard to their end, key 1, notice, queue, an agent at once, three seconds of talk. Two Asterisks
alike carry the two ways at the same moment and change places each round: whatever else the machine does meets both.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from ivr.errors import DeskError
from ivr.ledger.parse import parse
from ivr.ledger.record import Record
from ivr.speech.wav import seconds_of
from ivr.telephony.facts import EVENT_NAME, read_facts
from tests.bench.figures import JOURNAL_OF_A_CORE
from tests.bench.machine import cpu_seconds, load
from tests.bench.place import NEXT_SHIFT, OURS, PANORAMISK, PLAIN, PYST2, REPO, Place

CALLS, RATE = 70, 4.0
"""Calls of a round on each of the two Asterisks, and calls a second."""
TALK = 3.0
WARM_CALLS = 6
ROUNDS = ("ours", "ours", "ours", "panoramisk", "pyst2", "ours", "ours", "ours")
"""What runs beside the plain dialplan."""
LOST_ROUNDS = 2
LIMIT = 1.10
WHOLE_WAY = ("arrived", "began", "key", "category", "notice", "handover", "recording", "line", "offer")
"""Facts that each call of each way must have left in the journal, once."""
_PROMPTS = REPO / "dialplans/ultralight/prompts/ru"


@dataclass(frozen=True, slots=True)
class Used:
    """What one way used in one round, in milliseconds of CPU a call."""

    asterisk: float
    controller: float
    records: float
    """Journal records a call."""

    @property
    def total(self) -> float:
        """Both together."""
        return self.asterisk + self.controller


Pair = tuple[Used, Used]
"""One round: a way, and the plain dialplan beside it."""


def run() -> list[dict[str, Any]]:
    """Measure; return the rows. Raises `DeskError` when calls failed or went another way than the measured one."""
    pairs: dict[str, list[Pair]] = {way: [] for way in ROUNDS}
    with Place() as one, Place(NEXT_SHIFT) as two:
        places = [one, two]
        for way in ROUNDS:
            pairs[way].append(_whole_round(way, *places))
            places.reverse()
    return [
        _row("CPU of a call: menu, queue, agent, talk, recording", pairs["ours"], f"<= {LIMIT:.2f}"),
        _row("the same call on panoramisk's FastAGI, no AMI", pairs["panoramisk"], ""),
        _row("the same call on a pyst2 process a call", pairs["pyst2"], ""),
        _journal_of_a_core([plain for each in pairs.values() for _, plain in each]),
    ]


def _journal_of_a_core(rounds: list[Used]) -> dict[str, Any]:
    """Return how many journal records one core writes that is busy with nothing but these calls."""
    rate = statistics.median(1000 * used.records / used.total for used in rounds)
    return {"name": JOURNAL_OF_A_CORE, "value": round(rate), "unit": "records/s"}


def _row(name: str, pairs: list[Pair], limit: str) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(statistics.median(way.total for way, _ in pairs), 2),
        "unit": "ms",
        "peer": "hand-written dialplan",
        "peer_value": round(statistics.median(plain.total for _, plain in pairs), 2),
        "ratio": round(statistics.median(way.total / plain.total for way, plain in pairs), 3),
        "limit": limit,
    }


def _whole_round(way: str, place: Place, beside: Place) -> Pair:
    """Return a round in which every call went the whole way; a machine that is too busy may lose one or two rounds."""
    for _ in range(LOST_ROUNDS):
        try:
            return _round(way, place, beside)
        except DeskError as lost:
            _say(f"{lost.sentence} The round is done again.")
    return _round(way, place, beside)


def _round(way: str, place: Place, beside: Place) -> Pair:
    number, running = _ways(place)[way]
    both = ((place, number), (beside, PLAIN))
    with running() as controller, ThreadPoolExecutor(2) as at_once:
        list(at_once.map(_warm_up, both))
        mine = at_once.submit(_measure, place, number, controller)
        plain = at_once.submit(_measure, beside, PLAIN, 0)
        pair = mine.result(), plain.result()
    _say(
        f"{way}: Asterisk {pair[0].asterisk:.1f} + controller {pair[0].controller:.1f} ms, plain "
        f"{pair[1].total:.1f} ms, ratio {pair[0].total / pair[1].total:.3f}, load {load():.1f}"
    )
    return pair


def _warm_up(way: tuple[Place, str]) -> None:
    place, number = way
    _place_calls(place, number, WARM_CALLS, listen=0.5)


def _measure(place: Place, number: str, controller: int) -> Used:
    journal = place.journal_size()
    before = cpu_seconds(place.asterisk), cpu_seconds(controller) if controller else 0.0
    _place_calls(place, number, CALLS, listen=_listening())
    time.sleep(1.0)  # the last channels end, and their records are written
    after = cpu_seconds(place.asterisk), cpu_seconds(controller) if controller else 0.0
    records, _, _ = parse(place.journal_since(journal), 0)
    _check(records, number)
    asterisk, ours = (1000 * (later - sooner) / CALLS for sooner, later in zip(before, after, strict=True))
    return Used(asterisk, ours, len(records) / CALLS)


def _ways(place: Place) -> dict[str, tuple[str, Callable[[], AbstractContextManager[int]]]]:
    return {
        "ours": (OURS, place.controller),
        "panoramisk": (PANORAMISK, place.panoramisk),
        "pyst2": (PYST2, lambda: nullcontext(0)),
    }


def _listening() -> float:
    """Return how long a caller listens before his key: both prompts, and a moment."""
    return sum(seconds_of(_PROMPTS / f"{name}.wav") for name in ("informer", "category")) + 0.4


def _place_calls(place: Place, number: str, calls: int, *, listen: float) -> None:
    talk = seconds_of(_PROMPTS / "notice.wav") + 0.4 + TALK
    place.callers.place(number, calls, rate=RATE, listen=listen, talk=talk)


def _check(records: Sequence[Record], number: str) -> None:
    """See that every call took the whole way: a call that got lost early would be a cheap one."""
    facts = Counter(fact for record in records if record.event == EVENT_NAME for fact in _names(record.extra))
    talks = len({r.uniqueid for r in records if r.event == "BRIDGE_ENTER" and r.channel.startswith("PJSIP/trunk-")})
    seen = {fact: facts[fact] for fact in WHOLE_WAY} | {"talk": talks}
    if wrong := [f"{count} of {CALLS} calls had {what}" for what, count in seen.items() if count != CALLS]:
        raise DeskError(f"A round of {number} is no measurement: {'; '.join(wrong)}.", "Run it on a quieter machine.")


def _names(extra: str) -> list[str]:
    return [fact.name for fact in read_facts(json.loads(extra)["extra"])]


def _say(line: str) -> None:
    sys.stderr.write(f"  {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    for row in run():
        print(row)  # noqa: T201
