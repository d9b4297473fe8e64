"""What is behind the numbers of callers who call again, and of recordings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ivr.desk.few_enough import few_enough
from ivr.desk.made_report import Ask, Value
from ivr.desk.other_window import contacts_by_number
from ivr.desk.ports_report import Books
from ivr.desk.report_lists import clock, length_told
from ivr.ledger.call import Call
from ivr.reports.cell import Cell
from ivr.reports.explain import Verdict, judge
from ivr.reports.metric import Metric
from ivr.reports.recorded import AWAITED, Recorded, recorded_talks, recording_tallies, with_audio
from ivr.reports.repeats import Worth, worth
from ivr.reports.tally import QUARTER

_Row = tuple[tuple[Value, ...], Verdict]


def again(books: Books, one: Metric, cell: Cell, ask: Ask) -> Iterator[_Row]:
    """Yield each call of a number that began in the time, and what it has to do with the metric."""
    ripe = (books.freshness().complete_to or 0) - ask.window if one.ripens else cell.ended
    numbers = contacts_by_number(books, ask).values()
    every = (found for contacts in numbers for found in worth(contacts, window=ask.window))
    mine = [found for found in every if ask.since <= found.contact.at < ask.until]
    for found in sorted(mine, key=lambda found: (found.contact.at, found.contact.call)):
        contact = found.contact
        if found.tallies[0].bucket >= ripe - ripe % QUARTER:
            verdict = Verdict("out", 0.0, 0.0, f"younger than {length_told(ask.window)}: nobody knows yet")
        else:
            verdict = judge(one, found.tallies, cell, ask.given, partial(_came, found, ask), "the call")
        yield (clock(contact.at, ask.zone), contact.call, contact.number), verdict


def _came(found: Worth, ask: Ask) -> str:
    talked = "talked" if found.contact.talked_at is not None else "did not talk"
    before = f"; had called before: {found.before}" if found.before else ""
    back = f"; came back with it: {found.again}" if found.again else ""
    if talked == "talked" and not back:
        back = f"; did not come back with it within {length_told(ask.window)}"
    return f"{talked}{before}{back}"


def recorded(books: Books, one: Metric, cell: Cell, ask: Ask) -> Iterator[_Row]:
    """Yield each call with a talk that is to be recorded, and what it has to do with the metric."""
    few_enough(books, ask)
    for call, known in books.recorded(ask.since, ask.until):
        tallies = recording_tallies(call, known)
        verdict = judge(one, tallies, cell, ask.given, partial(_heard, call, known), "the call")
        yield (clock(call.began_at, ask.zone), call.id, call.caller or "withheld"), verdict


def _heard(call: Call, known: Recorded) -> str:
    told = []
    for leg in recorded_talks(call):
        audio = known.get(leg.recording, AWAITED)
        spoken = ((leg.ended_at or leg.began_at) - leg.began_at) / 1e6
        why = f", {audio.reason}" if audio.reason else ""
        heard = with_audio(leg, audio) / 1e6
        told.append(
            f"talk with {leg.agent or 'somebody'} of {spoken:.1f} s, {heard:.1f} s of audio: {audio.state}{why}"
        )
    return "; ".join(told)
