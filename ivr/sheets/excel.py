"""A report as an Excel book: a sheet a table, with its chart, and a sheet that says what the numbers mean."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import xlsxwriter

from ivr.desk.made_report import Head, MadeReport, Table, Value
from ivr.reports.catalogue import CATALOGUE
from ivr.sheets.words import freshness, heading

_FORMS = {"share": "0.0%", "seconds": "[h]:mm:ss.0", "count": "#,##0", "money": "#,##0.00", "per call": "0.00"}
_DAY = 86_400
_NAME = 28
"""Letters of a sheet's name: 31 are allowed, and a number may follow."""
_HEAD_ROW = 3
_CHART_ROWS = 120
"""Bars that a chart can show before nobody looks through them."""
_UPRIGHT, _BAR = 12, 18
"""Upright bars whose names can be read; more of them lie, each so many pixels high."""


def write_excel(made: MadeReport, path: Path) -> None:
    """Write the book. Texts are written as texts: no caller's name becomes a formula."""
    texts = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    # Excel shows a time below zero in books of this calendar alone; no cell is a date.
    book = xlsxwriter.Workbook(str(path), {**texts, "date_1904": True})
    try:
        looks = _Looks(book)
        names: set[str] = set()
        for table in made.tables:
            _write_table(book, looks, made, table, _sheet_name(table.title, names))
        _write_meanings(book, looks, made)
    finally:
        book.close()


class _Looks:
    """The cells' formats."""

    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.quiet = book.add_format({"font_color": "#666666"})
        self.head = book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "align": "right", "bg_color": "#EEF2F5"}
        )
        self.head_text = book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "bg_color": "#EEF2F5"}
        )
        self.ids = book.add_format({"font_color": "#888888", "font_size": 8, "align": "right"})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.good = book.add_format({"font_color": "#1A7F37"})
        self.bad = book.add_format({"font_color": "#C0392B"})
        self.units = {unit: book.add_format({"num_format": form}) for unit, form in _FORMS.items()}
        self.sums = {
            unit: book.add_format({"num_format": form, "bold": True, "top": 1}) for unit, form in _FORMS.items()
        }
        self.sum_text = book.add_format({"bold": True, "top": 1})


def _write_table(book: Any, looks: _Looks, made: MadeReport, table: Table, name: str) -> None:
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, f"{made.title}: {table.title}", looks.title)
    sheet.write_string(1, 0, heading(made), looks.quiet)
    sheet.write_string(2, 0, freshness(made), looks.quiet)
    for column, head in enumerate(table.heads):
        sheet.write_string(_HEAD_ROW, column, head.title, looks.head_text if head.unit == "text" else looks.head)
        sheet.write_string(_HEAD_ROW + 1, column, head.id if head.version else "", looks.ids)
        sheet.set_column(column, column, _width(table, column))
    first = _HEAD_ROW + 2
    for row, values in enumerate(table.rows):
        _write_row(sheet, looks.units, None, first + row, values, table.heads)
    last = first + len(table.rows) - 1
    if table.total:
        _write_row(sheet, looks.sums, looks.sum_text, last + 1, table.total, table.heads)
    if table.note:
        sheet.write_string(last + 3, 0, table.note, looks.quiet)
    if table.rows:
        _mark_targets(sheet, looks, table, first, last)
        _add_chart(book, sheet, table, name, first, last)
    # A list has texts all over: only the first stays in sight.
    keys = next((place for place, head in enumerate(table.heads) if head.unit != "text"), 0)
    sheet.freeze_panes(first, 1 if table.listing else keys)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEAD_ROW)


def _write_row(
    sheet: Any, looks: dict[str, Any], text: Any, row: int, values: tuple[Value, ...], heads: tuple[Head, ...]
) -> None:
    for column, (value, head) in enumerate(zip(values, heads, strict=True)):
        if isinstance(value, str):
            sheet.write_string(row, column, value, text)
        elif value is not None:
            sheet.write_number(row, column, value / _DAY if head.unit == "seconds" else value, looks.get(head.unit))
        elif text:
            sheet.write_blank(row, column, None, text)


def _mark_targets(sheet: Any, looks: _Looks, table: Table, first: int, last: int) -> None:
    for column, head in enumerate(table.heads):
        if head.at_least is not None:
            for criteria, look in ((">=", looks.good), ("<", looks.bad)):
                rule = {"type": "cell", "criteria": criteria, "value": head.at_least, "format": look}
                sheet.conditional_format(first, column, last, column, rule)


def _add_chart(book: Any, sheet: Any, table: Table, name: str, first: int, last: int) -> None:
    columns = [column for column, head in enumerate(table.heads) if head.version and head.id in table.chart]
    if not columns or last - first >= _CHART_ROWS:
        return
    many = last - first >= _UPRIGHT
    chart = book.add_chart({"type": "bar" if many else "column", "subtype": "stacked"})
    texts = max(1, sum(head.unit == "text" for head in table.heads))
    for column in columns:
        chart.add_series(
            {
                "name": [name, _HEAD_ROW, column],
                "categories": [name, first, 0, last, texts - 1],
                "values": [name, first, column, last, column],
                "gap": 60,
            }
        )
    chart.set_title({"name": table.title, "name_font": {"size": 12}})
    chart.set_legend({"position": "bottom"})
    grid = {"major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}}}
    if many:
        chart.set_y_axis({"reverse": True, "interval_unit": 1, "major_gridlines": {"visible": False}})
        chart.set_x_axis(grid)
    else:
        chart.set_y_axis(grid)
    chart.set_size({"width": 720, "height": 100 + _BAR * (last - first + 1) if many else 320})
    sheet.insert_chart(last + 5, 0, chart)


def _write_meanings(book: Any, looks: _Looks, made: MadeReport) -> None:
    sheet = book.add_worksheet("Meaning")
    sheet.write_string(0, 0, "What the numbers mean", looks.title)
    for column, (title, width) in enumerate(
        (("id", 22), ("version", 8), ("name", 30), ("formula", 50), ("counted in", 50), ("left out", 50))
    ):
        sheet.write_string(2, column, title, looks.head_text)
        sheet.set_column(column, column, width)
    ids = dict.fromkeys(head.id for table in made.tables for head in table.heads if head.id in CATALOGUE)
    for row, one in enumerate(map(CATALOGUE.__getitem__, ids), 3):
        texts = (one.id, str(one.version), one.name, one.formula, one.counts, one.leaves_out)
        for column, text in enumerate(texts):
            sheet.write_string(row, column, text, looks.wrap)
    for row, note in enumerate(made.notes, 4 + len(ids)):
        sheet.write_string(row, 0, note)


def _width(table: Table, column: int) -> float:
    head = table.heads[column]
    if head.unit != "text":
        return 11
    texts = [str(row[column]) for row in table.rows[:500]]
    return min(40, max(10, *(len(text) + 2 for text in (head.title, *texts))))


def _sheet_name(title: str, taken: set[str]) -> str:
    """Return a name that Excel allows: 31 letters, none that means something in a formula, not twice."""
    name = re.sub(r"[\[\]:*?/\\'\s]+", " ", title).strip()
    if len(name) > _NAME:
        name = name[: _NAME + 1].rpartition(" ")[0] or name[:_NAME]
    name = name.rstrip(" ,;.") or "Table"
    while name.lower() in taken:
        name = f"{name[:28]} {len(taken)}"
    taken.add(name.lower())
    return name
