"""Try a scenario without a telephone: the engine walks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from ivr.desk.play import Playing, Step
from ivr.engine.inputs import Caller
from ivr.flows.model import Desk
from ivr.flows.scenario import GOODBYE, HUNG_UP, LINE, MESSAGE, SORRY, Scenario, Way

ANYBODY = "+78120000000"
"""The number of a caller whose scenario names none."""
_ENDS = {"goodbye": GOODBYE, "gave up": SORRY}


def walk(desk: Desk, scenario: Scenario, length: Callable[[str, str], float]) -> Way:
    """Return what comes of the scenario. `length`: seconds of (prompt id, language)."""
    keys = iter(scenario.keys)
    ledger = Caller(scenario.known, scenario.told_before)
    playing = Playing(desk, {}, length, lambda _: next(keys, ""), ledger, nobody_at=frozenset(scenario.nobody_at))
    steps: list[Step] = []
    moment = scenario.at or datetime.now(UTC)
    for step in playing.run(scenario.number or desk.numbers[0], scenario.caller or ANYBODY, moment):
        steps.append(step)
        if step.subject == scenario.hangs_up_at and step.what in {"says", "asks"}:
            return way_of(steps, HUNG_UP)
    return way_of(steps, _end(steps))


def way_of(steps: Sequence[Step], ends: str) -> Way:
    """Return the walk as a scenario tells it."""
    noted = [(step.subject, step.text) for step in steps if step.what == "notes"]
    lines = tuple(step.subject for step in steps if step.what == "line")
    answered = next((step.text.removeprefix("source=") for step in steps if step.text.startswith("source=")), "")
    return Way(
        hears=tuple(
            step.subject for step in steps if step.what in {"says", "asks", "hears in the line"} if step.subject
        ),
        category=next((text.removeprefix("category=") for name, text in reversed(noted) if name == "category"), ""),
        source=next((_source(text) for name, text in noted if name == "source"), answered if lines else ""),
        lines=lines,
        whisper=tuple(step.subject for step in steps if step.what == "whispers"),
        notes=tuple(f"{name} {text}".rstrip() for name, text in noted),
        ends=ends,
    )


def _source(text: str) -> str:
    return next((word.removeprefix("source=") for word in text.split() if word.startswith("source=")), "")


def _end(steps: Sequence[Step]) -> str:
    for step in reversed(steps):
        if step.what == "hangs up":
            return _ENDS.get(step.subject, step.subject)
        if step.what == "takes a message":
            return MESSAGE
    return LINE
