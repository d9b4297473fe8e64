"""A believable journal of any size: calls recorded from a real Asterisk, replayed with other times, ids and numbers."""

from __future__ import annotations

import random
import re
from pathlib import Path
from uuid import UUID

REAL = Path(__file__).with_name("journals")
SHARES = {
    "caller_ends_talk": 34,
    "first_agent_busy": 12,
    "first_agent_refuses": 10,
    "nobody_answers": 8,
    "line_gives_up": 4,
    "caller_leaves_in_menu": 12,
    "caller_leaves_while_ringing": 8,
    "caller_leaves_during_whisper": 2,
    "closed": 5,
    "agent_to_agent": 3,
    "desk_cuts_the_talk": 2,
}
_ID = re.compile(r"desk1-(\d+)\.(\d+)")
_CHANNEL = re.compile(r"(?<=-)[0-9a-f]{8}(?=[\";])")
_BRIDGE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r'^"[^"]*","(\d+\.\d+)"')
_NUMBER = "+78125550100"


def made_journal(calls: int, *, seed: int = 1, begin: int = 1_795_000_000, per_second: float = 5.0) -> bytes:
    """Return the bytes of a journal with that many calls, interleaved as on a busy node."""
    chance = random.Random(seed)
    templates = {name: (REAL / f"{name}.csv").read_text().splitlines(keepends=True) for name in SHARES}
    names = chance.choices(list(SHARES), list(SHARES.values()), k=calls)
    rows: list[tuple[float, int, str]] = []
    sequence = 0
    for index, name in enumerate(names):
        made, used = _replay(templates[name], begin + index / per_second, sequence, chance)
        rows += [(at, len(rows) + place, row) for place, (at, row) in enumerate(made)]
        sequence += used
    rows.sort()
    numbers: dict[str, str] = {}

    def numbered(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"desk1-{match[1]}.{len(numbers) + 1}")

    # As Asterisk does it: in the order in which channels begin, whichever calls they are of.
    return "".join(_ID.sub(numbered, row) for _, _, row in rows).encode()


def _replay(
    template: list[str], begin: float, sequence: int, chance: random.Random
) -> tuple[list[tuple[float, str]], int]:
    """Return (time, row) of one call, and how many channels it has. Its channels are numbered after `sequence`."""
    first = _time(template[0])
    ids: dict[str, str] = {}
    bridges: dict[str, str] = {}
    number = f"+7812{chance.randrange(10**6, 10**7)}"

    def renamed(match: re.Match[str]) -> str:
        return ids.setdefault(match[0], f"desk1-{int(begin)}.{sequence + len(ids) + 1}")

    def bridge(match: re.Match[str]) -> str:
        return bridges.setdefault(match[0], str(UUID(int=chance.getrandbits(128))))

    rows = []
    for row in template:
        at = begin + _time(row) - first
        text = _ID.sub(renamed, row)
        text = _BRIDGE.sub(bridge, text)
        text = _CHANNEL.sub(lambda match: f"{(int(match[0], 16) + sequence) % 2**32:08x}", text)
        text = text.replace(_NUMBER, number)
        stamp = _TIME.match(text)
        assert stamp
        rows.append((at, f"{text[: stamp.start(1)]}{at:.6f}{text[stamp.end(1) :]}"))
    return rows, len(ids)


def _time(row: str) -> float:
    stamp = _TIME.match(row)
    assert stamp
    return float(stamp[1])
