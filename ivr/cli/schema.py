"""`ivr schema`: what an editor needs to know of desk files."""

from __future__ import annotations

import json


def schema() -> None:
    """Print the JSON Schema of desk files, for editors."""
    from ivr.flows.schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
