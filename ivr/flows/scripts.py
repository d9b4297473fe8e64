"""Whether the handlers that a desk's `script` nodes name are there. They are read, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path as File

from ivr.flows.model import Desk, Script
from ivr.written.mistake import Mistake, nearest


def script_mistakes(desk: Desk, folder: File) -> Iterator[Mistake]:
    """Walk over script nodes whose file or function is missing. `folder` is the desk's `scripts` folder."""
    for name, node in desk.flow.items():
        if not isinstance(node, Script):
            continue
        path = ("flow", name, "script")
        file, _, function = node.script.partition(":")
        try:
            tree = ast.parse((folder / file).read_bytes())
        except OSError:
            yield Mistake(path, f"there is no `{file}` in {folder}", "put the handler there, or mend the name")
            continue
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            where = f" in line {line}" if line else ""
            yield Mistake(path, f"`{file}` is no Python that can be read{where}", "mend the handler")
            continue
        functions = {part.name for part in tree.body if isinstance(part, ast.FunctionDef)}
        if function not in functions:
            yield Mistake(path, f"`{file}` has no function `{function}`", nearest(function, functions))
