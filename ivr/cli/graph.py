"""`ivr graph`: a desk drawn."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def graph(
    desk: Annotated[str, typer.Argument(help="A desk's name, or its file.")],
    form: Annotated[
        Literal["tree", "mermaid"], typer.Option("--format", help="For a terminal, or for a page.")
    ] = "tree",
) -> None:
    """Draw a desk's flow: its nodes, keys, categories, lines and where they overflow to."""
    from ivr.cli.play import read_named
    from ivr.flows.drawing import mermaid, tree

    its, _ = read_named(desk)
    print(mermaid(its) if form == "mermaid" else "\n".join(tree(its)), end="" if form == "mermaid" else "\n")
