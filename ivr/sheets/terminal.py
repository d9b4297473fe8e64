"""A report in the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from ivr.desk.made_report import Head, MadeReport, Table, Value
from ivr.sheets.words import freshness, heading, mark, meanings, shown

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
    sheet = RichTable(
        title=f"[bold]{escape(table.title)}[/][dim]{escape(title)}[/]",
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_footer=table.total is not None,
    )
    places = [place for place in range(len(table.heads)) if place not in alone]
    first = True
    for place in places:
        head = table.heads[place]
        total = "" if table.total is None else _cell(table.total[place], head)
        if first and table.total is not None:
            total = "all"
        first = False
        text = head.unit == "text"
        sheet.add_column(
            escape(head.title),
            footer=f"[bold]{total}[/]",
            justify="left" if text else "right",
            overflow="fold",
            min_width=max(map(len, head.title.split())),
        )
    for row in table.rows:
        sheet.add_row(*(_cell(row[place], table.heads[place]) for place in places))
    console.print(sheet, highlight=False)
    if table.note:
        console.print(f"[dim]{escape(table.note)}[/]", highlight=False)


def _cell(value: Value, head: Head) -> str:
    text, sign = escape(shown(value, head)), mark(value, head)
    return f"[{_COLOURS[sign]}]{text} {sign}[/]" if sign else text


def _alone(table: Table) -> set[int]:
    """Return the keys that are the same in every row: they are told in the title. One key always stays."""
    if table.listing:
        return set()
    texts = [place for place, head in enumerate(table.heads) if head.unit == "text"]
    same = [place for place in texts if len({row[place] for row in table.rows}) == 1]
    return set(same if len(same) < len(texts) else same[:-1])
