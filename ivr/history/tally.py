"""What an older system's files cannot tell, counted call by call and said in words."""

from __future__ import annotations

from collections import Counter

WORDS = {
    "coarse": "stamps of one second: each wait and talk may be 1 s longer or shorter",
    "talk after transfer": "passed on, and what followed is unknown: the talk ends at the transfer",
    "consultation": "passed on after a consultation, which counts as talk with the first agent",
    "no end": "no end in the file (a crash, or it went on when the file was copied): it ends with its last row",
    "no caller": "who called is not told",
    "ring unknown": "an offer of 0 s: whether the telephone was busy, absent or silent is not told",
    "wait unknown": "went through a queue of which the file tells no waits: counted as a call, but in no line's "
    "offered calls and waits; import the queue_log too",
    "talk with wait": "the talk is counted from the moment that the system answered, menu and wait included",
    "no ring": "CDR tells no agent's ringing: no missed offers",
    "no id": "the rows have no uniqueid: each is a call by itself, and transfers fall apart",
    "recording": "a recording is named; recordings are not imported",
    "unmapped queue": "came through a queue that the map does not name: it is a line of its own name",
    "no desk": "belongs to no desk: neither its queue nor its number is in the map, which has no `desk` for the others",
    "forged": "a line end in the caller's number: what followed it may be forged and was set aside",
    "no bridge": "no bridge ids: a conference counts as talks of two",
}
"""Each doubt about a call, and its sentence."""

Doubts = frozenset[str]


def sentences(counts: Counter[str]) -> list[str]:
    """Return a sentence for each doubt that was met, the most frequent first."""
    met = sorted(((-count, name) for name, count in counts.items() if count))
    return [f"{-less} call{'' if less == -1 else 's'}: {WORDS[name]}" for less, name in met]
