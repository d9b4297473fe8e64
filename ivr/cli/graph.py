"""`ivr graph`: a desk drawn."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def graph(
    desk: Annotated[str, typer.Argument(help="A desk's name, or its file.")],
    form: Annotated[
        Literal["tree", "mermaid", "svg"],
        typer.Option("--format", help="For a terminal, for a page, or a picture."),
    ] = "tree",
) -> None:
    """Draw a desk's flow: its nodes, keys, categories, lines and where they overflow to."""
    from ivr.cli.play import read_named
    from ivr.flows.chart import svg
    from ivr.flows.drawing import mermaid, tree

    its, _ = read_named(desk)
    drawn = {"tree": lambda: "\n".join(tree(its)) + "\n", "mermaid": lambda: mermaid(its), "svg": lambda: svg(its)}
    print(drawn[form](), end="")
