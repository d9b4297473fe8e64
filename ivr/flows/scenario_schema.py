"""The JSON Schema of scenario files for editors: the words that `ivr.flows.scenario_file` knows."""

from __future__ import annotations

from typing import Any

from ivr.flows.scalars import NUMBER
from ivr.flows.scenario import ENDS
from ivr.flows.scenario_file import KEYS

_PROMPTS = {"type": "array", "items": {"type": "string"}, "description": "prompt ids, in order"}


def json_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12) of a desk's scenarios."""
    word = {"type": ["string", "null"]}
    properties: dict[str, Any] = {
        "number": {
            "type": "string",
            "pattern": NUMBER,
            "description": "the number dialled; the desk's first when left out",
        },
        "from": {"type": "string", "pattern": NUMBER, "description": "the caller's number"},
        "keys": {"type": "string", "pattern": f"^{KEYS}$", "description": "a key for each question; - is silence"},
        "at": {"type": "string", "description": "2026-12-31T18:00, in the desk's zone"},
        "known": {"type": "boolean", "description": "the ledger has an answered call of his"},
        "told before": word | {"description": "the source that the ledger knows of him"},
        "nobody at": {"type": "array", "items": {"type": "string"}, "description": "lines without an agent"},
        "hangs up at": word | {"description": "the prompt at which he hangs up"},
        "hears": _PROMPTS,
        "category": word,
        "source": word,
        "line": word | {"description": "the only line that he comes to"},
        "lines": {"type": "array", "items": {"type": "string"}, "description": "all lines that he comes to"},
        "whisper": _PROMPTS,
        "notes": {"type": "array", "items": {"type": "string"}, "description": "facts, as `key node=reason key=1`"},
        "ends": {"enum": list(ENDS)},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenarios of a desk",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "object", "additionalProperties": False, "properties": properties},
    }
