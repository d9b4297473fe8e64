"""Opening hours as plain dialplan; `ivr.flows.hours` is their oracle."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.flows.model import Hours, When
from ivr.flows.split import way_name
from ivr.flows.times import DAY_MINUTES, read_date, read_days, read_times
from ivr.flows.when import spans_of

_HALF_A_DAY = 12 * 3600


def compile_hours(hours: Hours, zone: str) -> Iterator[tuple[str, list[str]]]:
    """Return the subroutine that says whether a moment is within the hours, by the wall clock as `is_open` does.

    `day` looks at one day, IVR_DAY, for the minute ARG1 counted from its midnight: today's minute, and the same minute
    of the night that began yesterday.
    """
    yield (
        "s",
        [
            f"MSet(IVR_OPEN=0,IVR_NOW=${{STRFTIME(${{ARG1}},{zone},%H%M%S %Y-%m-%d %u)}})",
            "MSet(IVR_MINUTE=$[${IVR_NOW:0:2} * 60 + ${IVR_NOW:2:2}],IVR_DAY=${IVR_NOW:7})",
            f"Set(IVR_NOON=$[${{ARG1}} - ${{IVR_MINUTE}} * 60 - ${{IVR_NOW:4:2}} - {_HALF_A_DAY}])",
            "Gosub(day,1(${IVR_MINUTE}))",
            # Half a day before today's midnight it was yesterday, whatever the clock was put to.
            f"Set(IVR_DAY=${{STRFTIME(${{IVR_NOON}},{zone},%Y-%m-%d %u)}})",
            f"Gosub(day,1($[${{IVR_MINUTE}} + {DAY_MINUTES}]))",
            "Return()",
        ],
    )
    holidays = sorted(hours.holidays.items(), key=lambda item: -len(item[0]))
    days = []
    for place, (written, _) in enumerate(holidays):
        year, month, day = read_date(written)
        part, date = ("0:10", f"{year}-{month:02}-{day:02}") if year else ("5:5", f"{month:02}-{day:02}")
        days.append(f'GotoIf($["${{IVR_DAY:{part}}}" = "{date}"]?holiday{place},1)')
    yield "day", [*days, "Goto(weekday${IVR_DAY:11:1},1)"]
    for place, (_, times) in enumerate(holidays):
        yield f"holiday{place}", _open_between(times)
    for weekday in range(7):
        times = next((times for days, times in hours.days.items() if weekday in read_days(days)), "closed")
        yield f"weekday{weekday + 1}", _open_between(times)


def compile_week(zone: str) -> Iterator[tuple[str, list[str]]]:
    """Return the subroutine that says which minute of the week a moment is, by the wall clock, from Monday."""
    minute = f"(${{IVR_NOW:0:1}} - 1) * {DAY_MINUTES} + ${{IVR_NOW:1:2}} * 60 + ${{IVR_NOW:3:2}}"
    yield "s", [f"Set(IVR_NOW=${{STRFTIME(${{ARG1}},{zone},%u%H%M)}})", f"Set(IVR_WEEK=$[{minute}])", "Return()"]


def by_the_clock(node: When, context: str, week: str) -> list[str]:
    """Return the steps of a `when` node, which lies in this context; `week` is the subroutine's."""
    spans = (
        f"GotoIf($[${{IVR_WEEK}} >= {start} & ${{IVR_WEEK}} < {end}]?{context},to-{way_name(target)},1)"
        for start, end, target in spans_of(node)
    )
    return [f"Gosub({week},s,1(${{EPOCH}}))", *spans, f"Goto({context},to-{way_name(node.otherwise)},1)"]


def _open_between(times: str) -> list[str]:
    spans = (f"ExecIf($[${{ARG1}} >= {start} & ${{ARG1}} < {end}]?Set(IVR_OPEN=1))" for start, end in read_times(times))
    return [*spans, "Return()"]
