"""Rows written as a database takes them fastest are the rows that were given."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ivr.store.bulk import add_rows
from ivr.store.engine import open_database
from ivr.store.tables import leg, metadata, rejected_record

HOSTILE = ["", "None", "\\N", "a\tb", "c\nd", "e\rf", "\\.", "b'x'", "%s", 'q"', "Ж"]


@pytest.fixture
def engine(database_url):
    engine = open_database(database_url)
    metadata.drop_all(engine)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def written(engine, table, rows, meanwhile=()):
    with engine.begin() as connection:
        add_rows(connection, table, rows, meanwhile=iter(meanwhile))
        return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]


def test_hostile_texts_and_missing_times_come_back_as_they_were(engine):
    rows = [
        (f"{place:04}", 0, "ivr", text, "", "", place, None, place, text, "", "", "", 0)
        for place, text in enumerate(HOSTILE * 60)
    ]
    assert written(engine, leg, rows) == rows


@pytest.mark.parametrize("text", HOSTILE)
def test_one_hostile_text_among_plain_rows_with_missing_times_comes_back_as_it_was(engine, text):
    """Alone it must be seen too: most of what is written is plain, and goes the quick way."""
    rows = [
        (f"{place:04}", 0, "ivr", text if place == 70 else "", "", "", place, None, None, "", "", "", "", 0)
        for place in range(120)
    ]
    assert written(engine, leg, rows) == rows


def test_bytes_come_back_as_they_were(engine):
    rows = [(place, bytes([place, 39, 92]) if place % 2 else b"plain", "torn") for place in range(120)]
    assert written(engine, rejected_record, rows) == rows


def test_the_work_meanwhile_is_done_to_its_end_and_only_once(engine):
    for count in (0, 3, 700):
        done = []
        rows = [(f"{count}-{place:04}", 0, "ivr", "", "", "", 1, 2, 3, "", "", "", "", 0) for place in range(count)]
        written(engine, leg, rows, (done.append(step) for step in range(5)))
        assert done == [0, 1, 2, 3, 4]
