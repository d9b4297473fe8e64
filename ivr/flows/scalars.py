"""The kinds of values that a desk file's fields take, each with its pattern for readers and editors."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from ivr.flows import spelling

NAME = r"^[a-z][a-z0-9-]{0,39}$"
KEY = r"^[0-9*#]{1,4}$"
NUMBER = r"^\+?[0-9]{2,20}$"
PREFIX = r"^\+?[0-9]{1,15}$"
WHO = r"^(hidden|\+?[0-9]{1,15})$"
AGENT_NUMBER = r"^[0-9]{2,8}$"
LANGUAGE = r"^[a-z]{2}$"
SCRIPT = r"^[A-Za-z0-9_][A-Za-z0-9_/-]*\.py:[A-Za-z_][A-Za-z0-9_]*$"
DURATION = r"^(?=\d)(\d{1,5}d)?(\d{1,5}h)?(\d{1,5}m)?(\d{1,6}s)?$"

Name = Annotated[str, Field(pattern=NAME)]
Key = Annotated[str, Field(pattern=KEY)]
Number = Annotated[str, Field(pattern=NUMBER)]
Prefix = Annotated[str, Field(pattern=PREFIX)]
Who = Annotated[str, Field(pattern=WHO)]
AgentNumber = Annotated[str, Field(pattern=AGENT_NUMBER)]
Language = Annotated[str, Field(pattern=LANGUAGE)]
PersonName = Annotated[str, AfterValidator(spelling.person_name)]
Target = Annotated[str, AfterValidator(spelling.target)]
Answer = Annotated[str, AfterValidator(spelling.answer)]
TimeZone = Annotated[str, AfterValidator(spelling.time_zone)]
Days = Annotated[str, AfterValidator(spelling.days_key)]
Times = Annotated[str, AfterValidator(spelling.times_value)]
Date = Annotated[str, AfterValidator(spelling.date_key)]
Duration = Annotated[
    timedelta,
    BeforeValidator(spelling.duration, json_schema_input_type=Annotated[str, Field(pattern=DURATION)]),
]
Text: TypeAlias = Annotated[
    str | dict[str, str],
    PlainValidator(spelling.text),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "patternProperties": {LANGUAGE: {"type": "string", "minLength": 1}},
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ],
            "description": "a spoken text: one string, or one for each language of the desk",
        }
    ),
]
"""A spoken text: one string, or one for each language of the desk."""

Count = Annotated[int, BeforeValidator(spelling.count, json_schema_input_type=int)]
Switch = Annotated[bool, BeforeValidator(spelling.switch, json_schema_input_type=bool)]


def possible(number: str) -> bool:
    """Say whether a telephone can have this number; one without + is taken as it is dialled."""
    if not number.startswith("+"):
        return True
    # Loaded only for a desk that has such a number: it is the heaviest import of all checks.
    import phonenumbers  # noqa: PLC0415

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
