"""An announcement before everything else that a desk says: switched on and off while it runs, kept over restarts.

Whether it is on stands in Asterisk's own database, so that the dialplan knows it without any process of ours; its sound
lies beside the prompts, under a name that no desk can have. A desk's own comes before that of all desks, which a desk
that is applied later says too.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from ivr.asterisk.console import give
from ivr.asterisk.render import ANNOUNCED, ANNOUNCEMENTS, EVERY_DESK
from ivr.errors import DeskError
from ivr.flows.model import Desk
from ivr.settings import Settings
from ivr.speech.engine import pick
from ivr.speech.voice import both_rates, read_recording
from ivr.speech.wav import write_whole

Then = Literal["go on", "hang up", "closed"]
OFF = "off"
"""Stands for a desk that says none while all others do."""
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


def language_of(desks: Sequence[Desk]) -> str:
    """Return the first language of all these desks. Raises `DeskError` when they have several: a text has one."""
    found = dict.fromkeys(desk.languages[0] for desk in desks)
    if len(found) > 1:
        raise DeskError(
            f"The desks speak {', '.join(found)}, and a text is of one language.",
            f"Say of which: --language {next(iter(found))}; or say it to each desk in its own, by --desk.",
        )
    return next(iter(found))


def must_close(desks: Sequence[Desk]) -> None:
    """Raise `DeskError` when one of the desks has no way of closed hours."""
    if never := [desk.desk for desk in desks if desk.hours is None]:
        raise DeskError(
            f"{', '.join(never)} {'has' if len(never) == 1 else 'have'} no hours, and so no way of closed hours.",
            "Give it `hours` with a way `closed`, name another desk by --desk, or take --then 'hang up'.",
        )


def switch_on(settings: Settings, desk: str | None, sound: Mapping[str, bytes], then: Then) -> None:
    """Let the desk say it to every call from now on; None: all desks, in place of what each has said of its own.

    Raises `DeskError` when no Asterisk runs there.
    """
    there = announced(settings)  # without a running desk nothing is written
    name = desk or EVERY_DESK
    for extension, content in sound.items():
        write_whole(settings.sounds / ANNOUNCED / f"{name}{extension}", content)
    _put(settings, name, then)
    for own in there if desk is None else ():
        if own != EVERY_DESK:
            give(settings.home, f"database del {ANNOUNCEMENTS} {own}")


def switch_off(settings: Settings, desk: str | None) -> None:
    """Let the desk say no announcement; None: every desk, also those that are served no more.

    One that never did is none the worse.
    """
    if desk is None:
        give(settings.home, f"database deltree {ANNOUNCEMENTS}")
    elif EVERY_DESK in announced(settings):
        _put(settings, desk, OFF)
    else:
        give(settings.home, f"database del {ANNOUNCEMENTS} {desk}")


def announced(settings: Settings) -> dict[str, str]:
    """Return desk, or `_all` for all desks, → what follows its announcement, for those that have one now.

    `off`: a desk that says none while all others do.
    """
    return dict(_ROW.findall(give(settings.home, f"database show {ANNOUNCEMENTS}")))


def is_lost(settings: Settings, name: str) -> bool:
    """Say whether nothing is there of an announcement's sound. `name`: as in `announced`."""
    return not any((settings.sounds / ANNOUNCED).glob(f"{name}.wav*"))


def _put(settings: Settings, name: str, value: str) -> None:
    said = give(settings.home, f'database put {ANNOUNCEMENTS} {name} "{value}"')
    if "success" not in said:
        raise DeskError(f"Asterisk did not take it: {said.strip()[:200]}", "Its log says why.")
