"""The standard reports, against numbers counted by hand, on both databases."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.asterisk.journal import Journal
from ivr.desk.explain_report import explain_report
from ivr.desk.load import Loader
from ivr.desk.made_report import Ask
from ivr.desk.report import filters_of, make_report
from ivr.errors import DeskError
from ivr.reports.bins import Sorted, histogram
from ivr.reports.catalogue import CATALOGUE
from ivr.reports.parts import Given
from ivr.reports.standard import REPORTS
from ivr.sheets.words import freshness
from ivr.store.books import SqlBooks
from ivr.store.engine import open_database
from ivr.store.gaps import SqlGaps
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from tests.made_journal import made_journal

pytestmark = pytest.mark.slow

JOURNALS = Path(__file__).parents[2] / "journals"
FOREVER = Ask(0, 4_000_000_000_000_000 // 900_000_000 * 900_000_000)
A_YEAR = Ask(1_780_200_000_000_000, 1_811_700_000_000_000)
"""All calls of these tests, with half a year on both sides: tables by time are made day after day."""
COUNTED = (
    "caller_ends_talk",  # answered by 201
    "first_agent_busy",  # answered
    "nobody_answers",  # waits, then hangs up or gives up
    "caller_leaves_in_menu",
    "caller_leaves_while_ringing",
    "closed",
    "agent_to_agent",
)


def load(folder, url, data):
    migrate(url)
    engine = open_database(url)
    path = folder / "journal.csv"
    path.write_bytes(data)
    journal = Journal(path, "desk1")
    loader = Loader(journal, SqlLedger(engine, "Europe/Moscow"), "desk1")
    while loader.step():
        pass
    journal.close()
    engine.dispose()
    return SqlBooks(url)


@pytest.fixture(scope="module")
def books(tmp_path_factory, ledgers):
    folder = tmp_path_factory.mktemp("counted")
    journal = b"".join((JOURNALS / f"{name}.csv").read_bytes() for name in COUNTED)
    books = load(folder, ledgers.copy(folder), journal)
    yield books
    books.close()


@pytest.fixture(scope="module")
def many(tmp_path_factory, ledgers):
    folder = tmp_path_factory.mktemp("many")
    books = load(folder, ledgers.copy(folder), made_journal(80, per_second=0.001))
    yield books
    books.close()


def told(made, title, name, row=0):
    """Return the value of a metric in a table's row; -1 = the total."""
    table = next(table for table in made.tables if table.title == title)
    place = [head.id for head in table.heads].index(name)
    return (table.total if row == -1 else table.rows[row])[place]


def test_calls_of_seven_journals_are_counted_as_by_hand(books):
    made = make_report(books, REPORTS["lines"], FOREVER)
    assert told(made, "Calls", "calls", 0) == 1, "agent_to_agent came in through no desk"
    assert told(made, "Calls", "calls", 1) == 6
    assert told(made, "Calls", "calls_answered", 1) == 2
    assert told(made, "Calls", "calls_missed", 1) == 4
    assert told(made, "Calls", "answer_rate", 1) == pytest.approx(2 / 6)
    assert told(made, "Visits to the lines", "offered") == 4
    assert told(made, "Visits to the lines", "answered") == 2
    assert told(made, "Visits to the lines", "sl_answered") == 1.0
    assert told(made, "Visits to the lines", "sl_offered") == 0.5


def test_the_threshold_changes_what_is_within_it(books):
    made = make_report(books, REPORTS["lines"], FOREVER._replace(given=Given(within=1)))
    assert told(made, "Visits to the lines", "sl_answered") < 1.0


def test_every_metric_of_every_report_is_in_the_catalogue():
    for report in REPORTS.values():
        for section in report.sections:
            assert {column.metric for column in section.columns} <= CATALOGUE.keys()
            assert set(section.chart) <= {column.metric for column in section.columns}


@pytest.mark.parametrize("name", REPORTS)
def test_each_report_can_be_made_of_nothing_and_of_much(name, many):
    assert make_report(many, REPORTS[name], FOREVER).tables
    nothing = make_report(many, REPORTS[name], Ask(0, 900_000_000))
    assert all(not table.rows for table in nothing.tables if not table.listing)


def test_a_report_says_how_far_the_ledger_is_complete(books):
    fresh = make_report(books, REPORTS["lines"], FOREVER).freshness
    assert datetime.fromtimestamp(fresh.complete_to / 1e6, UTC).year == 2026
    assert (fresh.open, fresh.in_progress) == ((), 0)


def test_a_gap_that_goes_on_is_told_by_each_report(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    books = load(tmp_path, url, (JOURNALS / "closed.csv").read_bytes())
    engine = open_database(url)
    SqlGaps(engine).begin("desk1", "disk", 1_795_282_000_000_000, "5 MB free")
    made = make_report(books, REPORTS["lines"], FOREVER)
    assert [(gap.kind, gap.details) for gap in made.freshness.open] == [("disk", "5 MB free")]
    assert "; 1 gap open; 0 calls in progress" in freshness(made)
    SqlGaps(engine).end("desk1", "disk", 1_795_282_900_000_000)
    assert "; no gap open; " in freshness(make_report(books, REPORTS["lines"], FOREVER))
    engine.dispose()
    books.close()


def test_a_filter_that_fits_no_table_is_refused_with_those_that_do(books):
    with pytest.raises(DeskError, match=r"cannot be filtered by node. It can be by desk, number, version"):
        make_report(books, REPORTS["lines"], FOREVER._replace(where={"node": frozenset({"x"})}))


def test_a_table_that_cannot_be_filtered_so_is_left_out_and_that_is_said(books):
    made = make_report(books, REPORTS["lines"], FOREVER._replace(where={"line": frozenset({"first"})}))
    assert [table.title for table in made.tables] == ["Visits to the lines", "Waits", "What agents did on the lines"]
    assert made.notes == ("“Calls” is left out: it cannot be told by line.",)


def test_rows_add_up_to_the_total(many):
    made = make_report(many, REPORTS["categories"], FOREVER)
    table = made.tables[0]
    calls = [head.id for head in table.heads].index("calls")
    assert sum(row[calls] for row in table.rows) == table.total[calls]


def test_days_add_up_to_the_whole(many):
    whole = make_report(many, REPORTS["lines"], FOREVER)
    days = make_report(many, REPORTS["lines"], A_YEAR._replace(time="day", zone="Europe/Moscow"))
    assert told(days, "Calls", "calls", -1) == told(whole, "Calls", "calls")
    assert len(days.tables[2].rows) > 1


@pytest.mark.parametrize(
    ("report", "metric"),
    [
        (report.name, column.metric)
        for report in REPORTS.values()
        for section in report.sections
        for column in section.columns
        if set(CATALOGUE[column.metric].sources) <= {"call", "line", "agent", "node", "number"}
        and CATALOGUE[column.metric].reader is None
        and CATALOGUE[column.metric].unit != "money"
        and not column.directions
        and report.name in ("lines", "categories", "time-to-human", "missed", "agents")
    ],
)
def test_the_calls_behind_a_number_add_up_to_it(report, metric, explained):
    made, books = explained
    number = next(
        told(made[report], table.title, metric, -1 if table.total else 0) if table.rows else 0
        for table in made[report].tables
        if metric in {head.id for head in table.heads}
    )
    told_by_calls = explain_report(books, REPORTS[report], metric, FOREVER._replace(limit=1000))
    top = bottom = 0.0
    for table in told_by_calls.tables:
        ids = [head.id for head in table.heads]
        top += sum(row[ids.index("part")] for row in table.rows)
        bottom += sum(row[ids.index("below")] for row in table.rows) if "below" in ids else 0
    wanted = top if CATALOGUE[metric].bottom is None else top / bottom if bottom else None
    assert number == (None if wanted is None else pytest.approx(wanted))


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    journal = made_journal(80, per_second=0.001) + b"".join(
        (JOURNALS / f"{name}.csv").read_bytes() for name in ("called_back", "called_back_in_vain")
    )
    books = load(folder, f"sqlite:///{folder}/ledger.sqlite", journal)
    yield {name: make_report(books, report, FOREVER) for name, report in REPORTS.items()}, books
    books.close()


def test_every_call_of_the_time_is_either_in_below_or_out(many):
    made = explain_report(many, REPORTS["lines"], "sl_offered", FOREVER._replace(limit=1000))
    calls = [row[1] for table in made.tables for row in table.rows]
    assert len(calls) == len(set(calls)) == 80


def test_the_debt_list_says_until_when_who_was_promised_a_call(explained):
    made, _ = explained
    (table,) = [table for table in made["missed"].tables if table.title.startswith("Still owed")]
    heads = [head.id for head in table.heads]
    told = {row[heads.index("number")]: row[heads.index("promised")] for row in table.rows}
    assert told["+79210007823"].startswith("2026-")
    assert {until for number, until in told.items() if not number.startswith("+792100078")} == {""}


def test_a_number_of_another_report_is_not_explained(many):
    with pytest.raises(DeskError, match=r"lines has no node_hits.*ivr report categories --explain node_hits"):
        explain_report(many, REPORTS["lines"], "node_hits", FOREVER)


def test_every_metric_can_be_opened_in_some_report_but_those_of_projects_cards(explained):
    _, books = explained
    closed = {name for name in CATALOGUE if not any(opens(books, report, name) for report in REPORTS.values())}
    assert closed == {name for name, one in CATALOGUE.items() if one.sources == ("card",)}


def opens(books, report, name):
    with suppress(DeskError):
        return bool(explain_report(books, report, name, FOREVER))
    return False


def test_a_filter_that_a_number_does_not_know_is_refused_with_the_reason(many):
    with pytest.raises(DeskError, match=r"told by version: it is of visits to lines.*desk, line, cat"):
        explain_report(many, REPORTS["lines"], "offered", FOREVER._replace(where={"version": frozenset({"1"})}))
    with pytest.raises(DeskError, match="agents_c is worked out by a formula"):
        explain_report(many, REPORTS["staffing"], "agents_c", FOREVER)


def test_the_calls_over_the_budget_are_listed_the_newest_first(many):
    made = make_report(many, REPORTS["time-to-human"], FOREVER._replace(given=Given(within=1), limit=5))
    table = made.tables[-1]
    assert len(table.rows) == 5
    assert [row[0] for row in table.rows] == sorted((row[0] for row in table.rows), reverse=True)
    assert all(row[-1] > 1 for row in table.rows)


def test_each_desk_is_held_against_its_own_budget(many):
    """The same calls, when the desk promises a second and when it promises an hour."""
    loose = FOREVER._replace(budgets={"demo": 3600}, limit=1000)
    strict = FOREVER._replace(budgets={"demo": 1}, limit=1000)
    by_option = FOREVER._replace(given=Given(within=1), limit=1000)
    met, broken, told_so = (make_report(many, REPORTS["time-to-human"], ask) for ask in (loose, strict, by_option))
    assert told(met, "By category", "within_budget") == 1.0
    assert told(broken, "By category", "within_budget") == told(told_so, "By category", "within_budget") < 1.0
    assert met.tables[-1].rows == ()
    assert broken.tables[-1].rows == told_so.tables[-1].rows != ()
    assert broken.tables[-1].note == "Budget: demo 1 s, by the desks' files; --within sets one for all."


def test_two_budgets_are_added_up_by_their_calls_also_under_a_page_of_days(tmp_path):
    two = made_journal(30, per_second=0.001) + made_journal(20, seed=3, begin=1_796_000_000, per_second=0.001).replace(
        b"desk=demo", b"desk=shop"
    )
    books = load(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", two)
    calls = [call for call in books.calls(0, FOREVER.until, {}) if call.connected_at is not None and call.desk]
    middle = sorted((call.connected_at - call.began_at) // 1_000_000 for call in calls)[len(calls) // 2]
    ask = A_YEAR._replace(budgets={"demo": middle, "shop": middle + 1}, zone="Europe/Moscow", limit=1000)
    kept = [call.connected_at - call.began_at <= ask.budget_of(call.desk) * 1_000_000 for call in calls]
    assert {call.desk for call in calls} == {"demo", "shop"}
    assert 0 < sum(kept) < len(kept)
    made = make_report(books, REPORTS["time-to-human"], ask)
    assert told(made, "By category", "within_budget", -1) == pytest.approx(sum(kept) / len(kept))
    late = {call.id for call, met in zip(calls, kept, strict=True) if not met}
    assert {row[1] for row in made.tables[-1].rows} == late
    days = make_report(books, REPORTS["time-to-human"], ask._replace(time="day", rows=1))
    assert days.tables[0].note.startswith("The newest 1 day")
    assert told(days, "By category", "within_budget", -1) == pytest.approx(sum(kept) / len(kept))
    opened = explain_report(books, REPORTS["time-to-human"], "within_budget", ask)
    parts = [row[3] for table in opened.tables for row in table.rows]
    assert sum(parts) == sum(kept)
    books.close()


def test_filters_are_the_keys_of_the_totals():
    assert filters_of(REPORTS["lines"])[:3] == ("desk", "number", "version")
    assert dataclasses.is_dataclass(REPORTS["lines"])


def test_a_table_by_time_shows_the_newest_days_whole_and_says_how_many_more_there_are(many):
    ask = FOREVER._replace(time="half hour", zone="Europe/Moscow")
    every = make_report(many, REPORTS["lines"], ask._replace(rows=None)).tables[0]
    page = make_report(many, REPORTS["lines"], ask._replace(rows=3)).tables[0]
    shown = {row[2][:10] for row in page.rows}
    assert len(shown) < len({row[2][:10] for row in every.rows})
    assert list(page.rows) == [row for row in every.rows if row[2][:10] in shown], "the newest, and whole days"
    assert max(row[2] for row in every.rows)[:10] in shown
    assert page.total == pytest.approx(every.total), "the last row is of all"
    assert page.note.startswith("The newest")
    assert "--limit" in page.note
    assert every.note == ""


@pytest.mark.parametrize("time", ["day", "week", "month", "weekday"])
def test_a_page_that_holds_everything_is_the_whole_table(time, many):
    ask = A_YEAR._replace(time=time, zone="Europe/Moscow")
    every = make_report(many, REPORTS["agents"], ask._replace(rows=None))
    assert make_report(many, REPORTS["agents"], ask._replace(rows=100_000)).tables == every.tables


def test_totals_that_are_looked_through_once_have_the_same_histograms():
    sums = {"talk_length.3": 2, "talk_length.12": 1, "talk_length.1": 4, "talk": 9, "gone_on.full": 1, "none.4": 0}
    assert histogram(Sorted(sums), "talk_length") == histogram(sums, "talk_length") == [(1, 4), (3, 2), (12, 1)]
    assert histogram(Sorted(sums), "none") == []


def test_the_lines_can_be_told_by_an_agent_as_far_as_he_has_to_do_with_them(books):
    made = make_report(books, REPORTS["lines"], FOREVER._replace(where={"agent": frozenset({"201"})}))
    (table,) = made.tables
    assert table.title == "What agents did on the lines"
    assert told(made, table.title, "talks_in") == 1
    assert len(made.notes) == 3


def test_a_list_that_does_not_know_a_filter_is_left_out_and_that_is_said(books):
    made = make_report(books, REPORTS["missed"], FOREVER._replace(where={"category": frozenset({""})}))
    assert "“Still owed a talk” is left out: it cannot be told by category." in made.notes
    assert not any(table.title.startswith("Still owed") for table in made.tables)
