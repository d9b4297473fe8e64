"""A table's chart as an SVG picture: a stacked bar a row."""

from __future__ import annotations

from html import escape

from ivr.desk.made_report import Table
from ivr.sheets.words import shown

_MOST = 24
_LEFT, _WIDTH, _BAR, _STEP = 190, 560, 16, 24


def bars(table: Table) -> str:
    """Return the picture; nothing for a table without a chart, or with more rows than a picture can show."""
    columns = [place for place, head in enumerate(table.heads) if head.version and head.id in table.chart]
    if not columns or not 1 < len(table.rows) <= _MOST:
        return ""
    texts = [place for place, head in enumerate(table.heads) if head.unit == "text"]
    sums = [sum(_number(row[place]) for place in columns) for row in table.rows]
    whole = max(sums)
    if whole <= 0:
        return ""
    picture = []
    for number, (row, amount) in enumerate(zip(table.rows, sums, strict=True)):
        top, left = number * _STEP + 4, float(_LEFT)
        name = " · ".join(str(row[place]) for place in texts)
        name = name if len(name) <= 28 else f"{name[:27]}…"
        picture.append(f'<text class="name" x="{_LEFT - 8}" y="{top + 12}" text-anchor="end">{escape(name)}</text>')
        for colour, place in enumerate(columns):
            width = _number(row[place]) / whole * _WIDTH
            tip = escape(f"{table.heads[place].title}: {shown(row[place], table.heads[place])}")
            picture.append(
                f'<rect class="s{colour % 5}" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_BAR}">'
                f"<title>{tip}</title></rect>"
            )
            left += width
        told = escape(shown(amount, table.heads[columns[0]]))
        picture.append(f'<text x="{left + 6:.1f}" y="{top + 12}">{told}</text>')
    below = len(table.rows) * _STEP + 10
    picture.append(_legend(table, columns, below))
    size = f"{_LEFT + _WIDTH + 90} {below + 24}"
    about = escape(table.title)
    return f'<figure><svg viewBox="0 0 {size}" role="img" aria-label="{about}">{"".join(picture)}</svg></figure>'


def _legend(table: Table, columns: list[int], top: int) -> str:
    told, left = [], _LEFT
    for colour, place in enumerate(columns):
        title = table.heads[place].title
        told.append(f'<rect class="s{colour % 5}" x="{left}" y="{top}" width="10" height="10"/>')
        told.append(f'<text x="{left + 15}" y="{top + 9}">{escape(title)}</text>')
        left += 34 + 7 * len(title)
    return "".join(told)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) and value > 0 else 0.0
