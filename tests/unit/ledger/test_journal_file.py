"""The journal's files are followed through rotations; lost bytes are never passed over."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ivr.asterisk.journal import Journal, boot_id
from ivr.errors import DeskError
from ivr.ledger.record import FILE_BITS, OFFSET_BITS, Position

START = Position("n", "", 1 << FILE_BITS | 1, 0, "", 0)


def line(place: int, name: str = "x") -> bytes:
    return (
        f'"HANGUP","{1795000000 + place}.000000","n-1.1","n-1.1","PJSIP/t-1","{name}","","","","","","",""\n'.encode()
    )


class Reading:
    """A journal in a folder, and everything that a reader got out of it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.csv"
        self.journal = Journal(self.path, "n")
        self.position = START
        self.seconds: list[int] = []
        self.ids: list[int] = []
        self.torn: list[bytes] = []

    def write(self, *parts: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(b"".join(parts))

    def rotate(self, suffix: str = ".1") -> None:
        self.path.rename(self.path.with_name(self.path.name + suffix))

    def read(self, *, anew: bool = False) -> None:
        if anew:
            self.journal.close()
            self.journal = Journal(self.path, "n")
        while batch := self.journal.read(self.position):
            self.position = batch.position
            self.seconds += [record.at // 1_000_000 - 1795000000 for record in batch.records]
            self.ids += [record.id for record in batch.records]
            self.torn += [one.raw for one in batch.rejected]


@pytest.fixture
def reading(tmp_path):
    reading = Reading(tmp_path)
    yield reading
    reading.journal.close()


def test_nothing_is_read_from_a_journal_that_is_not_there_yet(reading, tmp_path):
    reading.read()
    assert reading.position == START
    assert Journal(tmp_path / "none" / "journal.csv", "n").read(START) is None


def test_what_is_appended_is_read_once(reading):
    reading.write(line(1))
    reading.read()
    reading.write(line(2), line(3)[:40])
    reading.read()
    assert reading.seconds == [1, 2]
    reading.write(line(3)[40:])
    reading.read()
    assert reading.seconds == [1, 2, 3]
    assert reading.position.boot == boot_id()


@pytest.mark.parametrize("anew", [True, False])
def test_f20_a_rotation_by_rename_is_followed_without_loss(reading, anew):
    """F20."""
    reading.write(line(1))
    reading.read()
    reading.write(line(2))
    reading.rotate()
    reading.read(anew=anew)
    reading.write(line(3))
    reading.read(anew=anew)
    assert reading.seconds == [1, 2, 3]
    assert reading.ids == sorted(reading.ids)
    assert reading.ids[-1] >> OFFSET_BITS == START.file + 1


def test_rotations_while_nobody_read_are_followed_in_their_order(reading):
    """F20: newer files get smaller numbers, as logrotate names them."""
    reading.write(line(1))
    reading.read()
    for place, suffix in ((2, ".3"), (4, ".2"), (6, ".1")):
        reading.write(line(place), line(place + 1))
        reading.rotate(suffix)
    reading.write(line(8))
    reading.read(anew=True)
    assert reading.seconds == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_first_start_begins_with_the_oldest_file(reading):
    reading.write(line(1))
    reading.rotate("-20261121")
    reading.write(line(2))
    (reading.path.parent / "journal.csv.2.gz").write_bytes(b"packed")
    (reading.path.parent / "other.csv").write_bytes(line(9))
    reading.read()
    assert reading.seconds == [1, 2]


def test_the_old_file_is_not_left_before_the_new_one_has_a_byte(reading):
    """A row may still be on its way into the old file."""
    reading.write(line(1))
    reading.read()
    reading.rotate()
    reading.path.touch()
    reading.read()
    with reading.path.with_name("journal.csv.1").open("ab") as late:
        late.write(line(2))
    reading.read()
    reading.write(line(3))
    reading.read()
    assert reading.seconds == [1, 2, 3]


def test_a_torn_end_of_a_rotated_file_is_set_aside_once(reading):
    """F21."""
    reading.write(line(1), line(2)[:50])
    reading.read()
    reading.rotate()
    reading.read()
    assert reading.torn == []
    reading.write(line(3))
    reading.read()
    reading.read(anew=True)
    assert reading.seconds == [1, 3]
    assert reading.torn == [line(2)[:50]]


def test_f20_a_cut_file_is_refused(reading):
    """F20: copy-truncate."""
    reading.write(line(1), line(2))
    reading.read()
    shutil.copy(reading.path, reading.path.with_name("journal.csv.1"))
    os.truncate(reading.path, 0)
    with pytest.raises(DeskError, match="is shorter than what was already read"):
        reading.read()
    with pytest.raises(DeskError, match="copytruncate"):
        reading.read(anew=True)


def test_f20_a_file_that_was_cut_and_grew_again_is_refused_at_the_next_start(reading):
    """F20."""
    reading.write(line(1))
    reading.read()
    os.truncate(reading.path, 0)
    reading.write(line(7), line(8))
    with pytest.raises(DeskError, match="was cut and filled again"):
        reading.read(anew=True)


def test_a_file_that_is_gone_is_refused(reading):
    reading.write(line(1))
    reading.read()
    reading.write(line(2))
    other = reading.path.with_name("elsewhere")
    reading.path.rename(other)
    reading.write(line(3))
    with pytest.raises(DeskError, match="is gone"):
        reading.read(anew=True)
    other.rename(reading.path.with_name("journal.csv.1"))
    reading.read(anew=True)
    assert reading.seconds == [1, 2, 3]


def test_a_file_moved_to_another_disk_is_known_by_its_head(reading):
    reading.write(line(1), line(2))
    reading.read()
    copy = reading.path.with_name("copy")
    shutil.copy(reading.path, copy)
    copy.replace(reading.path)
    reading.write(line(3))
    reading.read(anew=True)
    assert reading.seconds == [1, 2, 3]


def test_an_accepted_gap_goes_on_at_the_present_files_beginning(reading):
    reading.write(line(1))
    reading.read()
    reading.path.unlink()
    with pytest.raises(DeskError, match="no journal"):
        reading.journal.after_gap(reading.position)
    reading.write(line(2))
    reading.position = reading.journal.after_gap(reading.position)
    reading.read(anew=True)
    assert reading.seconds == [1, 2]


def test_what_is_not_read_yet_is_counted_through_a_rotation(reading):
    assert reading.journal.unread(START) == 0
    reading.write(line(1), line(2))
    assert reading.journal.unread(START) == 2 * len(line(1))
    reading.read()
    assert reading.journal.unread(reading.position) == 0
    reading.write(line(3))
    reading.rotate()
    reading.write(line(4), line(5))
    assert reading.journal.unread(reading.position) == 3 * len(line(1))
    reading.path.with_name("journal.csv.1").unlink()
    assert reading.journal.unread(reading.position) is None
