"""`plan.yaml`: who is to be here how long on which weekdays, and what is asked of him; read as strictly as a desk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

from ivr.flows.spelling import duration
from ivr.flows.times import WEEKDAYS, read_date, read_days
from ivr.reports.catalogue import CATALOGUE
from ivr.reports.plan import TARGETS, AgentPlan, Plan
from ivr.written.document import Document
from ivr.written.file import error_of, read_written
from ivr.written.mistake import Mistake, Path, nearest

_DAY = 86_400
_LARGEST = 100_000


def read_plan(path: File) -> Plan:
    """Read the file. Raises `AuthorError` with all its mistakes, each with its place and cure."""
    document = read_written(path, "plan")
    reading = _Reading(document)
    plan = reading.plan()
    if reading.mistakes:
        raise error_of(path, document, reading.mistakes)
    return plan


class _Reading:
    """One reading of a file: takes the parts, and notes each mistake."""

    def __init__(self, document: Document) -> None:
        self._value = document.value
        self.mistakes: list[Mistake] = []

    def plan(self) -> Plan:
        if not isinstance(self._value, dict):
            self._wrong((), "this is no plan", "begin with `agents:`, and below it `201: {mon-fri: 8h}`")
            return Plan({})
        for key in self._value.keys() - {"agents", "holidays"}:
            self._wrong((key,), f"`{key[:60]}` is not known here", nearest(key, ("agents", "holidays")), at_key=True)
        agents = self._mapping(("agents",), self._value.get("agents"), "write `201: {mon-fri: 8h}` lines below it")
        return Plan({agent: self._agent(agent, value) for agent, value in agents.items()}, frozenset(self._holidays()))

    def _agent(self, agent: str, value: Any) -> AgentPlan:
        path = ("agents", agent)
        if not (agent.isascii() and agent.isdecimal()):
            self._wrong(path, f"`{agent[:60]}` is no agent", "write his number, as in `201:`", at_key=True)
        sound = len(self.mistakes)
        week: dict[int, float] = {}
        targets: dict[str, float] = {}
        for key, text in self._mapping(path, value, "write {mon-fri: 8h}").items():
            if key in TARGETS:
                targets[key] = self._target((*path, key), key, text)
            else:
                week |= self._days((*path, key), key, text, week)
        if not week and len(self.mistakes) == sound:
            self._wrong(path, "no day stands here", "write his days and hours, as in `mon-fri: 8h`", at_key=True)
        return AgentPlan(tuple(week.get(day, 0.0) for day in range(7)), targets)

    def _days(self, path: Path, key: str, text: Any, week: Mapping[int, float]) -> dict[int, float]:
        try:
            days = read_days(key)
        except ValueError:
            near = nearest(key, (*TARGETS, *WEEKDAYS))
            self._wrong(path, f"`{key[:60]}` is neither days nor a target", near, at_key=True)
            return {}
        for day in days:
            if day in week:
                self._wrong(path, f"{WEEKDAYS[day]} stands here twice", "name each day once", at_key=True)
        return dict.fromkeys(days, self._seconds(path, text, "8h"))

    def _target(self, path: Path, metric: str, text: Any) -> float:
        if CATALOGUE[metric].unit == "seconds":
            return self._seconds(path, text, "4h")
        if not (isinstance(text, str) and text.isascii() and text.isdecimal() and 0 < int(text[:9]) <= _LARGEST):
            wrong = f"`{str(text)[:40]}` is no target"
            self._wrong(path, wrong, f"write a whole number of 1 to {_LARGEST}, as in `{metric}: 40`")
            return 0.0
        return float(text)

    def _seconds(self, path: Path, text: Any, example: str) -> float:
        try:
            length = duration(text).total_seconds()
        except ValueError:
            length = 0.0
        if not 0 < length <= _DAY:
            wrong = f"`{str(text)[:40]}` is no length of a day's work"
            self._wrong(path, wrong, f"write one such as {example} or 7h30m, 24h at most")
            return 0.0
        return float(length)

    def _holidays(self) -> Iterator[tuple[int | None, int, int]]:
        given = self._value.get("holidays", [])
        if not isinstance(given, list):
            self._wrong(("holidays",), "this is no list", 'write ["01-01", "2026-12-31"]')
            return
        for place, text in enumerate(given):
            try:
                yield read_date(text if isinstance(text, str) else "")
            except ValueError:
                wrong = f"`{str(text)[:40]}` is no date"
                cure = "write 2026-12-31, or 12-31 for every year"
                self._wrong(("holidays", str(place)), wrong, cure)

    def _mapping(self, path: Path, value: Any, cure: str) -> Mapping[str, Any]:
        if isinstance(value, dict) and value:
            return value
        self._wrong(path, "nothing stands here" if value in (None, {}) else "this is no mapping", cure)
        return {}

    def _wrong(self, path: Path, wrong: str, cure: str, *, at_key: bool = False) -> None:
        self.mistakes.append(Mistake(path, wrong, cure, at_key=at_key))
