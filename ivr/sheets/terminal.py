"""A report in the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from ivr.desk.made_report import Head, MadeReport, Table, Value
from ivr.sheets.words import freshness, heading, mark, meanings, shown

_LONG = frozenset({"why", "unusual", "said"})
"""Columns of sentences; all others are whole words or numbers, and break nowhere."""
_LEAST_LONG = 24
_GAP = 2
"""Blanks between two columns."""
_COLOURS = {"✓": "green", "✗": "red"}


def print_report(made: MadeReport, console: Console) -> None:
    """Print all tables, then what the columns mean and how far the numbers can be trusted."""
    console.print(f"[bold]{escape(made.title)}[/]  [dim]{escape(heading(made))}[/]", highlight=False)
    for table in made.tables:
        console.print()
        _print_table(table, console)
    console.print()
    for note in made.notes:
        console.print(escape(note), highlight=False)
    if ids := meanings(made):
        console.print(f"[dim]Columns: {escape(', '.join(ids))}. See `ivr metrics ID`.[/]", highlight=False)
    console.print(f"[dim]{escape(freshness(made))}[/]", highlight=False)


def _print_table(table: Table, console: Console) -> None:
    if not table.rows:
        console.print(f"[bold]{escape(table.title)}[/]: nothing.", highlight=False)
        return
    alone = _alone(table)
    title = "".join(
        f" · {head.title} {table.rows[0][place]}" for place, head in enumerate(table.heads) if place in alone
    )
    console.print(f"[bold]{escape(table.title)}[/][dim]{escape(title)}[/]", highlight=False)
    left_out = alone | _empty(table)
    for places in _fitting(table, [place for place in range(len(table.heads)) if place not in left_out], console.width):
        console.print(_sheet(table, places, console.width), highlight=False)
    if table.note:
        console.print(f"[dim]{escape(table.note)}[/]", highlight=False)


def _sheet(table: Table, places: list[int], width: int) -> RichTable:
    widths = _spread(table, places, width)
    sheet = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_footer=table.total is not None)
    for place in places:
        head = table.heads[place]
        total = "" if table.total is None else "all" if place == places[0] else _cell(table.total[place], head)
        sheet.add_column(
            escape(head.title),
            footer=f"[bold]{total}[/]",
            justify="left" if head.unit == "text" else "right",
            width=widths.get(place),
        )
    for row in table.rows:
        sheet.add_row(*(_cell(row[place], table.heads[place]) for place in places))
    return sheet


def _fitting(table: Table, places: list[int], width: int) -> list[list[int]]:
    """Cut columns into as many tables as the width asks for, each with the keys in front: nothing is ever cut off."""
    keys = places[:1] if table.listing else [place for place in places if _is_key(table.heads[place])]
    taken = sum(_width(table, place) + _GAP for place in keys)
    found: list[list[int]] = []
    room = 0
    for place in (place for place in places if place not in keys):
        needed = _LEAST_LONG if table.heads[place].id in _LONG else _width(table, place) + _GAP
        if not found or room < needed:
            found.append(list(keys))
            room = width - taken - _GAP  # and the table's own edges
        found[-1].append(place)
        room -= needed
    return found or [keys]


def _spread(table: Table, places: list[int], width: int) -> dict[int, int]:
    """Return the columns' widths: what values need, and for titles as much of the rest as there is."""
    widths = {place: _width(table, place) for place in places if table.heads[place].id not in _LONG}
    room = width - sum(wide + _GAP for wide in widths.values()) - _GAP
    if len(widths) < len(places):
        room = 0  # a sentence takes the rest
    while room > 0 and (narrow := [place for place in widths if widths[place] < len(table.heads[place].title)]):
        for place in narrow[:room]:
            widths[place] += 1
        room -= len(narrow)
    return widths


def _width(table: Table, place: int) -> int:
    """Return the width of the longest value, or of the longest word of the title."""
    head = table.heads[place]
    values = [row[place] for row in (*table.rows, *([table.total] if table.total else []))]
    texts = [f"{shown(value, head)} {mark(value, head)}".rstrip() for value in values]
    return max(map(len, (*head.title.split(), *texts)))


def _cell(value: Value, head: Head) -> str:
    text, sign = escape(shown(value, head)), mark(value, head)
    return f"[{_COLOURS[sign]}]{text} {sign}[/]" if sign else text


def _alone(table: Table) -> set[int]:
    """Return the keys that are the same in every row: they are told in the title. One key always stays."""
    if table.listing:
        desks = [place for place, head in enumerate(table.heads) if head.id == "desk"]
        return {place for place in desks if len({row[place] for row in table.rows}) == 1}
    texts = [place for place, head in enumerate(table.heads) if _is_key(head)]
    same = [place for place in texts if len({row[place] for row in table.rows}) == 1]
    return set(same if len(same) < len(texts) else same[:-1])


def _empty(table: Table) -> set[int]:
    """Return the columns of sentences in which nothing stands."""
    long = [place for place, head in enumerate(table.heads) if head.id in _LONG]
    return {place for place in long if not any(row[place] for row in table.rows)}


def _is_key(head: Head) -> bool:
    return head.unit == "text" and head.id not in _LONG
