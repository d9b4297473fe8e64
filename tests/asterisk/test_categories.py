"""Each category of both demo desks, by a real call: what the caller heard, what the agent heard, what was kept of it.

All calls are placed once, beside each other; each test looks at one side of one of them.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from itertools import pairwise

import pytest
import soundfile

from ivr.flows.model import Menu
from ivr.phone.tones import tone_level
from tests.asterisk.golden import FIRST, GOLDEN, RETURNED, Leg
from tests.asterisk.walking import WINDOW, Walk, Walker, names, seconds, tone_began, tone_windows
from tests.running import AGENT_HZ, CALLER_HZ, RunningDesk

pytestmark = pytest.mark.asterisk

CLOSE = 0.5
"""Seconds by which the ledger and the telephones may differ: packets, queues and a loaded machine."""
BRIDGED = 0.15
"""Seconds of sound that may be on its way when two are connected or parted."""


@pytest.fixture(scope="module")
def walker(demo: RunningDesk) -> Iterator[Walker]:
    walker = Walker(demo)
    yield walker
    walker.close()


@pytest.fixture(scope="module")
def walks(walker: Walker) -> dict[str, Walk | Exception]:
    return asyncio.run(walker.place(FIRST, RETURNED))


@pytest.fixture(params=GOLDEN, ids=lambda golden: golden.name)
def walk(request: pytest.FixtureRequest, walks: dict[str, Walk | Exception]) -> Walk:
    placed = walks[request.param.name]
    if isinstance(placed, Exception):
        raise placed
    return placed


def test_golden_calls_cover_every_category_and_key(demo: RunningDesk) -> None:
    for name in ("ultralight", "homecare"):
        desk = demo.desk(name)
        mine = [golden for golden in FIRST if golden.desk == name]
        keys = {golden.presses[0].key for golden in mine if golden.presses and golden.presses[0].after != "source"}
        menu = next(node for node in desk.flow.values() if isinstance(node, Menu))
        assert {golden.category for golden in mine} == set(desk.categories)
        assert keys == set(menu.options)


def test_caller_hears_informer_menu_question_notice_and_music_in_order(walker: Walker, walk: Walk) -> None:
    """And nothing else: no whisper, and no prompt twice."""
    assert names(walker.heard(walk)) == walk.golden.heard


def test_agent_hears_the_whisper_in_order_and_whole(walker: Walker, walk: Walk) -> None:
    """And nothing of the caller's menu or music."""
    assert names(walker.whispered(walk)) == walk.golden.whispered


def test_one_agent_of_the_right_line_is_rung_and_sees_the_caller(demo: RunningDesk, walk: Walk) -> None:
    [(agent, call)] = walk.taken
    assert agent in demo.desk(walk.golden.desk).lines[walk.golden.line].agents
    assert call.caller.user == walk.golden.caller


def test_caller_and_agent_hear_each_other_only_once_they_are_connected(walker: Walker, walk: Walk) -> None:
    """Both speak from their first moment on, so a word let through early would be heard."""
    connected = seconds(walk.row["connected_at"])
    assert abs(tone_began(walk.call, AGENT_HZ) - connected) < CLOSE
    assert abs(tone_began(walk.agents_call, CALLER_HZ) - connected) < CLOSE
    for call, prompts in ((walk.call, walker.heard(walk)), (walk.agents_call, walker.whispered(walk))):
        assert all(call.began + heard.ended < connected + BRIDGED for heard in prompts)


def test_nobody_hears_himself(walk: Walk) -> None:
    assert not tone_windows(walk.call.heard(), CALLER_HZ)
    assert not tone_windows(walk.agents_call.heard(), AGENT_HZ)


def test_recording_has_the_caller_left_and_the_agent_right_and_nothing_else(
    demo: RunningDesk, walker: Walker, walk: Walk
) -> None:
    assert walk.story is not None
    [kept] = walk.story.recordings
    assert (kept["state"], kept["reason"]) == ("ok", "")
    path = demo.settings.recordings / kept["path"]
    sound, rate = soundfile.read(path, dtype="int16", always_2d=True)
    assert rate == 8000
    assert sound.shape[1] == 2
    left, right = sound.T
    assert tone_level(left, AGENT_HZ) < 0.001
    assert tone_level(right, CALLER_HZ) < 0.001
    for side, own in ((left, CALLER_HZ), (right, AGENT_HZ)):
        windows, last = tone_windows(side, own), len(side) / rate / WINDOW
        assert len(windows) > 0.8 * last, "a part of it is not his voice"  # a loaded machine's late packets leave holes
        assert windows[0] * WINDOW < CLOSE
        assert (last - windows[-1]) * WINDOW < CLOSE
        assert walker.recognise(side, walk.golden) == []


def test_recording_is_as_long_as_the_talk_and_its_hash_is_right(demo: RunningDesk, walk: Walk) -> None:
    assert walk.story is not None
    [kept] = walk.story.recordings
    path = demo.settings.recordings / kept["path"]
    talked = walk.row["talked"] / 1e6
    assert kept["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert kept["bytes"] == path.stat().st_size
    assert abs(kept["seconds"] - soundfile.info(path).duration) < 0.01
    assert abs(kept["seconds"] - talked) < CLOSE
    assert kept["talk_seconds"] == pytest.approx(talked)


def test_ledger_has_exactly_the_golden_legs(walk: Walk) -> None:
    assert walk.story is not None
    found = [Leg(leg["kind"], leg["line"], leg["agent"], leg["reason"]) for leg in walk.story.legs]
    golden = [
        Leg(leg.kind, leg.line, walk.answered_by if leg.agent == "*" else leg.agent, leg.reason)
        for leg in walk.golden.legs
    ]
    assert found == golden


def test_ledger_knows_why_he_called_and_how_he_heard_of_us(walk: Walk) -> None:
    golden, row = walk.golden, walk.row
    told = {
        "desk": golden.desk,
        "number": golden.number,
        "caller": golden.caller,
        "category": golden.category,
        "source": golden.source,
        "source_how": golden.source_how,
        "known": golden.known,
        "outcome": "answered",
        "end_reason": f"{golden.by} hung up",
        "first_line": golden.line,
        "last_line": golden.line,
        "answered_by": walk.answered_by,
        "fallback": "",
        "crashed": False,
    }
    assert {name: row[name] for name in told} == told


def test_legs_follow_each_other_without_gap_or_overlap(walk: Walk) -> None:
    assert walk.story is not None
    ivr, queue, offer, talk = walk.story.legs
    assert ivr["began_at"] == walk.row["began_at"] <= ivr["answered_at"] <= ivr["ended_at"] == queue["began_at"]
    assert queue["began_at"] <= offer["began_at"] <= offer["answered_at"] <= offer["ended_at"]
    assert abs(offer["ended_at"] - talk["began_at"]) < 1e5
    assert abs(queue["ended_at"] - talk["began_at"]) < 1e5
    assert queue["answered_at"] == queue["ended_at"] == walk.row["connected_at"]
    assert talk["began_at"] < talk["ended_at"] <= walk.row["ended_at"]
    assert walk.row["talked"] == talk["ended_at"] - talk["began_at"]


def test_ledger_times_are_those_that_the_telephones_saw(walk: Walk) -> None:
    assert walk.story is not None
    ivr, _queue, offer, talk = walk.story.legs
    began, ended = seconds(talk["began_at"]), seconds(talk["ended_at"])
    heard_from = tone_began(walk.call, AGENT_HZ)
    picked_up = walk.agents_call.began + (walk.agents_call.answered_at or 0.0)
    assert abs(seconds(walk.row["began_at"]) - walk.call.began) < CLOSE
    assert abs(seconds(ivr["answered_at"]) - walk.call.began - (walk.call.answered_at or 0.0)) < CLOSE
    assert abs(seconds(offer["began_at"]) - walk.agents_call.began) < CLOSE
    assert abs(seconds(offer["answered_at"]) - picked_up) < CLOSE
    assert abs((ended - began) - (walk.ended_at - heard_from)) < CLOSE
    assert abs(seconds(walk.row["ended_at"]) - walk.ended_at) < CLOSE


def test_ledger_has_the_call_within_two_seconds_of_the_hang_up(walk: Walk) -> None:
    assert walk.ledgered_after < 2.0


def test_facts_of_the_call_stand_in_its_order(walk: Walk) -> None:
    """Arrived, in the engine, category, told of the recording, handed over, recording, line; then the agent's."""
    assert walk.story is not None
    told = [fact["name"] for fact in walk.story.facts]
    way = ["arrived", "began", "category", "notice", "handover", "recording", "line", "offer"]
    assert [name for name in told if name in way] == way
    at = [fact["at"] for fact in walk.story.facts]
    assert all(one <= other + 1e5 for one, other in pairwise(at))
    assert ("whisper" in told) == bool(walk.golden.whispered)
    assert ("accepted" in told) == bool(walk.golden.decides_after)
    assert _silent_at(walk) == walk.golden.silent_at


def _silent_at(walk: Walk) -> tuple[str, ...]:
    assert walk.story is not None
    return tuple(fact["details"]["node"] for fact in walk.story.facts if fact["name"] == "silent")


def test_source_is_asked_of_nobody_whose_source_is_known(walker: Walker, walks: dict[str, Walk | Exception]) -> None:
    """He dialled the billboard's number, or told it in an earlier call."""
    known = [golden for golden in GOLDEN if golden.source_how in ("dialled", "known")]
    assert {golden.source_how for golden in known} == {"dialled", "known"}
    for golden in known:
        walk = walks[golden.name]
        assert isinstance(walk, Walk), walk
        assert not [heard for heard in walker.heard(walk) if heard.prompt == "source"]


def test_key_to_the_waiting_question_stops_neither_question_nor_ringing(
    walker: Walker, walks: dict[str, Walk | Exception]
) -> None:
    """The question is the caller's music: his answer is heard beside it, and the agent rings on."""
    walk = walks["ultralight-product"]
    assert isinstance(walk, Walk), walk
    pressed = [event.at for event in walk.call.events if event.name == "pressed"][-1]
    question = next(heard for heard in walker.heard(walk) if heard.prompt == "source")
    answered = walk.agents_call.began - walk.call.began + (walk.agents_call.answered_at or 0.0)
    assert question.began < pressed < answered < question.ended
    assert len(walk.taken) == 1
