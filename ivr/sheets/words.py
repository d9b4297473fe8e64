"""How values read, the same in the terminal and in the browser."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ivr.desk.made_report import Head, MadeReport, Value

NOTHING = "–"


def shown(value: Value, head: Head) -> str:
    """Return the value for people: `1,234`, `83.1 %`, `8.4 s`, `4:07`, `1:02:06`, `215:51 h`."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    if head.unit == "share":
        return f"{value:.1%}".replace("%", " %")
    if head.unit == "seconds":
        return _length(value)
    if head.unit == "money":
        return f"{value:,.2f}"
    return f"{value:,.2f}" if head.unit == "per call" else f"{value:,.0f}"


def mark(value: Value, head: Head) -> str:
    """Return ✓ for a share that meets its target, ✗ for one that does not, nothing where there is no target."""
    if head.at_least is None or not isinstance(value, (int, float)):
        return ""
    return "✓" if value >= head.at_least else "✗"


def heading(made: MadeReport) -> str:
    """Return the time and the filters of the report."""
    ask = made.ask
    told = f"{clock(ask.since, ask.zone)} to {clock(ask.until, ask.zone)} {ask.zone}"
    return told + "".join(f", {name} {' or '.join(sorted(values))}" for name, values in ask.where.items())


def freshness(made: MadeReport) -> str:
    """Return how far the numbers can be trusted, in a sentence."""
    fresh = made.freshness
    told = fresh.told(ZoneInfo(made.ask.zone))
    if fresh.complete_to is not None:
        told += "" if fresh.open else "; no gap open"
        told += f"; {fresh.in_progress} call{'' if fresh.in_progress == 1 else 's'} in progress, not counted yet"
    return f"{told[0].upper()}{told[1:]}."


def meanings(made: MadeReport) -> list[str]:
    """Return the ids of the metrics behind the columns, `id v1`, each once."""
    heads = [head for table in made.tables for head in table.heads if head.version]
    return list(dict.fromkeys(f"{head.id} v{head.version}" for head in heads))


def clock(moment: int, zone: str) -> str:
    """Return a moment as the zone's clock shows it, to the minute."""
    return f"{datetime.fromtimestamp(moment // 1_000_000, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _length(seconds: float) -> str:
    if round(seconds, 1) < 0:
        return f"-{_length(-seconds)}"
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}"
    if whole < 36_000:
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 3600:,}:{whole // 60 % 60:02} h"
