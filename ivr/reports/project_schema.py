"""The JSON Schema of project files for editors: the words that `ivr.reports.project_file` knows."""

from __future__ import annotations

from typing import Any

from ivr.reports.catalogue import CATALOGUE
from ivr.reports.headings import LANGUAGES
from ivr.reports.project import CALL_COLUMNS, DIRECTIONS, FIELD_KINDS, FILTERS, LONGEST_HEADING, NAME, ROWS

_HEADING = {"type": "string", "minLength": 1, "maxLength": LONGEST_HEADING}
_METRIC = {"enum": sorted(CATALOGUE), "description": "a metric by its id: `ivr metrics`"}


def json_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12) of a project file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A project: outcomes, card fields, a report",
        **_object(
            {
                "project": {"type": "string", "pattern": f"^{NAME}$"},
                "title": _HEADING,
                "language": {"enum": list(LANGUAGES), "description": "of the headings that are not given"},
                "time zone": {"type": "string", "description": "whose days the rows are, as Europe/Moscow"},
                "codes": _parts("lead", "win"),
                "fields": _parts(*FIELD_KINDS),
                "filters": _object({name: _filter(name) for name in FILTERS}),
                "rows": {"enum": list(ROWS)},
                "columns": {"type": "array", "minItems": 1, "items": {"anyOf": [_METRIC, *_columns()]}},
                "calls": {"type": "array", "minItems": 1, "uniqueItems": True, "items": _call_column()},
            }
        ),
        "required": ["project", "columns"],
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _parts(*kinds: str) -> dict[str, Any]:
    """Return a mapping of names to headings, or to a heading and a kind."""
    whole = _object({"name": _HEADING, "is": {"enum": list(kinds)}})
    return {
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {f"^{NAME}$": {"anyOf": [_HEADING, whole | {"required": ["name"]}]}},
    }


def _filter(name: str) -> dict[str, Any]:
    # A number without quotes is a text to the reader, and a number to an editor.
    word: dict[str, Any] = {"enum": list(DIRECTIONS)} if name == "direction" else {"type": ["string", "integer"]}
    return {"anyOf": [word, {"type": "array", "minItems": 1, "items": word}]}


def _columns() -> list[dict[str, Any]]:
    named = {"metric": _METRIC, "code": {"type": "string"}, "sum": {"type": "string"}}
    return [_object({kind: what, "name": _HEADING}) | {"required": [kind]} for kind, what in named.items()]


def _call_column() -> dict[str, Any]:
    return {"anyOf": [{"enum": list(CALL_COLUMNS)}, {"type": "string", "description": "a field of the card"}]}
