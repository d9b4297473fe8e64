"""At which desk each fact of a call was noted: an agent may send a caller on to another one."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.ledger.call import Call, CallFact


def at_desks(call: Call) -> Iterator[tuple[CallFact, str, str]]:
    """Yield each fact with the desk and the version at which it was noted; before any with the call's own."""
    desk, version = call.desk, call.version
    for told in call.facts:
        if told.name == "arrived":
            desk, version = told.values.get("desk", desk), told.values.get("version", version)
        yield told, desk, version
