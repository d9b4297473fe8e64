"""The desk file's JSON Schema for editors, generated from the models.

The models keep telephone keys and days in mappings of their own; a file writes them beside the other keys, so here
they become pattern properties of the part that holds them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from ivr.flows.model import Desk
from ivr.flows.scalars import AGENT_NUMBER, NUMBER, PREFIX
from ivr.flows.spelling import written_duration
from ivr.flows.times import WEEKDAYS

_DAY = f"({'|'.join(WEEKDAYS)})"
_CLOCK = r"[0-2]\d:[0-5]\d-[0-2]\d:[0-5]\d"
TIMES = rf"^({_CLOCK}( *, *{_CLOCK})*|closed)$"
"""Opening times, or `closed`."""
DAYS = rf"^{_DAY}(-{_DAY})?$"
WHEN = rf"^{_DAY}(-{_DAY})?( *, *{_DAY}(-{_DAY})?)*( +{_CLOCK}( *, *{_CLOCK})*)?$"
"""Days, and times unless the whole day is meant."""
DATE = r"^(\d{4}-)?\d\d-\d\d$"
_DIGITS = {AGENT_NUMBER, NUMBER, PREFIX}


def json_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12) of a desk file."""
    schema = _tidied(Desk.model_json_schema(by_alias=True))
    parts = schema["$defs"]
    for name in ("Menu", "Source"):
        _unfold(parts[name], "options")
    _hours(parts["Hours"])
    _when(parts["When"]["properties"]["when"])
    short = {"type": "string", "description": "a node, a line, `voicemail`, or `hang up`"}
    parts["Way"] = {"anyOf": [short, parts["Way"]]}
    _languages(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A desk: numbers, flow, lines",
        **schema,
    }


def _tidied(value: Any) -> Any:
    """Return a copy without titles; durations as an author writes them; numbers with or without quotes."""
    if isinstance(value, list):
        return [_tidied(part) for part in value]
    if not isinstance(value, dict):
        return value
    found = {key: _tidied(part) for key, part in value.items() if key != "title" or isinstance(part, dict)}
    if isinstance(default := found.get("default"), str) and default.startswith("P"):
        found["default"] = written_duration(TypeAdapter(timedelta).validate_python(default))
    if found.get("pattern") in _DIGITS:
        found["type"] = ["string", "integer"]
    if "patternProperties" in found:
        found.setdefault("additionalProperties", False)
    return found


def _unfold(part: dict[str, Any], name: str) -> None:
    """Move what a part keeps in one of its mappings to the part itself."""
    part["patternProperties"] = part["properties"].pop(name)["patternProperties"]


def _hours(part: dict[str, Any]) -> None:
    times = {"type": "string", "pattern": TIMES}
    part["properties"].pop("days")
    part["patternProperties"] = {DAYS: times}
    holidays = part["properties"]["holidays"]
    holidays["patternProperties"] = {DATE: times}
    holidays["additionalProperties"] = False


def _when(spans: dict[str, Any]) -> None:
    spans["patternProperties"] = {WHEN: spans["additionalProperties"]}
    spans["additionalProperties"] = False


def _languages(schema: dict[str, Any]) -> None:
    languages = schema["properties"]["languages"]
    schema["properties"]["language"] = languages["items"] | {"description": "the desk's only language"}
    schema["required"].remove("languages")
    schema["oneOf"] = [{"required": ["language"]}, {"required": ["languages"]}]
