"""Open calls while the journal is read: which call each record belongs to, and when a call is over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from ivr.ledger.agents import ACTS
from ivr.ledger.call import Call
from ivr.ledger.channels import bridge_of, facts_of
from ivr.ledger.coverage import HEARD, SILENT
from ivr.ledger.fold import fold_story
from ivr.ledger.numbering import read_uniqueid
from ivr.ledger.record import Record
from ivr.ledger.story import CHANNEL_END, LAST_EVENT, SIGNS_OF_LIFE, Story
from ivr.ledger.verdict import judged_call
from ivr.telephony.codes import is_code
from ivr.telephony.facts import EVENT_NAME

SELFTEST = "selftest"
"""The dialplan context in which `ivr up` places its test call: its records are kept, but it is nobody's call."""
_NOBODYS = frozenset({SELFTEST, ACTS})
_NEWS = frozenset({"hold", "unhold", SILENT, HEARD})
"""Facts that are told outside the call that they are about: `hold?agent=…&channel=…&call=…`."""
_FIRST_FEW = 10
"""Numbers of a new Asterisk's channels: acts that come before its first call take two each."""
_BRIDGE = "BRIDGE_ENTER"
_TELLING = frozenset({"CHAN_START", _BRIDGE, CHANNEL_END, LAST_EVENT})
"""Events that may join two calls, or end one."""


class Unfolded(NamedTuple):
    """A call that records touched; `kept`: the database has an earlier state of it.

    `joined`: calls that turned out to be this one, and that the database has as calls of their own.
    """

    call: Call
    kept: bool
    joined: tuple[str, ...] = ()


Earlier = Callable[[Collection[str]], Iterable[Story]]
"""Returns the calls that the database has of these linkedids."""


class Unfolding:
    """Takes records in the journal's order; gives the calls that they touched."""

    def __init__(self, open_calls: Iterable[Story] = ()) -> None:
        self._open: dict[str, Story] = {}
        """By linkedid."""
        self._channels: dict[str, Story] = {}
        """By the uniqueid of a channel that lives."""
        self._bridges: dict[str, Story] = {}
        self._over: dict[str, Story] = {}
        """Calls that ended in this batch or the one before, which may not be kept yet, and those that the database has
        of this batch's linkedids."""
        self._lately: dict[str, Story] = {}
        """Those that ended in this batch."""
        self._touched: dict[int, Story] = {}
        self._joined: dict[int, list[str]] = {}
        self._at_hand: dict[str, Story] = {}
        """By linkedid: open calls that this batch has touched, and of which only `_TELLING` events are looked at."""
        for story in open_calls:
            self._adopt(story)

    @property
    def size(self) -> int:
        """How many calls are open."""
        return len(set(map(id, self._open.values())))

    def take(self, records: Iterable[Record], earlier: Earlier) -> Iterator[Unfolded]:
        """Add records; return the calls that they touched, each folded when it is asked for.

        All of them must be asked for before more records are taken.
        """
        batch = list(records)
        self._over, self._lately = self._lately, {}
        about = {_about(record) for record in batch if record.context == ACTS and record.event == EVENT_NAME} - {""}
        if strangers := ({record[4] for record in batch} | about) - self._open.keys() - self._over.keys():
            for story in earlier(strangers):
                self._over |= dict.fromkeys(story.linkedids, story)
        at_hand = self._at_hand
        for record in batch:
            story = at_hand.get(record[4]) or self._find(record)
            story.add(record)
            event = record[1]
            if event in _TELLING or record[4] not in at_hand:
                self._told(story, event, record)
        touched, self._touched = self._touched, {}
        joined, self._joined = self._joined, {}
        self._at_hand = {}
        return _fold(touched, joined)

    def _find(self, record: Record) -> Story:
        """Return the call of a record, which is new, or over, or was not touched yet."""
        linkedid = record.linkedid
        story = self._open.get(linkedid)
        if story is None:
            story = self._over.pop(linkedid, None) or self._begin(record)
            self._adopt(story)
        self._touched[id(story)] = story
        # Of a call that is over, or of an act, every record is looked at.
        if not story.over and record.context != ACTS:
            self._at_hand[linkedid] = story
        return story

    def _begin(self, record: Record) -> Story:
        linkedid = record.linkedid
        if record.event == "CHAN_START" and self._is_of_new_process(linkedid):
            self._cut_before(record)
        story = Story()
        story.linkedids.add(linkedid)
        return story

    def _is_of_new_process(self, linkedid: str) -> bool:
        """Say whether nothing of the Asterisk before goes on: each process counts its channels from 0.

        Channels whose ids we gave (acts) may have taken its first numbers; then a number that an older open call has
        passed tells it. Only what is open counts, so that a loader which was stopped meanwhile says the same.
        """
        birth = read_uniqueid(linkedid)
        if birth is None or birth.number >= _FIRST_FEW:
            return False
        if birth.number == 0:
            return True
        others = (read_uniqueid(story.name) for story in self._open.values())
        return any(
            other.node == birth.node and other.number >= birth.number and other.second + 1 < birth.second
            for other in others
            if other
        )

    def _adopt(self, story: Story) -> None:
        self._open |= dict.fromkeys(story.linkedids, story)
        self._channels |= dict.fromkeys(story.living, story)
        for record in story.records:
            if record.event == _BRIDGE and (bridge := _bridge(record.extra)):
                story.bridges.add(bridge)
        self._bridges |= dict.fromkeys(story.bridges, story)

    def _told(self, story: Story, event: str, record: Record) -> None:
        """Take what a record says of its call as a whole: it may make one of two calls, or end it."""
        uniqueid = record[3]
        if story.verdict is not None:
            story.judge(record)
        other = self._channels.get(uniqueid)
        if other is not story:
            if other is not None:
                story = self._meet(other, story)
            if event in SIGNS_OF_LIFE:
                self._channels[uniqueid] = story
                story.living.add(uniqueid)
        if event == _BRIDGE:
            story = self._bridged(story, _bridge(record[13]))
        elif event == CHANNEL_END:
            story.living.discard(uniqueid)
            self._channels.pop(uniqueid, None)
        elif event == LAST_EVENT:
            story.ended.add(record[4])
        elif event == EVENT_NAME and record.context == ACTS:
            story = self._meet(self._concerned(record), story)
            story.judge(record)
        if (story.ended or story.judges) and story.over:
            self._forget(story)

    def _concerned(self, record: Record) -> Story | None:
        """Return the call that an act is about. News may come when it is over: it is theirs, as any late record is."""
        about = _about(record)
        story = self._open.get(about)
        if story is None and not judged_call(record):
            story = self._over.get(about)
            if story is None or story.cut is not None or story.verdict is not None:
                return None  # nobody knows when that one ended; such news cannot tell either
            for linkedid in story.linkedids:
                self._over.pop(linkedid, None)
            self._adopt(story)
        return story

    def _bridged(self, story: Story, bridge: str) -> Story:
        known = self._bridges.get(bridge)
        if bridge and known is not story:
            story = self._meet(known, story)
            story.bridges.add(bridge)
            self._bridges[bridge] = story
        return story

    def _meet(self, one: Story | None, two: Story) -> Story:
        """Return the one call that two are, which share a channel or a bridge."""
        if one is None or one is two:
            return two
        older, younger = sorted((one, two), key=lambda story: story.records[0].id)
        names = [*self._joined.pop(id(younger), []), *([younger.name] if younger.kept else [])]
        if names:
            self._joined.setdefault(id(older), []).extend(names)
        self._touched.pop(id(younger), None)
        self._touched[id(older)] = older
        self._open |= dict.fromkeys(younger.linkedids, older)
        self._channels |= dict.fromkeys(younger.living, older)
        self._bridges |= dict.fromkeys(younger.bridges, older)
        older.join(younger)
        for linkedid in older.linkedids:
            self._at_hand.pop(linkedid, None)
        return older

    def _forget(self, story: Story) -> None:
        for index, keys in (
            (self._open, story.linkedids),
            (self._channels, story.living),
            (self._bridges, story.bridges),
        ):
            for key in keys:
                index.pop(key, None)
        for linkedid in story.linkedids:
            self._at_hand.pop(linkedid, None)
            self._over[linkedid] = self._lately[linkedid] = story

    def _cut_before(self, first: Record) -> None:
        """Close the calls of the process before the one whose first channel this is."""
        node, born = _birth(first.linkedid)
        found = {id(story): story for story in self._open.values()}
        for story in found.values():
            its_node, its_birth = _birth(story.name)
            if its_node == node and its_birth < born:
                story.cut = first.id
                self._forget(story)
                self._touched[id(story)] = story


def is_nobodys(first: Record) -> bool:
    """Say whether a call that begins with this record is none of the ledger's: the self-test's, or an agent's act."""
    return first.context in _NOBODYS or (first.exten[:1] == "*" and is_code(first.exten))


def _fold(touched: Mapping[int, Story], joined: Mapping[int, list[str]]) -> Iterator[Unfolded]:
    for key, story in touched.items():
        if not is_nobodys(story.records[0]):
            kept, story.kept = story.kept, True
            yield Unfolded(fold_story(story), kept, tuple(joined.get(key, ())))


def _bridge(extra: str) -> str:
    """Return the bridge's id as `bridge_of` does, without a pattern where it has the usual form."""
    if extra[:14] == '{"bridge_id":"' and extra[50:51] == '"' and "holding" not in extra:
        return extra[14:50]
    return bridge_of(extra)


def _about(record: Record) -> str:
    """Return the linkedid of the call that an act is about: a hold, a recording made silent, or that it is over."""
    return judged_call(record) or next(
        (fact.values.get("call", "") for fact in facts_of(record.extra) if fact.name in _NEWS), ""
    )


def _birth(uniqueid: str) -> tuple[str, int]:
    """`desk1-1795282454.0` → its node, and the second of its beginning."""
    node, _, rest = uniqueid.rpartition("-")
    seconds = rest.partition(".")[0]
    return node, int(seconds) if seconds.isdecimal() else 0
