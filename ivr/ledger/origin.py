"""Where a call is from: our own journal, or the files of an older system."""

from __future__ import annotations

from ivr.ledger.call import Call

IMPORTED = "import:"
"""Begins the `node` of every call that was imported: so it is never taken for one of the journal."""


def is_imported(call: Call) -> bool:
    """Say whether the call comes from an older system's files: it has no facts, and so no tiers of its lines."""
    return call.node.startswith(IMPORTED)
