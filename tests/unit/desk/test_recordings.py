"""Recordings are expected, verified, kept; every trouble is a verdict with its reason."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.desk.keep_recordings import GRACE, RETRY, Keeper, keep
from ivr.desk.recording_path import folder_for, is_name, live_files, open_recording, place_of
from ivr.desk.recordings import Covered, ExpectedRecording, verify
from ivr.errors import DeskError
from ivr.speech.recording import DiskAudio

NOON = 1_795_262_400.0
"""2026-11-21 12:00 UTC."""
NAME = "desk1-1795262400.7"
PATH = f"2026/11/21/{NAME}.wav"


class Memory:
    """The store's port, in memory."""

    def __init__(self, *expected):
        self.rows = {each.name: each for each in expected}
        self.verdicts = {}
        self.acts = []
        self.down = False
        self.settled = threading.Event()

    def awaiting(self):
        if self.down:
            raise ConnectionError("the database is away")
        return [row for row in self.rows.values() if row.state in {"expected", "failed"}]

    def settle(self, *verdicts):
        self.acts.append([verdict.name for verdict in verdicts])
        for verdict in verdicts:
            self.verdicts[verdict.name] = verdict
            self.rows[verdict.name] = replace(self.rows[verdict.name], state=verdict.state)
        self.settled.set()


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def root(tmp_path):
    """Give the recordings folder as the desk prepares it."""
    (tmp_path / "recordings/live").mkdir(parents=True)
    return tmp_path / "recordings"


def _expected(talk=5.0, **other):
    values = {
        "name": NAME,
        "call_id": NAME,
        "began_at": NOON,
        "talk_seconds": talk,
        "call_open": False,
        "crashed": False,
    }
    return ExpectedRecording(**values | other)


def _record(root, seconds, name=NAME, *, age=10.0):
    """Leave raw audio as Asterisk does, last written `age` seconds ago."""
    raw = root / f"live/{name}.raw"
    time = np.arange(round(seconds * 8000)) / 8000
    sides = np.stack([np.sin(2 * np.pi * pitch * time) for pitch in (400, 1000)], axis=1)
    raw.write_bytes((sides * 8000).astype("<i2").tobytes())
    then = raw.stat().st_mtime - age
    os.utime(raw, (then, then))
    return raw


def _judge(root, expected):
    return verify(expected, root, DiskAudio())


def _sides(root, *pieces):
    """Leave one raw file a side: the caller speaks all the time, the agent as the pieces (seconds, level) say."""
    level = np.concatenate([np.full(round(seconds * 8000), level) for seconds, level in pieces])
    tone = np.sin(2 * np.pi * 1000 * np.arange(len(level)) / 8000)
    for side, sound in (("in", tone * 8000), ("out", tone * level)):
        raw = root / f"live/{NAME}.{side}.raw"
        raw.write_bytes(sound.astype("<i2").tobytes())
        then = raw.stat().st_mtime - 10
        os.utime(raw, (then, then))


TALKS = (Covered("721", 0, 3.0), Covered("724", 3_000_000, 4.0))


def test_a_recording_that_is_long_enough_but_lacks_an_agents_voice_is_partial_and_says_whose(root):
    _sides(root, (3.2, 8000), (3.8, 0))
    verdict = _judge(root, _expected(7.0, talks=TALKS))
    assert (verdict.state, verdict.unheard) == ("partial", [3_000_000])
    assert verdict.reason == "no sound of agent 724 from 3.0 s to 7.0 s"


@pytest.mark.parametrize("second", [[(4.0, 30)], [(3.0, 0), (1.0, 8000)]])
def test_an_agent_who_is_heard_a_little_is_in_the_recording(root, second):
    _sides(root, (3.0, 8000), *second)
    verdict = _judge(root, _expected(7.0, talks=TALKS))
    assert (verdict.state, verdict.reason, verdict.unheard) == ("ok", "", [])


def test_in_a_talk_of_a_moment_nobody_has_to_be_heard(root):
    _sides(root, (3.0, 8000), (1.9, 0))
    assert _judge(root, _expected(4.9, talks=(TALKS[0], Covered("724", 3_000_000, 1.9)))).state == "ok"


def test_what_is_missing_at_the_end_is_said_to_be_short_and_not_silent(root):
    _sides(root, (3.0, 8000))
    verdict = _judge(root, _expected(7.0, talks=TALKS))
    assert (verdict.state, verdict.reason) == ("partial", "3.0 s of 7.0 s of talk")


def test_a_verdict_that_was_lost_is_found_again_with_whom_it_does_not_hold(root):
    """We died between the finished file and the verdict."""
    _sides(root, (3.0, 8000), (4.0, 0))
    first = _judge(root, _expected(7.0, talks=TALKS))
    assert _judge(root, _expected(7.0, talks=TALKS)) == first


@pytest.mark.parametrize(
    ("talk", "length", "state"),
    [
        (5.0, 5.0, "ok"),
        (5.0, 4.1, "ok"),
        (5.0, 3.9, "partial"),
        (600.0, 589.0, "ok"),
        (600.0, 587.0, "partial"),
        (0.3, 0.3, "ok"),
    ],
)
def test_a_recording_may_be_a_second_or_two_per_cent_shorter_than_the_talk(root, talk, length, state):
    raw = _record(root, length)
    verdict = _judge(root, _expected(talk))
    assert verdict.state == state
    assert verdict.path == PATH
    assert verdict.seconds == pytest.approx(length)
    assert bool(verdict.reason) == (state == "partial")
    assert not raw.exists()
    with open_recording(root, verdict.path) as file:
        assert DiskAudio().measure(file).sha256 == verdict.sha256
    assert (root / PATH).stat().st_size == verdict.bytes


def test_a_call_cut_by_a_crash_gives_a_recovered_recording_with_the_missing_length(root):
    raw = _record(root, 3.0)
    raw.write_bytes(raw.read_bytes()[:-3])
    verdict = _judge(root, _expected(8.0, crashed=True))
    assert (verdict.state, verdict.path) == ("recovered", PATH)
    assert verdict.reason == "Asterisk died during the call: 3.0 s of 8.0 s of talk"


def test_two_files_a_side_are_verified_like_one(root):
    raw = _record(root, 5.0)
    samples = np.frombuffer(raw.read_bytes(), "<i2").reshape(-1, 2)
    raw.unlink()
    for side, end in enumerate(("in", "out")):
        (root / f"live/{NAME}.{end}.raw").write_bytes(samples[:, side].tobytes())
    assert _judge(root, _expected()).state == "ok"
    assert list((root / "live").iterdir()) == []


def test_no_file_is_failed_when_somebody_talked_and_none_when_nobody_did(root):
    """F30: an unwritable folder still looks like success to Asterisk."""
    failed = _judge(root, _expected(5.0))
    assert (failed.state, failed.path) == ("failed", "")
    assert "writable" in failed.reason
    assert _judge(root, _expected(0.0)).state == "none"


def test_an_empty_file_is_failed_when_somebody_talked_and_removed(root):
    """F31: a disk that was full from the start."""
    for talk, crashed, state, word in (
        (5.0, False, "failed", "full"),
        (5.0, True, "failed", "died"),
        (0.2, False, "none", ""),
    ):
        raw = _record(root, 0)
        verdict = _judge(root, _expected(talk, crashed=crashed))
        assert verdict.state == state
        assert word in verdict.reason
        assert not raw.exists()


def test_a_verdict_lost_in_a_crash_of_ours_is_found_again_from_the_finished_file(root):
    _record(root, 5.0)
    first = _judge(root, _expected())
    assert _judge(root, _expected()) == first


def test_a_finished_file_that_was_damaged_since_is_failed(root):
    _record(root, 5.0)
    _judge(root, _expected())
    (root / PATH).write_bytes((root / PATH).read_bytes()[:1000])
    verdict = _judge(root, _expected())
    assert (verdict.state, verdict.path) == ("failed", "")


def test_a_folder_that_cannot_be_made_is_failed_and_the_raw_audio_kept(root):
    raw = _record(root, 5.0)
    (root / "2026").write_text("a file where the year's folder should be")
    verdict = _judge(root, _expected())
    assert verdict.state == "failed"
    assert "could not be kept" in verdict.reason
    assert raw.exists()


def test_a_folder_that_leads_out_of_the_root_is_refused_and_the_raw_audio_kept(root, tmp_path):
    """S8."""
    raw = _record(root, 5.0)
    (tmp_path / "elsewhere").mkdir()
    (root / "2026").symlink_to(tmp_path / "elsewhere")
    verdict = _judge(root, _expected())
    assert verdict.state == "failed"
    assert raw.exists()
    assert not list((tmp_path / "elsewhere").rglob("*.wav"))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "", ".hidden", "..", "a..b", "a\nb", "a\x00", "я", "a" * 101]
)
def test_a_name_that_is_none_of_ours_is_failed_and_touches_nothing(root, name):
    verdict = _judge(root, _expected(name=name))
    assert (verdict.state, verdict.reason) == ("failed", "the name is none of ours")
    assert live_files(root, name) == ()
    with pytest.raises(ValueError, match="no name of a recording"):
        place_of(name, NOON)


@given(st.text(max_size=30))
def test_a_good_name_is_one_plain_part_of_a_path(name):
    if is_name(name):
        assert Path(name).name == name
        assert name not in {".", ".."}


@pytest.mark.parametrize(
    "path",
    [
        "../x.wav",
        "/etc/passwd",
        "2026/11/21/../x.wav",
        "2026/11/21/x.raw",
        "live/x.raw",
        "2026/11/21/.wav",
        "",
        "2026/1/1/x.wav\n",
    ],
)
def test_only_paths_of_recordings_are_opened(root, path):
    """S7 to S9."""
    with pytest.raises(DeskError, match="no path of a recording"):
        open_recording(root, path)


def test_a_recording_behind_a_symbolic_link_is_not_opened(root, tmp_path):
    """S8: neither the file nor any folder above it may be a link; the root itself may."""
    _record(root, 5.0)
    _judge(root, _expected())
    (tmp_path / "mount").symlink_to(root)
    open_recording(tmp_path / "mount", PATH).close()
    real = root / "2026/11/21"
    (real / "link.wav").symlink_to(root / PATH)
    with pytest.raises(DeskError, match="cannot be opened"):
        open_recording(root, "2026/11/21/link.wav")
    shutil.move(real, tmp_path / "moved")
    real.symlink_to(tmp_path / "moved")
    with pytest.raises(DeskError, match="cannot be opened"):
        open_recording(root, PATH)
    with pytest.raises(DeskError, match="cannot be opened"):
        open_recording(root, "2026/11/22/gone.wav")


def test_the_folder_is_the_utc_date_of_the_calls_start(root):
    assert place_of(NAME, NOON + 12 * 3600 - 0.001) == PATH
    assert place_of(NAME, NOON + 12 * 3600) == f"2026/11/22/{NAME}.wav"
    assert folder_for(root, PATH) == root / PATH


def _keeper(root, *expected):
    clock = Clock()
    store = Memory(*expected)
    return Keeper(store, root, DiskAudio(), clock), store, clock


def test_an_open_call_is_left_alone_and_settled_after_it_closed(root):
    keeper, store, _ = _keeper(root, _expected(call_open=True))
    raw = _record(root, 5.0)
    assert keeper.look() == 0
    assert raw.exists()
    store.rows[NAME] = _expected()
    assert keeper.look() == 1
    assert store.verdicts[NAME].state == "ok"
    assert keeper.look() == 0


def test_a_file_that_is_still_being_written_is_waited_for(root):
    keeper, store, clock = _keeper(root, _expected())
    _record(root, 2.0, age=0)
    assert keeper.look() == 0
    _record(root, 5.0, age=2)
    assert keeper.look() == 1
    assert store.verdicts[NAME].state == "ok"
    assert clock.now == Clock.now


def test_a_file_that_does_not_come_is_failed_after_the_grace_and_not_before(root):
    keeper, store, clock = _keeper(root, _expected())
    assert keeper.look() == 0
    clock.now += GRACE - 0.1
    assert keeper.look() == 0
    clock.now += 0.2
    assert keeper.look() == 1
    assert store.verdicts[NAME].state == "failed"
    clock.now += 10 * RETRY
    assert keeper.look() == 0


def test_a_disk_that_was_full_is_tried_again_until_the_recording_is_kept(root):
    keeper, store, clock = _keeper(root, _expected())
    _record(root, 5.0)
    (root / "2026").write_text("")
    assert keeper.look() == 1
    assert store.verdicts[NAME].state == "failed"
    (root / "2026").unlink()
    assert keeper.look() == 0
    clock.now += RETRY
    assert keeper.look() == 1
    assert store.verdicts[NAME].state == "ok"


def test_a_crashed_call_is_settled_at_once(root):
    keeper, store, _ = _keeper(root, _expected(crashed=True))
    _record(root, 5.0, age=0)
    assert keeper.look() == 1
    assert store.verdicts[NAME].state == "recovered"


def test_one_bad_recording_does_not_hold_up_the_next(root):
    other = "desk1-1795262400.9"
    keeper, store, clock = _keeper(root, _expected(name="../evil"), _expected(name=other, call_id=other))
    _record(root, 5.0, other)
    keeper.look()
    clock.now += GRACE + 1
    keeper.look()
    assert {name: verdict.state for name, verdict in store.verdicts.items()} == {"../evil": "failed", other: "ok"}


def _three(root):
    names = [f"desk1-1795262400.{number}" for number in (7, 8, 9)]
    for name in names:
        _record(root, 5.0, name)
    return names, [_expected(name=name, call_id=name) for name in names]


def test_recordings_that_are_ready_together_are_settled_in_one_act(root):
    names, expected = _three(root)
    keeper, store, _ = _keeper(root, *expected)
    assert keeper.look() == 3
    assert store.acts == [names]


def test_a_verification_that_breaks_off_keeps_the_verdicts_before_it(root):
    names, expected = _three(root)

    class Broken(DiskAudio):
        """Breaks at the second recording in a way that nobody foresaw."""

        def finalise(self, sources, out, channels, private):
            if names[1] in str(out):
                raise RuntimeError("unforeseen")
            return super().finalise(sources, out, channels, private)

    store = Memory(*expected)
    keeper = Keeper(store, root, Broken(), Clock())
    with pytest.raises(RuntimeError, match="unforeseen"):
        keeper.look()
    assert store.acts == [[names[0]]]


async def test_the_loop_outlives_a_database_that_is_away(root):
    store = Memory(_expected())
    store.down = True
    _record(root, 5.0)
    loop = asyncio.create_task(keep(store, root, DiskAudio(), every=0.01))
    await asyncio.sleep(0.1)
    assert not loop.done()
    store.down = False
    assert await asyncio.to_thread(store.settled.wait, 5)
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop
    assert store.verdicts[NAME].state == "ok"


def test_a_message_is_verified_from_the_callers_voice_alone(root):
    name = f"{NAME}-message"
    (root / "live" / f"{name}.voice.raw").write_bytes(bytes(2 * 8000 * 5))
    verdict = _judge(root, _expected(5.0, name=name))
    assert (verdict.state, verdict.seconds, verdict.path) == ("ok", 5.0, f"2026/11/21/{name}.wav")
    assert not any((root / "live").iterdir())
