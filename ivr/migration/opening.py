"""The clocks that a call meets before it hears anything -> the one `hours` of a desk."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from ivr.flows.times import WEEKDAYS
from ivr.migration.shape import Announcement, Findings, Hours, Menu, OldSystem, Queue, Way
from ivr.migration.spans import DAY, WEEK, Span, minutes_of, read_span

Times = tuple[tuple[int, int], ...]


class Opening(NamedTuple):
    """When a desk is open, as its file has it."""

    days: dict[str, str]
    holidays: dict[str, str]
    closed: Way


class _Clock:
    """Puts conditions together, one after the other."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._week = set(range(WEEK))
        self._holidays: dict[str, str] = {}
        self._closed: tuple[int, Way, str] | None = None
        """What the way is by: 2 by the week, 1 by single dates; the way; where it stands."""

    def meet(self, place: Hours, places: OldSystem) -> Way:
        """Take a condition, and return the way of a call that goes on."""
        weekly, dated = self._spans(place)
        exception = is_exception(place, places)
        if not weekly and not dated:
            if place.spans and not exception:
                return place.during
            if not place.spans:
                what = f"the time condition `{place.name}` has no times: it never applies"
                self._findings.change(place.where, what, "it was left out")
            return place.otherwise
        if exception or not weekly:
            self._shut(place, weekly, dated)
            return place.otherwise
        self._week &= set().union(*(minutes_of(span) for span in weekly))
        for span in dated:
            self._holidays |= dict.fromkeys(span.dates, written(span.times))
            what = "dates that are open besides the weekdays: on such a date the desk has these times and no others"
            self._findings.change(place.where, what, "look at `holidays`")
        self._close(2, place.otherwise, place)
        return place.during

    def opening(self) -> Opening | None:
        """Return the hours; None when it is never closed."""
        if self._closed is None or (len(self._week) == WEEK and not self._holidays):
            return None
        return Opening(days_of(self._week), dict(sorted(self._holidays.items())), self._closed[1])

    def _shut(self, place: Hours, weekly: list[Span], dated: list[Span]) -> None:
        for span in weekly:
            self._week -= minutes_of(span)
        for span in dated:
            if span.whole_day:
                self._holidays |= dict.fromkeys(span.dates, "closed")
            else:
                what = f"`{place.name}` closes for a part of {', '.join(span.dates[:3])}"
                cure = "write the open times of these dates under `holidays`"
                self._findings.lose(place.where, what, cure)
        self._close(2 if weekly else 1, place.during, place)

    def _close(self, weight: int, way: Way, place: Hours) -> None:
        if self._closed is None:
            self._closed = (weight, way, place.where)
            return
        first, other, where = self._closed
        if way != other:
            loser = place.where if first >= weight else where
            what = "callers outside of these hours went another way than those outside of the others"
            self._findings.lose(loser, what, "a desk has one way for all: look at `closed`")
        if weight > first:
            self._closed = (weight, way, place.where)

    def _spans(self, place: Hours) -> tuple[list[Span], list[Span]]:
        weekly: list[Span] = []
        dated: list[Span] = []
        for text in place.spans:
            try:
                span = read_span(text)
            except ValueError as error:
                self._findings.lose(place.where, f"the times `{text}` ({error})", "write them into `hours` by hand")
                continue
            (dated if span.dates else weekly).append(span)
        return weekly, dated


def open_hours(system: OldSystem, entry: Way) -> tuple[Opening | None, Way, str]:
    """Return when calls by this entry are answered, their way when open, and the time zone."""
    clock = _Clock(system.findings)
    way, zone = entry, system.zone
    seen: set[str] = set()
    zones: dict[str, str] = {}
    while isinstance(place := system.places.get(way.to), Hours):
        if way.to in seen:
            cure = "write the desk's `hours` by hand"
            return (
                None,
                system.findings.lose(place.where, "time conditions that lead to each other for ever", cure),
                zone,
            )
        seen.add(way.to)
        if place.zone:
            zones.setdefault(place.zone, place.where)
        after = clock.meet(place, system)
        way = after._replace(language=after.language or way.language)
    if zones:
        zone = next(iter(zones))
        for other in tuple(zones)[1:]:
            system.findings.lose(zones[other], f"its time zone {other}", f"all hours are those of {zone}")
    return clock.opening(), way, zone


def is_exception(place: Hours, system: OldSystem) -> bool:
    """Say whether its times are those in which callers do not come through: a holiday, a lunch, a night."""
    if isinstance(system.places.get(place.during.to), Hours):
        return False
    goes_on = isinstance(system.places.get(place.otherwise.to), Hours)
    return goes_on or (_reaches_people(system, place.otherwise) and not _reaches_people(system, place.during))


def _reaches_people(system: OldSystem, way: Way) -> bool:
    ahead, seen = [way.to], set[str]()
    while ahead:
        key = ahead.pop()
        if key in seen:
            continue
        seen.add(key)
        match system.places.get(key):
            case Queue():
                return True
            case Announcement(then=then):
                ahead.append(then.to)
            case Menu(keys=keys, silent=silent):
                ahead += [silent.to, *(way.to for way in keys.values())]
            case Hours(during=during, otherwise=otherwise):
                ahead += [during.to, otherwise.to]
    return False


def written(times: Iterable[tuple[int, int]]) -> str:
    """Return times as a desk file has them."""
    spans = ", ".join(f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}" for start, end in times)
    return spans or "closed"


def days_of(week: set[int]) -> dict[str, str]:
    """Return the week as a desk file has it: neighbours with the same times together, closed days left out."""
    of_day = [written(_intervals(week, day)) for day in range(7)]
    found: dict[str, str] = {}
    for times, days in groupby(range(7), key=lambda day: of_day[day]):
        named = [WEEKDAYS[day] for day in days]
        if times != "closed":
            found[named[0] if len(named) == 1 else f"{named[0]}-{named[-1]}"] = times
    return found or {"mon-sun": "closed"}


def _intervals(week: set[int], day: int) -> Times:
    found: list[tuple[int, int]] = []
    for minute in range(DAY):
        if day * DAY + minute not in week:
            continue
        if found and found[-1][1] == minute:
            found[-1] = (found[-1][0], minute + 1)
        else:
            found.append((minute, minute + 1))
    return tuple(found)
