"""`ivr schema`: what an editor needs to know of the files that people write."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer


def schema(
    of: Annotated[Literal["desk", "project", "plan", "scenarios"], typer.Argument(help="Of which files.")] = "desk",
) -> None:
    """Print the JSON Schema of desk files, project files, plan files or scenario files, for editors."""
    if of == "project":
        from ivr.reports.project_schema import json_schema
    elif of == "plan":
        from ivr.desk.plan_schema import json_schema
    elif of == "scenarios":
        from ivr.flows.scenario_schema import json_schema
    else:
        from ivr.flows.schema import json_schema
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
