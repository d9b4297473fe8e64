"""Options that several commands share, and the settings that they make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from ivr.errors import DeskError
from ivr.settings import Settings, UnreadableSettingError

Home = Annotated[Path | None, typer.Option("--home", help="The folder of this system's state.", show_default="var")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def settings_from(**given: Any) -> Settings:
    """Return the settings: options that were given, else the environment, else the defaults."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = error.errors()[0]
        name = str(wrong["loc"][0]) if wrong["loc"] else "a setting"
        why = wrong["msg"].removeprefix("Value error, ")
        raise DeskError(
            f"{name} cannot be {wrong.get('input')!r}: {why}.", f"Mend --{name} or IVR_{name.upper()}."
        ) from error
    except UnreadableSettingError as error:
        raise DeskError(f"{error} cannot be read.", """It is a list, as '["203.0.113.7", "203.0.113.8"]'.""") from error


def running_settings(home: Path | None) -> Settings:
    """Return the settings with which the home's desk was started last (ports, desks, database), else the plain ones."""
    settings = settings_from(home=home)
    try:
        told = json.loads((settings.home / "settings.json").read_text())
    except (OSError, ValueError):
        return settings
    return settings_from(**told | {"home": settings.home})
