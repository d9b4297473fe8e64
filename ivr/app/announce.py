"""An announcement before everything else that a desk says: switched on and off while it runs, kept over restarts.

Whether it is on stands in Asterisk's own database, so that the dialplan knows it without any process of ours; its sound
lies beside the prompts, under a name that no desk can have.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from ivr.asterisk.console import give
from ivr.asterisk.render import ANNOUNCED, ANNOUNCEMENTS
from ivr.errors import DeskError
from ivr.settings import Settings
from ivr.speech.engine import pick
from ivr.speech.voice import both_rates, read_recording
from ivr.speech.wav import write_whole

Then = Literal["go on", "hang up"]
_ROW = re.compile(rf"^/{ANNOUNCEMENTS}/(\S+)\s*: (.*?)\s*$", re.MULTILINE)


def speak(text: str, language: str, engine: str = "") -> dict[str, bytes]:
    """Return the text as an engine of this machine speaks it, by Asterisk's file extension."""
    chosen, voice = pick(language, engine)
    with tempfile.TemporaryDirectory(prefix="ivr-announcement-") as place:
        spoken = Path(place) / "spoken.wav"
        chosen.speak(text, voice, spoken)
        return recorded(spoken)


def recorded(path: Path) -> dict[str, bytes]:
    """Return a person's recording, by Asterisk's file extension."""
    return {extension: sound.wav for extension, sound in both_rates(*read_recording(path)).items()}


def switch_on(settings: Settings, desk: str, sound: Mapping[str, bytes], then: Then) -> None:
    """Let the desk say it to every call from now on. Raises `DeskError` when no Asterisk runs there."""
    announced(settings)  # without a running desk nothing is written
    for extension, content in sound.items():
        write_whole(settings.sounds / ANNOUNCED / f"{desk}{extension}", content)
    said = give(settings.home, f'database put {ANNOUNCEMENTS} {desk} "{then}"')
    if "success" not in said:
        raise DeskError(f"Asterisk did not take it: {said.strip()[:200]}", "Its log says why.")


def switch_off(settings: Settings, desk: str) -> None:
    """Let the desk say no announcement; one that never did is none the worse."""
    give(settings.home, f"database del {ANNOUNCEMENTS} {desk}")


def announced(settings: Settings) -> dict[str, str]:
    """Return desk → what follows its announcement, for those that have one now."""
    return dict(_ROW.findall(give(settings.home, f"database show {ANNOUNCEMENTS}")))
