"""A disk that is nearly full is told before something is lost: the journal's, and that of the recordings (F22, F31)."""

from __future__ import annotations

import errno
import json
import shutil
import time
from typing import NamedTuple

import pytest

from ivr.app import watch
from ivr.app.condition import conditions
from ivr.app.doctor import examine
from ivr.app.watch import Watch, disk_alarms
from ivr.settings import Settings
from tests.running import DEMO


class Space(NamedTuple):
    total: int
    used: int
    free: int


ROOM, FULL = Space(100 << 30, 0, 50 << 30), Space(100 << 30, 0, 7 << 20)


class Notes:
    """What would be noted in the ledger."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def tell(self, kind: str, trouble: str) -> None:
        self.told.append((kind, trouble))

    def keep(self) -> None:
        pass


@pytest.fixture
def settings(tmp_path):
    made = Settings(home=tmp_path / "home", recordings=tmp_path / "talks", desks=DEMO, shift=7310)
    made.journal.parent.mkdir(parents=True)
    made.recordings.mkdir()
    return made


@pytest.fixture
def disks(settings, monkeypatch):
    """Let the recordings lie on a disk of their own; how full each is is the test's to say."""
    spaces = {"home": ROOM, "talks": ROOM}

    def which(place):
        return "talks" if place.is_relative_to(settings.recordings) else "home"

    monkeypatch.setattr(watch, "_device", lambda place: hash(which(place)))
    monkeypatch.setattr(shutil, "disk_usage", lambda place: spaces[which(place)])
    return spaces


def found(settings):
    return {one.what: one for one in examine(settings) if "disk" in one.what}


def test_f31_full_recordings_are_ill_beside_a_journal_with_room(settings, disks):
    disks["talks"] = FULL
    seen = found(settings)
    assert seen["disk"][1:3] == ("well", f"there is room in {settings.journal.parent}")
    assert seen["recordings' disk"].state == "ill"
    assert (
        seen["recordings' disk"].said == f"7 MB free in {settings.recordings}: free some, or talks will not be recorded"
    )
    assert "older recordings" in seen["recordings' disk"].cure


def test_f22_a_full_journals_disk_is_ill_beside_recordings_with_room(settings, disks):
    disks["home"] = FULL
    seen = found(settings)
    assert seen["disk"].said == f"7 MB free in {settings.journal.parent}: free some, or calls will leave no trace"
    assert seen["recordings' disk"].state == "well"


def test_one_disk_is_one_finding_and_one_alarm(settings, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: FULL)
    assert list(found(settings)) == list(disk_alarms(settings)) == ["disk"]


def test_the_recordings_folder_that_is_not_there_yet_is_looked_at_where_it_will_be(settings, disks):
    settings.recordings.rmdir()
    assert list(found(settings)) == ["disk"]


def test_a_disk_that_cannot_be_looked_at_is_an_alarm(settings, monkeypatch):
    def broken(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(shutil, "disk_usage", broken)
    assert disk_alarms(settings) == {"disk": f"{settings.journal.parent} cannot be looked at: Input/output error"}


def test_f31_the_loader_is_ill_while_recordings_have_no_room_and_no_record_is_said_to_be_missing(settings, disks):
    notes = Notes()
    watching = Watch(settings, notes)
    watching.look()
    assert watching.health() == {}
    disks["talks"] = FULL
    watching.look()
    assert watching.health() == {
        "recordings_disk": f"7 MB free in {settings.recordings}: free some, or talks will not be recorded"
    }
    assert all(not trouble for _, trouble in notes.told)
    (settings.home / "health").mkdir()
    told = {"at": time.time(), "running": time.monotonic(), **watching.health()}
    (settings.home / "health/loader.json").write_text(json.dumps(told))
    assert conditions(settings)["loader"]["state"] == "ill"
    disks["talks"] = ROOM
    watching.look()
    assert watching.health() == {}
