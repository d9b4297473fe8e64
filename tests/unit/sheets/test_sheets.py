"""The formats of a report: the same numbers in each, and nothing that a spreadsheet or browser would run."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from html.parser import HTMLParser

import pytest
from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from rich.console import Console

from ivr.desk.made_report import Ask, Head, MadeReport, Table
from ivr.ledger.gap import Freshness, Gap
from ivr.sheets.excel import write_excel
from ivr.sheets.page import as_page
from ivr.sheets.plain import as_csv, as_json
from ivr.sheets.terminal import print_report
from ivr.sheets.words import shown

EVIL = '=HYPERLINK("http://evil","x")'
SCRIPT = "<script>alert(1)</script>"
HEADS = (
    Head("line", "line", "text"),
    Head("offered", "offered", "count", 1),
    Head("sl_offered", "SL of offered", "share", 1, 0.8),
    Head("asa", "mean wait", "seconds", 1),
)
ROWS = (("first", 1234, 0.831, 8.4), ("second", 70, 0.5, 3725.5), (EVIL, 1, None, 0.0), (SCRIPT, 2, 1.0, 61.0))
TOTAL = ("all", 1307, 0.7, 100.25)
MADE = MadeReport(
    "lines",
    "Lines",
    Ask(1_795_000_500_000_000 // 900_000_000 * 900_000_000, 1_795_100_000_000_000 // 900_000_000 * 900_000_000),
    (Table("Visits: [first] and 'second'", HEADS, ROWS, TOTAL, ("offered",)), Table("Nothing", HEADS, ())),
    Freshness(1_795_050_000_000_000, (Gap(1_795_049_000_000_000, None, "desk1", "disk", 0, "5 MB free"),), 2),
    ("A note.",),
)


def test_a_book_holds_the_same_numbers(tmp_path):
    path = tmp_path / "lines.xlsx"
    write_excel(MADE, path)
    book = load_workbook(path)
    sheet = book.worksheets[0]
    rows = list(sheet.iter_rows(min_row=6, max_row=10, max_col=4, values_only=True))
    assert [row[:3] for row in rows[:4]] == [row[:3] for row in ROWS]
    assert rows[1][3].total_seconds() == pytest.approx(3725.5) if hasattr(rows[1][3], "total_seconds") else True
    assert rows[4][:3] == TOTAL[:3]
    assert sheet._charts
    assert book.worksheets[-1]["A4"].value == "offered"


def test_a_sheet_has_a_name_of_whole_words(tmp_path):
    heads = tuple(Head(name, name, "text") for name in ("number", "call", "agent"))
    listed = Table("Who called again and again, each time within 7 days", heads, (("1", "2", "3"),), listing=True)
    path = tmp_path / "x.xlsx"
    write_excel(MadeReport("x", "x", MADE.ask, (listed, listed), MADE.freshness), path)
    assert load_workbook(path).sheetnames == ["Who called again and again", "Who called again and again 1", "Meaning"]


def test_many_rows_are_a_chart_of_lying_bars(tmp_path):
    rows = tuple((str(number), number, 0.5, 1.0) for number in range(60))
    path = tmp_path / "x.xlsx"
    agents = Table("Agents", HEADS, rows, None, ("offered",))
    write_excel(MadeReport("x", "x", MADE.ask, (agents,), MADE.freshness), path)
    (chart,) = load_workbook(path).worksheets[0]._charts
    assert chart.barDir == "bar"
    assert chart.x_axis.scaling.orientation == "maxMin", "the first row is on top"


def test_a_text_that_looks_like_a_formula_stays_a_text_in_a_book(tmp_path):
    """S11: no formula, no link."""
    path = tmp_path / "lines.xlsx"
    write_excel(MADE, path)
    cell = load_workbook(path).worksheets[0]["A8"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (EVIL, "s", None)


def test_json_holds_the_same_numbers_with_ids_and_versions():
    told = json.loads(as_json(MADE))
    assert told["tables"][0]["rows"] == [list(row) for row in ROWS]
    assert told["tables"][0]["total"] == list(TOTAL)
    assert told["tables"][0]["columns"][1] == {"id": "offered", "title": "offered", "unit": "count", "version": 1}
    assert (told["complete_to"], told["calls_in_progress"]) == ("2026-11-19T01:00:00+00:00", 2)
    assert [(gap["kind"], gap["details"]) for gap in told["gaps"]] == [("disk", "5 MB free")]


def test_csv_holds_the_same_numbers_and_no_formula():
    rows = list(csv.reader(io.StringIO(as_csv(MADE))))
    assert rows[4] == ["line", "offered", "SL of offered", "mean wait, s"]
    assert rows[5] == ["line", "offered", "sl_offered", "asa"]
    assert rows[6] == ["first", "1234", "0.831", "8.4"]
    assert rows[8] == [f"'{EVIL}", "1", "", "0.0"]
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


@pytest.mark.parametrize("text", ["=1+1", "+7812", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_csv_prefixes_whatever_a_spreadsheet_would_run(text):
    made = MadeReport("x", "x", MADE.ask, (Table("t", HEADS[:1], ((text,),)),), MADE.freshness)
    assert [f"'{text}"] in list(csv.reader(io.StringIO(as_csv(made), newline="")))


class Tags(HTMLParser):
    """Collects tags, and whatever would be fetched."""

    def __init__(self):
        super().__init__()
        self.tags, self.fetched, self.texts = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.texts.append(data)


def test_the_page_has_no_script_and_fetches_nothing():
    """S11: what came from outside is text."""
    page = Tags()
    page.feed(as_page(MADE))
    assert "script" not in page.tags
    assert page.fetched == []
    assert SCRIPT in page.texts
    assert {"1,234", "83.1 % ✓", "50.0 % ✗", "1:02:06", "8.4 s"} <= set(page.texts)
    assert any(text.startswith("Complete to 2026-11-19 01:00:00 UTC; 1 gap open; 2 calls") for text in page.texts)


def on_screen(made):
    page = io.StringIO()
    print_report(made, Console(file=page, width=120))
    return page.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_shows_the_same_numbers_within_its_width(width):
    page = io.StringIO()
    print_report(MADE, Console(file=page, width=width))
    text = page.getvalue()
    assert all(len(row) <= width for row in text.splitlines())
    assert all(word in text for word in ("1,234", "83.1 % ✓", "50.0 % ✗", "1:02:06", "A note.", "offered v1"))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "count", "–"),
        (12345, "count", "12,345"),
        (0.12345, "share", "12.3 %"),
        (59.94, "seconds", "59.9 s"),
        (59.96, "seconds", "1:00"),
        (3599.6, "seconds", "1:00:00"),
        (35_999.0, "seconds", "9:59:59"),
        (360_000.0, "seconds", "100:00 h"),
        (12.5, "money", "12.50"),
        (0.333, "per call", "0.33"),
    ],
)
def test_values_read_as_people_write_them(value, unit, text):
    assert shown(value, Head("x", "x", unit)) == text


DAYS = MadeReport(
    "agent-day",
    "Days",
    MADE.ask,
    (
        Table(
            "Days",
            (
                Head("agent", "agent", "text"),
                Head("hours", "signed in", "seconds", 1),
                Head("hours_difference", "±", "seconds"),
                Head("unusual", "unusual", "text"),
            ),
            (("201", 7200.0, -21_600.0, "talk 3.4 × his usual Monday (38 min)"), ("202", 28_800.0, None, "")),
        ),
    ),
    MADE.freshness,
)


def test_a_sentence_stands_behind_the_numbers_and_not_at_all_when_there_is_none():
    assert re.search(r"201 +2:00:00 +-6:00:00 +talk 3.4 ×", on_screen(DAYS))
    table = DAYS.tables[0]
    silent = dataclasses.replace(table, rows=tuple((*row[:-1], "") for row in table.rows))
    assert "unusual" not in on_screen(dataclasses.replace(DAYS, tables=(silent,)))


def test_a_time_below_zero_can_be_shown_by_a_spreadsheet(tmp_path):
    path = tmp_path / "days.xlsx"
    write_excel(DAYS, path)
    assert load_workbook(path).epoch == CALENDAR_MAC_1904
    assert shown(-90.0, DAYS.tables[0].heads[2]) == "-1:30"
