"""How fast a ledger answers: standard reports over any time, one call, the calls of a number; beside plain SQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from statistics import quantiles
from typing import Any

from sqlalchemy import Engine, func, select

from ivr.desk.explain_report import explain_report
from ivr.desk.made_report import Ask
from ivr.desk.report import filters_of, make_report
from ivr.reports.standard import REPORTS
from ivr.reports.tally import QUARTER
from ivr.store.books import SqlBooks
from ivr.store.engine import open_database
from ivr.store.queries import Calls
from ivr.store.tables import call
from tests.bench.peers.plain_sql import QUERIES, ask_peer, ask_peer_for_number, make_peer

DAY = 86_400_000_000
RANGES = {"a day": DAY, "a week": 7 * DAY, "a month": 30 * DAY, "a year": 365 * DAY}
TIMES = 6
"""Random ranges for each report and length, half of them with a filter."""
LOOK_UPS = 100


def report_rows(name: str, url: str, zone: str) -> list[dict[str, Any]]:
    """Measure on a filled ledger; the peer's tables are made in it."""
    engine = open_database(url)
    make_peer(engine)
    chance = Random(1)
    first, last = _bounds(engine)
    spans = {length: span for length, span in RANGES.items() if span < last - first}
    books = SqlBooks(url)
    rows = [
        _any_report(f"over {length} on {name}", books, engine, span, zone, chance) for length, span in spans.items()
    ]
    rows += [
        _one_report(f"over {length} on {name}", books, engine, spans[length], zone, chance)
        for length in ("a month", "a year")
        if length in spans
    ]
    rows.append(_opened_missed(name, books, engine, zone, chance))
    longest, span = list(spans.items())[-1]
    debts = [_took(partial(books.debts, {}, 50)) for _ in range(LOOK_UPS)]
    rows.append(_row(f"the debt list on {name}, p95", _high(debts), ratio=_high(debts) * 1e3, limit="<= 50 ms"))
    rows += [_beside_peer(one, f"over {longest} on {name}", books, engine, span, chance) for one in QUERIES]
    books.close()
    rows += _look_ups(name, url, engine, chance)
    engine.dispose()
    return rows


def _any_report(what: str, books: SqlBooks, engine: Engine, span: int, zone: str, chance: Random) -> dict[str, Any]:
    """Make every standard report over random times, half of them with a random filter."""
    times = []
    for one in REPORTS.values():
        for turn in range(TIMES):
            since = _since(engine, span, chance)
            where = {}
            if turn % 2:
                key = chance.choice([name for name in filters_of(one) if books.values(name)] or ["desk"])
                where = {key: frozenset([chance.choice(sorted(books.values(key)))])}
            times.append(_took(partial(make_report, books, one, Ask(since, since + span, zone, where))))
    p95 = _high(times)
    return _row(f"any report {what}, p95 (p50 {_middle(times) * 1e3:.0f} ms)", p95, ratio=p95 * 1e3, limit="<= 300 ms")


def _one_report(what: str, books: SqlBooks, engine: Engine, span: int, zone: str, chance: Random) -> dict[str, Any]:
    """Make the report that reads most: agents' days, with the pattern of each agent's days before."""
    asks = [Ask(since, since + span, zone) for since in (_since(engine, span, chance) for _ in range(TIMES))]
    high = _high(_took(partial(make_report, books, REPORTS["agent-day"], ask)) for ask in asks)
    return _row(f"report agent-day {what}, p95", high, ratio=high * 1e3, limit="<= 300 ms")


def _opened_missed(name: str, books: SqlBooks, engine: Engine, zone: str, chance: Random) -> dict[str, Any]:
    """Open a day's missed callers to what became of each."""
    asks = [Ask(since, since + DAY, zone) for since in (_since(engine, DAY, chance) for _ in range(TIMES * 4))]
    high = _high(_took(partial(explain_report, books, REPORTS["missed"], "return_rate", ask)) for ask in asks)
    return _row(f"report missed --explain over a day on {name}, p95", high, ratio=high * 1e3, limit="<= 300 ms")


def _beside_peer(report: str, what: str, books: SqlBooks, engine: Engine, span: int, chance: Random) -> dict[str, Any]:
    ours, plain = [], []
    zone = books.zone()
    for _ in range(TIMES):
        since = _since(engine, span, chance)
        ours.append(_took(partial(make_report, books, REPORTS[report], Ask(since, since + span, zone))))
        with engine.connect() as connection:
            plain.append(_took(partial(ask_peer, connection, report, since, since + span)))
    return _row(
        f"report {report} {what}, p50",
        _middle(ours),
        peer="plain SQL over queue_log or CDR",
        peer_value=_middle(plain) * 1e3,
        ratio=_middle(ours) / _middle(plain),
    )


def _since(engine: Engine, span: int, chance: Random) -> int:
    first, last = _bounds(engine)
    since = chance.randrange(first, last - span + 1)
    return since - since % QUARTER


def _look_ups(name: str, url: str, engine: Engine, chance: Random) -> list[dict[str, Any]]:
    ids, numbers = _some(engine, chance)
    calls = Calls(url)
    by_id = [_took(partial(calls.story, wanted)) for wanted in ids]
    by_number = [_took(partial(calls.of_number, wanted)) for wanted in numbers]
    calls.close()
    with engine.connect() as connection:
        plain = [_took(partial(ask_peer_for_number, connection, wanted)) for wanted in numbers]
    return [
        _row(f"one call by its id on {name}, p95", _high(by_id), ratio=_high(by_id) * 1e3, limit="<= 20 ms"),
        _row(f"calls of a number on {name}, p95", _high(by_number), ratio=_high(by_number) * 1e3, limit="<= 20 ms"),
        _row(
            f"calls of a number on {name}, p50",
            _middle(by_number),
            peer="plain SQL over CDR",
            peer_value=_middle(plain) * 1e3,
            ratio=_middle(by_number) / _middle(plain),
        ),
    ]


def _some(engine: Engine, chance: Random) -> tuple[list[str], list[str]]:
    """Return calls and callers from all over the ledger's time."""
    first, last = _bounds(engine)
    rows: list[tuple[str, str]] = []
    with engine.connect() as connection:
        while len(rows) < LOOK_UPS:
            since = chance.randrange(first, last)
            query = select(call.c.id, call.c.caller).where(call.c.began_at >= since).order_by(call.c.began_at).limit(1)
            row = connection.execute(query).one()
            rows.append((row.id, row.caller))
    return [one for one, _ in rows], [number for _, number in rows]


def _bounds(engine: Engine) -> tuple[int, int]:
    with engine.connect() as connection:
        first = connection.execute(select(func.min(call.c.began_at))).scalar_one()
        return first, connection.execute(select(func.max(call.c.began_at))).scalar_one()


def _took(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _middle(times: Iterable[float]) -> float:
    return quantiles(times, n=100, method="inclusive")[49]


def _high(times: Iterable[float]) -> float:
    return quantiles(times, n=100, method="inclusive")[94]


def _row(name: str, seconds: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": seconds * 1e3, "unit": "ms", **more}
