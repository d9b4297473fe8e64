"""A time condition in the middle of a flow -> a `when` node, where a desk can say its times."""

from __future__ import annotations

from ivr.migration.opening import days_of, is_exception
from ivr.migration.shape import Clock, Findings, Hours, OldSystem, Way
from ivr.migration.spans import WEEK, minutes_of, read_span


def clock_of(place: Hours, system: OldSystem) -> Clock | Way:
    """Return the node; a way when all callers go the same, or when none of the times can be carried."""
    findings = system.findings
    if not place.spans:
        what = f"the time condition `{place.name}` has no times: it never applies"
        findings.change(place.where, what, "it was left out")
        return place.otherwise
    week = set[int]().union(*(_minutes(place, text, findings) for text in place.spans))
    if len(week) == WEEK:
        return place.during
    if week:
        times = tuple(f"{days} {times}" for days, times in days_of(week).items())
        return Clock(place.name, place.where, times, place.during, place.otherwise)
    other = is_exception(place, system)
    when = "outside of its times" if other else "in its times"
    what = f"the time condition `{place.name}` in the middle of the flow: callers always go on as {when}"
    findings.lose(place.where, what, "a `when` node knows the days of the week; look at this way")
    return place.otherwise if other else place.during


def _minutes(place: Hours, text: str, findings: Findings) -> set[int]:
    cure = "a `when` node knows the days of the week: see who comes then"
    try:
        span = read_span(text)
    except ValueError as error:
        findings.lose(place.where, f"the times `{text}` ({error})", cure)
        return set()
    if span.dates:
        findings.lose(place.where, f"the dates `{text}` of `{place.name}` in the middle of the flow", cure)
        return set()
    return minutes_of(span)
