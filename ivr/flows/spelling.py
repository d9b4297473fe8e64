"""How single values of a desk file are spelt: each reads one, or raises `ValueError` with a sentence and its cure."""

from __future__ import annotations

import difflib
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from ivr.flows import times

LONGEST_TEXT = 1000
"""Characters of one spoken text: more than a minute of speech."""
_DURATION = re.compile(r"(?:(\d{1,5})d)?(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)


def duration(value: Any) -> Any:
    """Read `12s`, `1m30s`, `2h` or `180d`."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not value or match is None:
        raise ValueError(f"{shown(value)} is no duration: write one such as 12s, 1m30s, 2h or 180d")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def written_duration(value: timedelta) -> str:
    """Return a duration as an author writes it."""
    seconds = int(value.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def text(value: Any) -> str | dict[str, str]:
    """Read a spoken text: line ends and repeated blanks become one blank."""
    if isinstance(value, dict):
        if not value:
            raise ValueError("no text is here: write it in each language of the desk")
        for language in value:
            if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
                raise ValueError(f"{shown(language)} is no language: write two small letters such as en")
        return {language: _spoken(part) for language, part in value.items()}
    return _spoken(value)


def _spoken(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no text: write what is spoken, in quotes")  # noqa: TRY004 - pydantic
    words = " ".join(value.split())
    if not any(letter.isalnum() for letter in words):
        raise ValueError("nothing would be spoken: write a text, in quotes")
    if len(words) > LONGEST_TEXT:
        raise ValueError(f"the text has {len(words)} characters: no caller waits so long, {LONGEST_TEXT} at most")
    if _CONTROL.search(words):
        raise ValueError("the text has a control character: write plain letters")
    return words


def person_name(value: str) -> str:
    """Read an agent's name; it is shown on telephones, so it must pass through SIP and Asterisk's files."""
    if not value.strip() or len(value) > 60:
        raise ValueError("a name has 1 to 60 characters: shorten it")
    if _CONTROL.search(value) or set(value) & set('"<>;\\[]{}$|,'):
        raise ValueError(
            f'the name {shown(value)} would not reach a telephone whole: leave out " < > ; \\ [ ] {{ }} $ | ,'
        )
    return value.strip()


def target(value: str) -> str:
    """Read the name of a node or line, or `hang up`."""
    if value != "hang up" and not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", value):
        raise ValueError(f"{shown(value)} is no target: write a node of the flow, a line, voicemail, or hang up")
    return value


def answer(value: str) -> str:
    """Read a script's answer: it names a prompt file too."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", value) or value == "otherwise":
        raise ValueError(
            f"{shown(value)} is no answer: write letters, digits, _ and -; any other answer is `otherwise:`"
        )
    return value


def time_zone(value: str) -> str:
    """Read an IANA time zone."""
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        near = difflib.get_close_matches(value, available_timezones(), 1)
        hint = f"did you mean {near[0]}?" if near else "write one such as Europe/Moscow"
        raise ValueError(f"{shown(value)} is no time zone: {hint}") from None
    return value


def days_key(value: str) -> str:
    """Check a day or a range of days."""
    times.read_days(value)
    return value


def times_value(value: str) -> str:
    """Check opening times."""
    times.read_times(value)
    return value


def date_key(value: str) -> str:
    """Check a holiday's date."""
    times.read_date(value)
    return value


def count(value: Any) -> Any:
    """Read a whole number."""
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,9}", str(value), re.ASCII):
        raise ValueError(f"{shown(value)} is no whole number: write one such as 2")
    return int(value)


def switch(value: Any) -> Any:
    """Read true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither true nor false: write true or false")  # noqa: TRY004 - pydantic
    return value


def shown(value: Any) -> str:
    """Return the value as the author sees it, shortened, with nothing in it that could disturb a terminal."""
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if value is None:
        return "nothing"
    if isinstance(value, timedelta):
        return f"`{written_duration(value)}`"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    printable = "".join(letter if letter.isprintable() else "?" for letter in str(value))
    return f"`{printable[:40]}…`" if len(printable) > 40 else f"`{printable}`"
