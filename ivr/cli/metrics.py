"""`ivr metrics`: what every number of the reports means."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ivr.cli.options import Json

if TYPE_CHECKING:
    from ivr.reports.metric import Metric


def metrics(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="A metric's id; all when left out.")] = "",
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page docs/metrics.md.")] = False,
) -> None:
    """Print the metrics: ids, formulas, what is counted and what is not, units and versions."""
    from ivr.reports.catalogue import CATALOGUE, metric

    found = [metric(wanted)] if wanted else list(CATALOGUE.values())
    if markdown:
        from ivr.reports.page import metrics_page

        print(metrics_page(found), end="")
    elif as_json:
        told = [_plain(one) for one in found]
        print(json.dumps(told[0] if wanted else told, ensure_ascii=False, indent=1))
    elif wanted:
        _show_one(found[0])
    else:
        _show_all(found)


def _plain(metric: Metric) -> dict[str, Any]:
    from ivr.reports.cell import filters_of

    return {
        "id": metric.id,
        "name": metric.name,
        "version": metric.version,
        "unit": metric.unit,
        "formula": metric.formula,
        "counts": metric.counts,
        "leaves_out": metric.leaves_out,
        "directions": list(metric.directions),
        "same_as": metric.same_as,
        "sources": list(metric.sources),
        "filters": list(filters_of(metric)),
    }


def _show_one(metric: Metric) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=None, pad_edge=False, show_header=False, title=f"{metric.id}: {metric.name}", title_justify="left"
    )
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in list(_plain(metric).items())[2:]:
        told = ", ".join(value) if isinstance(value, list) else str(value)
        if told:
            table.add_row(name.replace("_", " "), told)
    Console().print(table, markup=False)


def _show_all(found: list[Metric]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("v", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("formula", overflow="fold")
    for metric in found:
        table.add_row(metric.id, str(metric.version), metric.unit, metric.formula)
    console = Console()
    console.print(table, markup=False)
    console.print(f"{len(found)} metrics; `ivr metrics ID` tells what one counts and leaves out.", style="dim")
