"""Whether Asterisk's files are as they were written: byte for byte, all of them, and no other."""

from __future__ import annotations

import pytest

from ivr.app.as_written import as_written, note_written, written_by
from ivr.asterisk.render import Rendered

FILES = (Rendered("queues.conf", "retry = 1\n"), Rendered("cli.conf", "; ü\n"))


@pytest.fixture
def etc(tmp_path):
    """Return the folder, with the files as they were written."""
    folder = tmp_path / "etc"
    folder.mkdir()
    for file in FILES:
        (folder / file.name).write_text(file.text)
    note_written(folder, FILES, "this one")
    return folder


def test_what_nobody_has_touched_is_as_it_was_written(etc):
    assert as_written(etc)


@pytest.mark.parametrize(
    "touch",
    [
        lambda etc: (etc / "queues.conf").write_text("retry = 2\n"),
        lambda etc: (etc / "queues.conf").write_bytes(b"retry = 1\r\n"),
        lambda etc: (etc / "queues.conf").unlink(),
        lambda etc: (etc / "more.conf").write_text(""),
        lambda etc: (etc.parent / "written.json").unlink(),
        lambda etc: (etc.parent / "written.json").write_text("[1"),
        lambda etc: (etc.parent / "written.json").write_text("[]"),
    ],
    ids=["edited", "another line end", "removed", "one more", "never noted", "a broken note", "no note"],
)
def test_what_is_otherwise_in_any_way_is_not(etc, touch):
    touch(etc)
    assert not as_written(etc)


def test_what_is_written_again_is_as_it_was_written_then(etc):
    (etc / "queues.conf").write_text("retry = 2\n")
    note_written(etc, (Rendered("queues.conf", "retry = 2\n"), FILES[1]), "this one")
    assert as_written(etc)


def test_which_program_wrote_them_is_known_until_another_does(etc):
    assert written_by(etc) == "this one"
    note_written(etc, FILES, "another")
    assert as_written(etc)
    assert written_by(etc) == "another"
    (etc.parent / "written.json").unlink()
    assert written_by(etc) == ""
