"""The JSON Schema of plan files for editors: the words that `ivr.desk.plan_file` knows."""

from __future__ import annotations

from typing import Any

from ivr.flows.schema import DATE, DAYS
from ivr.reports.catalogue import CATALOGUE
from ivr.reports.plan import TARGETS

_LENGTH = {"type": "string", "pattern": r"^\d+[hms](\d+[ms])*$", "description": "8h, 7h30m; 24h at most"}
_COUNT = {"type": ["integer", "string"], "minimum": 1, "description": "on a day on which he is to be here"}


def json_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12) of a plan file."""
    targets = {name: _LENGTH if CATALOGUE[name].unit == "seconds" else _COUNT for name in TARGETS}
    agent = {
        "type": "object",
        "additionalProperties": False,
        "properties": targets,
        "patternProperties": {DAYS: _LENGTH},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A plan: agents' hours and targets",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "agents": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": False,
                "patternProperties": {"^[0-9]+$": agent},
            },
            "holidays": {"type": "array", "items": {"type": "string", "pattern": DATE}},
        },
        "required": ["agents"],
    }
