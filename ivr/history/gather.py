"""Rows of several files put together by call, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ivr.history.naming import Naming
from ivr.history.rows import Row
from ivr.history.story import derive
from ivr.history.tally import Doubts
from ivr.ledger.call import Call


class Theirs(NamedTuple):
    """A call as older files tell it."""

    story: str
    call: Call
    doubts: Doubts
    kinds: frozenset[str]
    """Of which kinds its rows are."""


class Gathered(NamedTuple):
    """The calls of some files, and the time from the first of their rows to the last one."""

    calls: list[Theirs]
    first_at: int
    last_at: int


def gather_calls(rows: Iterable[Row], naming: Naming) -> Gathered:
    """Return the calls that the rows tell of, in the order of their beginning."""
    stories: dict[str, list[Row]] = {}
    links: dict[str, str] = {}
    first, last = 1 << 62, 0
    for row in rows:
        first, last = min(first, row.at), max(last, row.at)
        if row.story:
            stories.setdefault(row.story, []).append(row)
        if row.event in ("cdr", "CHAN_START") and row.linkedid not in ("", row.uniqueid):
            links[row.uniqueid] = row.linkedid
    for alone, whole in links.items():
        # A queue_log knows a call by the caller's channel, the others by the first channel of the call.
        if alone in stories and all(row.kind == "queue_log" for row in stories[alone]):
            stories.setdefault(whole, []).extend(stories.pop(alone))
    found = []
    for story, mine in stories.items():
        mine.sort(key=lambda row: row.at)
        call, doubts = derive(story, mine, naming)
        if call is not None:
            found.append(Theirs(story, call, doubts, frozenset(row.kind for row in mine)))
    found.sort(key=lambda one: (one.call.began_at, one.story))
    return Gathered(found, min(first, last), last)
