"""Which calls are missed ones."""

from __future__ import annotations

MISSED = frozenset({"abandoned in the menu", "abandoned in a line", "gave up", "voicemail", "failed", "closed"})
"""Outcomes of a call that came in and in which nobody spoke with the caller though he wanted it. `goodbye` is none:
the flow said all there was to say."""
OWED = MISSED | {"to be called back"}
"""Outcomes after which a caller is owed a talk."""
