"""What is behind a number: calls, spans of agents' time, callers whom nobody answered; each with its part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from ivr.desk.behind_again import again, recorded
from ivr.desk.few_enough import MOST, NARROWER, few_enough
from ivr.desk.made_report import Ask, Head, Value
from ivr.desk.ports_report import Books
from ivr.desk.report_lists import clock
from ivr.errors import DeskError
from ivr.ledger.card import Card
from ivr.reports.agent_time import SIGNED_OUT, Span, span_tallies
from ivr.reports.cards import card_tallies
from ivr.reports.cell import Cell
from ivr.reports.contacts import Missed, missed_tallies
from ivr.reports.explain import Verdict, explain, judge
from ivr.reports.metric import Metric, measures_read

CALLS = frozenset({"call", "line", "agent", "node", "split"})
_OF_MISSED = frozenset({"owed", "returned", "return_time"})


class Behind(NamedTuple):
    """One kind of what a number is made of; `found` yields (what stands in the heads, its part)."""

    noun: str
    heads: tuple[Head, ...]
    found: Callable[[Books, Metric, Cell, Ask], Iterator[tuple[tuple[Value, ...], Verdict]]]


def behind(one: Metric) -> list[Behind]:
    """Return the kinds of what the metric is made of; none when it cannot be opened."""
    kinds = [kind for sources, kind in _KINDS if sources & set(one.sources)]
    if "number" in one.sources and not measures_read(one) <= _OF_MISSED:
        return []
    return kinds


def _calls(books: Books, one: Metric, cell: Cell, ask: Ask) -> Iterator[tuple[tuple[Value, ...], Verdict]]:
    few_enough(books, ask)
    of_cards = any(name.startswith("card.") for name in measures_read(one))
    cards: Mapping[str, Card] = books.written(ask.since, ask.until) if of_cards else {}
    for call in books.calls(ask.since, ask.until, {}):
        card = cards.get(call.id)
        given = replace(ask.given, within=ask.budget_of(call.desk)) if one.id == "within_budget" else ask.given
        verdict = explain(one, call, cell, given, card_tallies(card, call) if card else ())
        if verdict.where == "out" and call.began_at < ask.since:
            continue  # it only reaches into the time
        if card and verdict.where != "out":
            said = ", ".join((*sorted(card.codes), *([card.kind] if card.kind else ())))
            verdict = verdict._replace(why=f"{verdict.why}; card of {card.agent}: {said or 'no outcome'}")
        yield (clock(call.began_at, ask.zone), call.id, call.caller or "withheld"), verdict


def _spans(books: Books, one: Metric, cell: Cell, ask: Ask) -> Iterator[tuple[tuple[Value, ...], Verdict]]:
    for number, (span, call) in enumerate(books.spans(ask.since, ask.until, ask.where.get("agent", ()))):
        if number == MOST:
            raise DeskError(f"Agents have more than {MOST:,} spans in that time.", f"{NARROWER} Or name an --agent.")
        if span.state == SIGNED_OUT:
            verdict = Verdict("out", 0.0, 0.0, span.state)
        else:
            verdict = judge(one, span_tallies(span), cell, ask.given, partial(_did, span, cell), "the time")
        yield (clock(span.began_at, ask.zone), span.agent, (span.ended_at - span.began_at) / 1e6, call), verdict


def _did(span: Span, cell: Cell) -> str:
    inside = min(span.ended_at, cell.ended) - max(span.began_at, cell.began)
    part = "" if inside == span.ended_at - span.began_at else f", {_lasts(inside)} of it in the time asked for"
    between = " in a call between agents" if span.internal else ""
    return f"{span.state}{f': {span.reason}' if span.reason else ''}{between}{part}"


def _missed(books: Books, one: Metric, cell: Cell, ask: Ask) -> Iterator[tuple[tuple[Value, ...], Verdict]]:
    found = books.missed(ask.since, ask.until, MOST + 1)
    if len(found) > MOST:
        raise DeskError(f"There are more than {MOST:,} missed callers in that time.", NARROWER)
    for row, desk in found:
        verdict = judge(one, missed_tallies(row, desk), cell, ask.given, partial(_became, row), "the caller")
        yield (clock(row.first_at, ask.zone), row.number, len(row.calls), row.calls[-1]), verdict


def _became(row: Missed) -> str:
    if row.returned_at is None:
        return f"still owed, we tried {row.tries} times" if row.tries else "still owed"
    after = _lasts(row.returned_at - row.first_at)
    return f"talked with {row.returned_by or 'somebody'} {after} after the first, in {row.returned_call}"


def _lasts(length: int) -> str:
    seconds = round(length / 1e6)
    if seconds < 60:
        return f"{length / 1e6:.1f} s"
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


_BEGAN, _CALL = Head("began", "began", "text"), Head("call", "call", "text")
_OF_CALL = (_BEGAN, _CALL, Head("caller", "caller", "text"))
_KINDS = (
    (frozenset({"contact"}), Behind("call", _OF_CALL, again)),
    (frozenset({"recording"}), Behind("call", _OF_CALL, recorded)),
    (CALLS, Behind("call", _OF_CALL, _calls)),
    (
        frozenset({"time"}),
        Behind("span", (_BEGAN, Head("agent", "agent", "text"), Head("lasts", "lasts", "seconds"), _CALL), _spans),
    ),
    (
        frozenset({"number"}),
        Behind(
            "caller",
            (
                Head("first_at", "first missed", "text"),
                Head("number", "number", "text"),
                Head("missed", "missed calls", "count"),
                Head("last_call", "last missed call", "text"),
            ),
            _missed,
        ),
    ),
)
