"""One row of an older system's records, whatever file it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["queue_log", "cdr", "cel"]
KINDS: tuple[Kind, ...] = ("queue_log", "cdr", "cel")
SECOND = 1_000_000
_BIRTH = re.compile(r"(?:^|-)(\d{9,10})\.\d{1,9}$", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
LONGEST_TEXT = 4000
"""Characters of a value that are kept."""


class Row(NamedTuple):
    """A sound row. `fields` holds its columns under the names of `ivr.history.columns`, as text."""

    line: int
    """The line of the file where it begins, from 1."""
    at: int
    """UTC, microseconds since 1970."""
    kind: Kind
    event: str
    """queue_log and CEL: the event's name; CDR: `cdr`."""
    uniqueid: str
    linkedid: str
    """Empty in a queue_log, and in a CDR of before Asterisk 13."""
    fields: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return a column, or "" when the file has none."""
        return self.fields.get(name, "")

    def number(self, name: str) -> int:
        """Return a column that is a count of seconds or microseconds; 0 when it is none."""
        whole = self.get(name).partition(".")[0]
        return int(whole) if whole.isascii() and whole.isdigit() and len(whole) < 18 else 0

    @property
    def story(self) -> str:
        """What the rows of one call share, as far as one row can tell."""
        return self.linkedid or self.uniqueid


class Aside(NamedTuple):
    """What could not be taken, where it stands, and why."""

    line: int
    raw: str
    reason: str


def birth(uniqueid: str) -> int | None:
    """Return the second (UTC) in which Asterisk made the channel: its uniqueid tells it, in any time zone."""
    found = _BIRTH.search(uniqueid)
    return int(found[1]) if found else None


def one_line(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return text that stays text wherever it is shown: no control characters, no line ends, not longer than said."""
    cleaned = _CONTROL.sub(" ", text).encode(errors="replace").decode()
    return cleaned if len(cleaned) <= longest else f"{cleaned[: longest - 1]}…"
