"""FreePBX's destinations, `context,extension,priority`: what each means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What a destination is; its value is the table that holds it and the column that names it."""

    MENU = ("ivr_details", "id")
    QUEUE = ("queues_config", "extension")
    GROUP = ("ringgroups", "grpnum")
    TIME = ("timeconditions", "timeconditions_id")
    ANNOUNCEMENT = ("announcement", "announcement_id")
    RECORDING = ("recordings", "id")
    PERSON = ("users", "extension")
    DAYNIGHT = ("daynight", "ext")
    LANGUAGE = ("languages", "language_id")
    CALLER_NAME = ("setcid", "cid_id")
    PRIORITY = ("queueprio", "queueprio_id")
    CALL_RECORDING = ("callrecording", "callrecording_id")
    VOICEMAIL = ("", "voicemail")
    HANG_UP = ("", "hang up")
    MISC = ("", "misc")
    TRUNK = ("", "trunk")
    DISA = ("", "disa")
    DIRECTORY = ("", "directory")
    CONFERENCE = ("", "conference")
    FAX = ("", "fax")
    BLAST = ("", "blast")
    CALLBACK = ("", "callback")
    ROUTE = ("", "dynamic route")
    EMPTY = ("", "empty")
    OTHER = ("", "other")


class Destination(NamedTuple):
    """A destination that was read."""

    kind: Kind
    id: str
    text: str

    @property
    def key(self) -> str:
        """Return what names the place."""
        return f"ivr-{self.id}" if self.kind is Kind.MENU else ",".join(self.text.split(",")[:2])


_FORMS: tuple[tuple[str, Kind], ...] = (
    (r"ivr-(\d+),", Kind.MENU),
    (r"ext-queues,(\d+),", Kind.QUEUE),
    (r"ext-group,(\d+),", Kind.GROUP),
    (r"timeconditions,(\d+),", Kind.TIME),
    (r"app-announcement-(\d+),", Kind.ANNOUNCEMENT),
    (r"play-system-recording,(\d+),", Kind.RECORDING),
    (r"ext-local,vm[a-z](\d+),", Kind.VOICEMAIL),
    (r"(?:from-did-direct|ext-local),(\d+),", Kind.PERSON),
    (r"ext-findmefollow,(?:FM)?(\d+),", Kind.PERSON),
    (r"app-daynight,(\w+),", Kind.DAYNIGHT),
    (r"app-languages,(\d+),", Kind.LANGUAGE),
    (r"app-setcid,(\d+),", Kind.CALLER_NAME),
    (r"app-queueprio,(\d+),", Kind.PRIORITY),
    (r"ext-callrecording,(\d+),", Kind.CALL_RECORDING),
    (r"app-blackhole,(\w[\w-]*),", Kind.HANG_UP),
    (r"ext-miscdests,(\d+),", Kind.MISC),
    (r"ext-trunk,(\w+),|outbound-allroutes,(\w+),", Kind.TRUNK),
    (r"disa,(\d+),", Kind.DISA),
    (r"(?:app-)?directory,(\w+),|app-pbdirectory,(\w+),", Kind.DIRECTORY),
    (r"ext-(?:meetme|conference)s?,(\w+),", Kind.CONFERENCE),
    (r"(?:ext-fax|app-fax),(\w+),", Kind.FAX),
    (r"(?:app-vmblast|vmblast\.grp),(\w+),", Kind.BLAST),
    (r"callback,(\w+),", Kind.CALLBACK),
    (r"dynroute-(\d+),", Kind.ROUTE),
)
_READ = tuple((re.compile(pattern, re.ASCII), kind) for pattern, kind in _FORMS)

PASSING: Mapping[Kind, tuple[str, str, str]] = {
    Kind.LANGUAGE: ("languages", "language_id", ""),
    Kind.CALLER_NAME: ("setcid", "cid_id", "a desk does not change the caller's name; `category` says why he calls"),
    Kind.PRIORITY: ("queueprio", "queueprio_id", "a line has no priorities: give urgent callers a line"),
    Kind.CALL_RECORDING: (
        "callrecording",
        "callrecording_id",
        "`recording` and a line's `record` say what is recorded",
    ),
}
"""Destinations that do something and go on: their table, its key, and what a desk has instead."""

_OUTSIDE = "no caller is sent outside by a desk: let an agent call, by `outbound`"
NOT_CARRIED: Mapping[Kind, tuple[str, str]] = {
    Kind.MISC: ("it dials a number", _OUTSIDE),
    Kind.TRUNK: ("it dials outside by a trunk", _OUTSIDE),
    Kind.DISA: ("it gives callers a line to outside", "leave it out: toll fraud begins so"),
    Kind.DIRECTORY: ("the directory by name", "give those who are wanted a key and a line"),
    Kind.CONFERENCE: ("a conference", "a desk has none; keep it where it is"),
    Kind.FAX: ("a fax", "a desk takes none; keep its number where it is"),
    Kind.BLAST: ("a message to several mailboxes", "`then: voicemail` takes messages for the whole desk"),
    Kind.CALLBACK: ("it calls the caller back", "`ivr report missed` says who is owed a call"),
    Kind.ROUTE: ("a way that a look-up decides", "a `script` node can look up, and its answer picks the way"),
    Kind.EMPTY: ("no destination", "give this way a target"),
    Kind.OTHER: ("a context or a module that is not known here", "see what it does, and give this way a target"),
}
"""Destinations that a desk does not have: what they are, and what to do."""

HANG_UPS: Mapping[str, str] = {
    "congestion": "callers heard congestion",
    "busy": "callers heard a busy tone",
    "zapateller": "callers heard tones against machines",
    "musiconhold": "callers heard music for ever",
    "ring": "callers heard it ring for ever",
    "no-service": "callers heard that the number is out of service",
}


def read_destination(text: str) -> Destination:
    """Return what a destination is."""
    plain = text.strip()
    for pattern, kind in _READ:
        if found := pattern.match(plain if plain.count(",") > 1 else f"{plain},"):
            return Destination(kind, next((part for part in found.groups() if part), ""), plain)
    return Destination(Kind.OTHER if plain else Kind.EMPTY, "", plain)
