"""A question that takes a time or a page reads no whole table: SQLite tells the way that it takes."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import Engine, event

from ivr.store.books import SqlBooks
from ivr.store.migrate import migrate
from ivr.store.queries import Calls
from ivr.store.recordings import SqlRecordings
from ivr.store.times import Times

LARGE = {"call", "leg", "fact", "recording", "missed", "caller_series", "card_fact", "agent_span", "agent_act", "total"}
"""Tables that grow with every call."""
BEGIN, END = 1_790_000_000_000_000, 1_790_086_400_000_000


def _calls(url: str) -> None:
    with closing(Calls(url)) as calls:
        calls.latest(since=BEGIN)
        calls.latest(desk="demo", since=BEGIN)
        calls.of_number("+78125550100")
        calls.desks()


def _recordings(url: str) -> None:
    with closing(SqlBooks(url)) as books:
        recordings = SqlRecordings(books._engine)
        recordings.listed(limit=20)
        recordings.listed(since=BEGIN / 1e6)


def _times(url: str) -> None:
    with closing(Times(url)) as times:
        times.at(END)
        times.between(BEGIN, END)
        times.between(BEGIN, END, "101")


def _reports(url: str) -> None:
    with closing(SqlBooks(url)) as books:
        books.missed(BEGIN, END, 50)
        list(books.calls(BEGIN, END, {}))
        list(books.contacts(BEGIN, END))
        list(books.recorded(BEGIN, END))
        list(books.spans(BEGIN, END, ["101"]))
        books.series(BEGIN, END, {}, 50)
        books.series(BEGIN, END, {"line": ["first"]}, 50)
        books.written(BEGIN, END)


def _cards(url: str) -> None:
    with closing(SqlBooks(url)) as books:
        books.cards("telemarketing", BEGIN, END)


@pytest.mark.parametrize("ask", [_calls, _recordings, _times, _reports, _cards], ids=lambda ask: ask.__name__[1:])
def test_what_takes_a_time_or_a_page_reads_no_whole_table(tmp_path, ask):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate(url)
    assert _whole_tables(ask, url) == []


def _whole_tables(ask, url):
    """Return the statements of the question that scan a large table, with SQLite's word on it."""
    found = []

    def plan(connection, _cursor, statement, parameters, *_more):
        if statement.startswith(("SELECT", "WITH")):
            raw = connection.connection.cursor()
            raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            told = [row[3].split() for row in raw.fetchall()]
            raw.close()
            found.extend(
                f"{' '.join(words)}: {statement}" for words in told if words[0] == "SCAN" and words[1] in LARGE
            )

    event.listen(Engine, "before_cursor_execute", plan)
    try:
        ask(url)
    finally:
        event.remove(Engine, "before_cursor_execute", plan)
    return found
