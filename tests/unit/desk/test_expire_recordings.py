"""Recordings are removed when their desk's time for them is over, and the ledger says so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr.desk.expire_recordings import Keeps, Outlived, expire, keeps_of
from ivr.desk.keep_recordings import EXPIRE_EVERY, RETRY, keep
from ivr.desk.recording_path import place_of
from ivr.speech.recording import DiskAudio
from tests.unit.engine.test_machine import desk

DAY = 86400.0
NOW = 1_795_262_400.0
KEEPS = Keeps({"shop": 10 * DAY, "clinic": 2 * DAY}, 10 * DAY)


class Memory:
    """The store's port, in memory; `dies` in front of the next note."""

    def __init__(self, *rows):
        self.rows = {row.name: row for row in rows}
        self.reasons = {}
        self.dies = False

    def outlived(self, keeps, now):
        return [row for row in self.rows.values() if now - row.began_at > keeps.of(row.desk)]

    def expire(self, reasons):
        if self.dies:
            raise KeyboardInterrupt
        self.reasons |= reasons
        for name in reasons:
            del self.rows[name]


@pytest.fixture
def root(tmp_path):
    (tmp_path / "recordings/live").mkdir(parents=True)
    return tmp_path / "recordings"


def _old(name="d-1", days=11.0, desk="shop", state="ok", node="d") -> Outlived:
    return Outlived(name, desk, node, NOW - days * DAY, state)


def _file(root: Path, row: Outlived) -> Path:
    path = root / place_of(row.name, row.began_at)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF")
    return path


def _expire(store, root) -> int:
    return expire(store, root, lambda: KEEPS, lambda: NOW, "d")


def test_a_recording_that_is_older_than_its_desk_keeps_it_is_removed_and_the_row_says_why(root):
    rows = [_old("d-1", 9.9), _old("d-2", 10.1), _old("d-3", 2.1, "clinic"), _old("d-4", 9.0, "gone")]
    files = [_file(root, row) for row in rows]
    store = Memory(*rows)
    assert _expire(store, root) == 2
    assert [file.exists() for file in files] == [True, False, False, True]
    assert store.reasons == {"d-2": "kept 10 days", "d-3": "kept 2 days"}
    assert _expire(store, root) == 0


def test_a_death_between_file_and_row_is_set_right_at_the_next_look(root):
    store = Memory(_old())
    file = _file(root, _old())
    store.dies = True
    with pytest.raises(KeyboardInterrupt):
        _expire(store, root)
    assert not file.exists()
    store.dies = False
    assert _expire(store, root) == 1
    assert store.reasons == {"d-1": "kept 10 days"}


def test_a_file_that_cannot_be_removed_keeps_its_row_and_does_not_hold_up_the_next(root):
    stuck, other = _old("d-1"), _old("d-2")
    store = Memory(stuck, other)
    (root / place_of("d-1", stuck.began_at)).mkdir(parents=True)  # a folder where the file should be
    _file(root, other)
    assert _expire(store, root) == 1
    assert list(store.rows) == ["d-1"]


def test_nothing_outside_the_root_is_ever_removed(root, tmp_path):
    """S8: neither through a folder that is a link nor by a name that leads out; a link itself goes, not its target."""
    (tmp_path / "else").mkdir()
    linked = _old("d-1")
    _file(root, linked).parent.rename(tmp_path / "else/day")
    place = (root / place_of("d-1", linked.began_at)).parent
    place.symlink_to(tmp_path / "else/day")
    store = Memory(linked, _old("../../else/day/d-1"))
    assert _expire(store, root) == 0
    assert (tmp_path / "else/day/d-1.wav").exists()
    place.unlink()
    place.mkdir()
    (place / "d-1.wav").symlink_to(tmp_path / "else/day/d-1.wav")
    assert _expire(store, root) == 1
    assert (tmp_path / "else/day/d-1.wav").exists()


def test_a_disk_that_is_away_has_not_lost_its_recordings(root):
    store = Memory(_old())
    root.rename(root.with_name("away"))
    assert _expire(store, root) == 0
    assert list(store.rows) == ["d-1"]


def test_the_raw_audio_of_a_failed_recording_goes_too_and_without_any_it_stays_failed(root):
    store = Memory(_old("d-1", state="failed"), _old("d-2", state="failed"))
    for end in (".in.raw", ".out.raw"):
        (root / f"live/d-1{end}").write_bytes(b"audio")
    assert _expire(store, root) == 1
    assert list((root / "live").iterdir()) == []
    assert list(store.rows) == ["d-2"]


def test_a_recording_of_another_machine_expires_here_only_when_its_file_lies_here(root):
    """Several nodes may share one database, each with its own disk."""
    here, there = _old("e-1", node="e"), _old("e-2", node="e")
    _file(root, here)
    store = Memory(here, there)
    assert _expire(store, root) == 1
    assert list(store.rows) == ["e-2"]


def test_a_desk_that_is_gone_or_records_no_more_keeps_the_longest():
    desks = [
        desk(desk="short", recording={"keep": "36h"}),
        desk(desk="long", recording={"keep": "90d"}),
        desk(desk="none", recording=None),
    ]
    keeps = keeps_of(desks)
    assert [keeps.of(name) / 3600 for name in ("short", "long", "none", "gone")] == [36, 90 * 24, 90 * 24, 90 * 24]
    assert keeps_of([]).of("any") == 180 * DAY


@pytest.mark.parametrize(
    ("kept", "words"), [("1d", "1 day"), ("36h", "36 hours"), ("1h", "1 hour"), ("90m", "90 minutes")]
)
def test_the_reason_is_in_words(root, kept, words):
    row = _old(days=400)
    _file(root, row)
    store = Memory(row)
    expire(store, root, lambda: keeps_of([desk(desk="shop", recording={"keep": kept})]), lambda: NOW, "d")
    assert store.reasons == {"d-1": f"kept {words}"}


class Nothing:
    """A store that awaits nothing."""

    def awaiting(self):
        return []


async def test_the_loop_looks_at_its_start_and_every_hour_and_soon_again_when_it_went_wrong(root):
    now = [0.0]
    looks = []

    def look() -> None:
        looks.append(now[0])
        if len(looks) == 2:
            raise ConnectionError("the database is away")

    loop = asyncio.create_task(keep(Nothing(), root, DiskAudio(), expire=look, every=0.001, clock=lambda: now[0]))
    for moment in (0.0, EXPIRE_EVERY - 1, EXPIRE_EVERY, EXPIRE_EVERY + RETRY - 1, EXPIRE_EVERY + RETRY):
        now[0] = moment
        await asyncio.sleep(0.1)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert looks == [0.0, EXPIRE_EVERY, EXPIRE_EVERY + RETRY]
