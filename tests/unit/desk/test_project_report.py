"""A project's report from a real ledger: its columns by its rows, its calls with their cards."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.desk.made_report import Ask
from ivr.desk.project_report import make_project_report
from ivr.ledger.card import Entry, card_facts
from ivr.reports.project_file import read_project
from ivr.store.books import SqlBooks
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.telephony.facts import write_facts
from tests.made_calls import JOURNALS

EXAMPLE = Path(__file__).parents[3] / "projects" / "telemarketing.yaml"
QUARTER = 900_000_000


@pytest.fixture
def books(tmp_path, database_url):
    text = (JOURNALS / "caller_ends_talk.csv").read_text()
    rows = text.splitlines()
    call, at = rows[0].split('","')[3], int(float(rows[-1].split('","')[1])) + 1
    entry = Entry(
        call, "201", 1, {"sale": "win"}, fields={"company": "Acme", "invoiced": "12.50"}, project="telemarketing"
    )
    (fact,) = card_facts(entry)
    for event, extra in (("CHAN_START", ""), ("IVR", f'{{"extra":"{write_facts([fact])}"}}'), ("LINKEDID_END", "")):
        fields = (
            event,
            f"{at}.000000",
            f"desk1-{at}.900",
            f"desk1-{at}.900",
            "Local/card@acts-1;2",
            "",
            "",
            "card",
            "acts",
        )
        quoted = extra.replace('"', '""')
        text += ",".join(f'"{field}"' for field in (*fields, "", "", "", quoted)) + "\n"
    path = tmp_path / "journal.csv"
    path.write_text(text)
    migrate(database_url)
    engine = open_database(database_url)
    loader = Loader(Journal(path, "desk1"), SqlLedger(engine), "desk1")
    while loader.step():
        pass
    books = SqlBooks(database_url)
    yield books, at * 1_000_000
    books.close()
    engine.dispose()


def made(books, at):
    project = read_project(EXAMPLE)
    since = at - at % QUARTER - 4 * QUARTER
    ask = Ask(since, since + 8 * QUARTER)
    return make_project_report(books, project, books.cards(project.id, ask.since, ask.until), ask)


def test_the_table_joins_what_the_telephone_and_the_cards_tell(books):
    report = made(*books)
    table = report.tables[0]
    (row,) = [dict(zip((head.id for head in table.heads), row, strict=True)) for row in table.rows if row[0] == "201"]
    assert (row["talks_in"], row["talks_out"], row["code.sale"], row["sum_invoiced"]) == (1, 0, 1, 12.5)
    assert [head.title for head in table.heads][:3] == ["Оператор", "Отработано", "Исходящие"]


def test_the_list_has_each_call_with_its_card_in_the_projects_own_time(books):
    report = made(*books)
    listing = report.tables[1]
    (row,) = [dict(zip((head.id for head in listing.heads), row, strict=True)) for row in listing.rows]
    assert (row["company"], row["outcome"], row["invoiced"]) == ("Acme", "Продажа", 12.5)
    assert report.ask.zone == "Europe/Moscow"
    assert row["began"].startswith("2026-11-2")


def test_a_time_without_calls_is_an_empty_table(books):
    project = read_project(EXAMPLE)
    report = make_project_report(books[0], project, [], Ask(0, QUARTER))
    assert report.tables[0].rows == ()
    assert report.tables[0].total is None
