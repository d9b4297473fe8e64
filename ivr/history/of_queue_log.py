"""queue_log rows of one call to its waits, offers and talks."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.history.naming import Naming
from ivr.history.parts import Parts
from ivr.history.rows import SECOND, Row, birth, one_line
from ivr.ledger.call import Leg

_LEFT = {
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timeout",
    "EXITEMPTY": "empty",
    "EXITWITHKEY": "moved on",
    "AGENTDUMP": "moved on",
}
_TALK_OVER = {
    "COMPLETEAGENT": "agent hung up",
    "COMPLETECALLER": "caller hung up",
    "TRANSFER": "moved on",
    "BLINDTRANSFER": "moved on",
    "ATTENDEDTRANSFER": "moved on",
}
_EARLIEST = 4 * 3600
"""Seconds in a menu that are still believed when a uniqueid tells them."""


class _Walk:
    """The walk over one call's rows, in their order."""

    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        self.parts = Parts()
        self._wait: tuple[str, str, int] | None = None
        self._talk: Leg | None = None

    def take(self, row: Row) -> None:
        if row.event == "ENTERQUEUE":
            self._enter(row)
        elif row.event in ("RINGNOANSWER", "RINGCANCELED"):
            self._rang(row)
        elif row.event == "CONNECT":
            self._connect(row)
        elif row.event in _LEFT:
            self._leave(row.at, _LEFT[row.event])
        elif row.event in _TALK_OVER:
            self._over(row)
        elif row.event == "DID":
            self.parts.number = row.get("data1")

    def _enter(self, row: Row) -> None:
        self._leave(row.at, "moved on")
        caller = row.get("caller")
        if not row.get("position"):
            self.parts.doubts.add("forged")
        self.parts.caller = self.parts.caller or ("" if caller == "unknown" else caller)
        self.parts.named.add(row.get("queue"))
        self._wait = (self._naming.place(row.get("queue")).line, row.uniqueid, row.at)

    def _leave(self, at: int, reason: str) -> None:
        if self._wait:
            line, party, since = self._wait
            end = max(at, since)
            self.parts.queues.append(
                Leg("queue", party, line, "", since, end if reason == "answered" else None, end, reason)
            )
            self._wait = None

    def _rang(self, row: Row) -> None:
        # The newer Asterisk counts milliseconds.
        rang = row.number("ring") * 1000
        if not rang and row.event == "RINGNOANSWER":
            self.parts.doubts.add("ring unknown")
        reason = "missed" if row.event == "RINGNOANSWER" else "cancelled"
        self._offer(row, row.at - rang, None, reason)

    def _connect(self, row: Row) -> None:
        self._offer(row, row.at - row.number("ring") * SECOND, row.at, "answered")
        if not self._wait:
            # The file begins in the middle of this call: its wait is told by the agent's answer.
            self._wait = (self._naming.place(row.get("queue")).line, row.uniqueid, row.at - row.number("hold") * SECOND)
            self.parts.named.add(row.get("queue"))
        self._leave(row.at, "answered")
        self._close(row.at, "moved on")
        line = self._naming.place(row.get("queue")).line
        agent = self._naming.agent(row.get("agent"))
        party = row.get("bridged") or row.uniqueid
        self._talk = Leg("talk", one_line(party, 80), line, agent, row.at, row.at, None, "")

    def _offer(self, row: Row, began: int, answered: int | None, reason: str) -> None:
        line = self._naming.place(row.get("queue")).line
        agent = self._naming.agent(row.get("agent"))
        party = one_line(row.get("bridged"), 80) or row.uniqueid
        if self._wait:
            began = max(began, self._wait[2])
        self.parts.offers.append(Leg("offer", party, line, agent, min(began, row.at), answered, row.at, reason))

    def _over(self, row: Row) -> None:
        if row.event in ("TRANSFER", "BLINDTRANSFER"):
            self.parts.doubts.add("talk after transfer")
        elif row.event == "ATTENDEDTRANSFER":
            self.parts.doubts |= {"talk after transfer", "consultation"}
        if not self._talk and row.number("talk"):
            # Its beginning stands in an earlier file.
            began = row.at - row.number("talk") * SECOND
            line, agent = self._naming.place(row.get("queue")).line, self._naming.agent(row.get("agent"))
            self._talk = Leg("talk", row.uniqueid, line, agent, began, began, None, "")
        self._close(row.at, _TALK_OVER[row.event])

    def _close(self, at: int, reason: str) -> None:
        if self._talk:
            self.parts.talks.append(self._talk._replace(ended_at=max(at, self._talk.began_at), reason=reason))
            self._talk = None

    def finish(self, last: int) -> None:
        if self._wait or self._talk:
            self.parts.doubts.add("no end")
        self._leave(last, "cut off")
        self._close(last, "cut off")


def parts_of_queue_log(rows: Sequence[Row], naming: Naming) -> Parts:
    """Return what the rows of one call tell; at least one row, in their order."""
    walk = _Walk(naming)
    for row in rows:
        walk.take(row)
    walk.finish(rows[-1].at)
    parts = walk.parts
    first = min([rows[0].at, *(leg.began_at for leg in (*parts.queues, *parts.offers, *parts.talks))])
    born = birth(rows[0].uniqueid)
    # The uniqueid was given to the call when it came in: so the time before the queue is known after all.
    in_reach = born is not None and 0 <= first // SECOND - born <= _EARLIEST
    parts.began_at = born * SECOND if in_reach and born is not None else first
    parts.ended_at = rows[-1].at
    if all(row.at % SECOND == 0 for row in rows):
        parts.doubts.add("coarse")
    return parts
