"""The column sets of older systems, and how a file's first rows tell which one it has.

Sources: Asterisk's cdr_csv.c and the samples of cdr_custom.conf and cel_custom.conf; the tables `cdr` and `cel` of
FreePBX's and Issabel's database asteriskcdrdb; Asterisk's queue_log table for its realtime back end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ivr.history.rows import Kind

_CDR_CSV = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start",
    "answer", "end", "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
_NEWER = ("peeraccount", "linkedid", "sequence")
_CDR_CUSTOM = (
    "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
    "duration", "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield",
)  # fmt: skip
_CEL_CUSTOM = (
    "eventtype", "eventtime", "cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context",
    "channame", "appname", "appdata", "amaflags", "accountcode", "uniqueid", "linkedid", "peer", "userfield",
    "userdeftype", "extra",
)  # fmt: skip
_JOURNAL = (
    "eventtype", "eventtime", "uniqueid", "linkedid", "channame", "cid_name", "cid_num", "exten", "context",
    "appname", "appdata", "peer", "extra",
)  # fmt: skip
_ALIASES = {
    "calldate": "start",
    "eventextra": "extra",
    "cidname": "cid_name",
    "name": "cid_name",
    "cidnum": "cid_num",
    "num": "cid_num",
    "acctcode": "accountcode",
    "queuename": "queue",
    "callerid": "clid",
}
_NEEDED: dict[Kind, frozenset[str]] = {
    "cdr": frozenset({"start", "channel", "disposition"}),
    "cel": frozenset({"eventtype", "eventtime", "uniqueid"}),
    "queue_log": frozenset({"time", "callid", "queue", "event"}),
}
DISPOSITION = re.compile(r"ANSWERED|NO ANSWER|NOANSWER|BUSY|FAILED|CONGESTION|UNKNOWN")
_CEL_EVENT = re.compile(
    r"(CHAN|APP|PARK|BRIDGE|CONF|CONTEXT|3WAY|STREAM|HOLD)_(START|END|ENTER|EXIT|UPDATE|BEGIN|TO_CONF)|LINKEDID_END|"
    r"ANSWER|HANGUP|BLINDTRANSFER|ATTENDEDTRANSFER|TRANSFER|PICKUP|FORWARD|HOOKFLASH|USER_DEFINED|"
    r"LOCAL_OPTIMIZE(_BEGIN)?|DTMF"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?|\d{9,11}(\.\d+)?", re.ASCII)


class Columns(NamedTuple):
    """What kind of rows a file holds, and the names of its columns in their order."""

    kind: Kind
    names: tuple[str, ...]
    header: bool
    """The file's first row says them."""


def named(words: Sequence[str]) -> Columns | None:
    """Return the columns that a header, or a table of a database, names; None when they are of no kind of ours."""
    names = tuple(_plain(word) for word in words)
    for kind, needed in _NEEDED.items():
        if needed <= set(names):
            return Columns(kind, names, header=True)
    return None


def guessed(row: Sequence[str]) -> Columns | None:
    """Return the columns of a file without a header, by what stands where in one of its rows."""
    width = len(row)
    if width >= 13 and _is_event(row, 0) and _is_time(row, 1):
        # The journal's form has its uniqueid in the third place, where the older one has a caller's name.
        names = _JOURNAL if width == len(_JOURNAL) else _CEL_CUSTOM
        return Columns("cel", names, header=False)
    if width >= len(_CDR_CSV) and _is_time(row, 9) and DISPOSITION.fullmatch(row[14]):
        return Columns("cdr", _CDR_CSV + _tail(width - len(_CDR_CSV)), header=False)
    if width >= len(_CDR_CUSTOM) and _is_time(row, 8) and DISPOSITION.fullmatch(row[13]):
        rest = ("sequence",) if width == len(_CDR_CUSTOM) + 1 else _NEWER
        return Columns("cdr", (_CDR_CUSTOM + rest)[:width], header=False)
    return None


def _tail(count: int) -> tuple[str, ...]:
    """Return what follows the first 16 columns of cdr_csv: each of its three options adds some."""
    options = {1: ("uniqueid",), 2: ("uniqueid", "userfield"), 3: _NEWER, 4: ("uniqueid", *_NEWER)}
    return options.get(count, ("uniqueid", "userfield", *_NEWER) if count else ())


def _plain(word: str) -> str:
    name = re.sub(r"[^a-z0-9_]", "", word.strip().lower())
    return _ALIASES.get(name, name)


def _is_time(row: Sequence[str], place: int) -> bool:
    return _TIME.fullmatch(row[place]) is not None


def _is_event(row: Sequence[str], place: int) -> bool:
    return _CEL_EVENT.fullmatch(row[place]) is not None
