"""One call of ours through each desk that was applied: a caller of the first second would meet what it meets.

It begins in the dialplan's `selftest`, so it is nobody's call to the ledger, passes an announcement that is on, and
ends before it would ring anybody. That the controller has begun is what counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ivr.asterisk.console import give
from ivr.errors import DeskError
from ivr.flows.edition import Edition
from ivr.ledger.channels import facts_of
from ivr.ledger.parse import parse
from ivr.ledger.record import Record
from ivr.settings import Settings
from ivr.telephony.facts import EVENT_NAME, Fact

LIMIT = 10.0
"""Seconds in which a desk must have taken its call."""


def smoke(settings: Settings, editions: Iterable[Edition]) -> None:
    """Place the calls. Raises `DeskError` with the first desk that does not serve its own."""
    for edition in editions:
        if fault := _call(settings, edition):
            raise DeskError(f"A call to {edition.desk.desk} was not served as it should be: {fault}.", _CURE)


_CURE = "The version before is served again; `ivr status` and the controller's log say more."


def _call(settings: Settings, edition: Edition) -> str:
    """Return what is wrong with a call through the edition; "" when it is well."""
    home, journal = settings.home, settings.journal
    begin = journal.stat().st_size if journal.exists() else 0
    # He makes a sound, as callers do: Answer waits half a second for one that is silent.
    caller = f"application MusicOnHold hold,{LIMIT:.0f}"
    said = give(home, f"channel originate Local/{edition.name}@selftest {caller}", LIMIT)
    if "No such" in said or "Unable" in said:
        return f"Asterisk could not place it: {said.strip()[:200]}"
    end = time.monotonic() + LIMIT
    ours: list[Record] = []
    while time.monotonic() < end:
        ours = list(_records(journal, begin, edition.name))
        facts = list(_facts(ours))
        if any(fact.name == "began" for fact in facts):
            break
        if absent := next((fact for fact in facts if fact.name == "fallback"), None):
            return f"the controller did not take it ({absent.values.get('why', '')})"
        time.sleep(0.01)
    else:
        return f"nothing took it within {LIMIT:.0f} s" if ours else "its dialplan was not reached"
    give(home, f"channel request hangup {ours[0].channel}", LIMIT)
    return ""


def _records(journal: Path, begin: int, edition: str) -> Iterator[Record]:
    """Yield the call's records, from the fact on that names the edition."""
    if not journal.exists():
        return
    with journal.open("rb") as file:
        file.seek(begin)
        records, _, _ = parse(file.read(), begin)
    own = ""
    for record in records:
        if not own and any(fact == Fact("smoke", {"edition": edition}) for fact in _facts([record])):
            own = record.uniqueid
        if own and record.uniqueid == own:
            yield record


def _facts(records: Iterable[Record]) -> Iterator[Fact]:
    for record in records:
        if record.event == EVENT_NAME:
            yield from facts_of(record.extra)
