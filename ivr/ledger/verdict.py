"""Verdicts: our own act says of an open call that Asterisk has none of its channels any more.

They come through the journal like everything else: `reconciled?call=…&seen=…` in the context of acts, on a channel that
only the manager can make. A caller's text never stands there, and an agent's code has a telephone's channel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr.ledger.agents import ACTS
from ivr.ledger.channels import facts_of
from ivr.ledger.record import Record
from ivr.telephony.facts import EVENT_NAME

RECONCILED = "reconciled"
"""The act's name, and its fact's."""
_NOTHING: Mapping[str, str] = {}
_MOMENT = re.compile(r"[0-9]{1,17}").fullmatch
_CHANNEL = f"Local/{RECONCILED}@{ACTS}-"


def judged_call(record: Record) -> str:
    """Return the id of the call that the record says is over; empty when it is no verdict."""
    return _told(record).get("call", "")


def seen_at(record: Record) -> int:
    """Return when the call was last seen to live, in UTC microseconds; 0 when it never was."""
    seen = _told(record).get("seen", "")
    return min(int(seen), record.at) if _MOMENT(seen) else 0


def _told(record: Record) -> Mapping[str, str]:
    if record.event != EVENT_NAME or record.context != ACTS or not record.channel.startswith(_CHANNEL):
        return _NOTHING
    return next((fact.values for fact in facts_of(record.extra) if fact.name == RECONCILED), _NOTHING)
