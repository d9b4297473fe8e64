"""A report for programs: JSON, and CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

from ivr.desk.made_report import Head, MadeReport, Value
from ivr.sheets.words import freshness, heading

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_json(made: MadeReport) -> str:
    """Return the report as JSON: seconds, shares from 0 to 1, times in UTC; each metric with id and version."""
    return json.dumps(plain(made), ensure_ascii=False, indent=1)


def plain(made: MadeReport) -> dict[str, Any]:
    """Return the report as plain values."""
    fresh = made.freshness
    return {
        "report": made.name,
        "title": made.title,
        "since": _moment(made.ask.since),
        "until": _moment(made.ask.until),
        "zone": made.ask.zone,
        "filters": {name: sorted(values) for name, values in made.ask.where.items()},
        "complete_to": _moment(fresh.complete_to),
        "gaps": [
            {"node": gap.node, "kind": gap.kind, "since": _moment(gap.began_at), "details": gap.details}
            for gap in fresh.open
        ],
        "calls_in_progress": fresh.in_progress,
        "notes": list(made.notes),
        "tables": [
            {
                "title": table.title,
                "columns": [_column(head) for head in table.heads],
                "rows": [list(row) for row in table.rows],
                "total": None if table.total is None else list(table.total),
                "note": table.note,
            }
            for table in made.tables
        ],
    }


def as_csv(made: MadeReport) -> str:
    """Return the report as CSV: the tables one below the other, each under its title and the metrics' ids.

    Numbers are as in JSON. A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    page = io.StringIO()
    sheet = csv.writer(page, lineterminator="\r\n")
    sheet.writerow([safe(made.title), safe(heading(made)), freshness(made)])
    for note in made.notes:
        sheet.writerow([safe(note)])
    for table in made.tables:
        sheet.writerow([])
        sheet.writerow([safe(table.title)])
        sheet.writerow([safe(_title(head)) for head in table.heads])
        sheet.writerow([head.id for head in table.heads])
        for row in (*table.rows, *([table.total] if table.total else [])):
            sheet.writerow([_value(value, head) for value, head in zip(row, table.heads, strict=True)])
        if table.note:
            sheet.writerow([safe(table.note)])
    return page.getvalue()


def safe(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _title(head: Head) -> str:
    return f"{head.title}, s" if head.unit == "seconds" else head.title


def _value(value: Value, head: Head) -> str | float:
    if value is None:
        return ""
    if isinstance(value, str):
        return safe(value)
    return value if head.unit == "count" else round(value, 6)


def _column(head: Head) -> dict[str, Any]:
    told: dict[str, Any] = {"id": head.id, "title": head.title, "unit": head.unit}
    if head.version:
        told["version"] = head.version
    return told | ({} if head.at_least is None else {"target": head.at_least})


def _moment(moment: int | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment / 1e6, UTC).isoformat(timespec="seconds")
