"""What is laid into a home before Asterisk starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ivr.app.lay_music import lay_music
from ivr.flows.edition import Edition
from ivr.speech.wav import RATES, seconds_of, wav_bytes
from tests.unit.engine.test_machine import SMALL, desk

WAITS = {"first": {"agents": ["201"], "ring": "15s", "wait": "2m", "whisper": True, "then": "second"}}
LONGEST = 120 + 15 + 25
"""Seconds: the wait, and an agent who is rung and whispered to at its very end."""


def _sound(path: Path, seconds: float, value: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rate = RATES[path.suffix]
    path.write_bytes(wav_bytes(bytes([value, 0]) * round(seconds * rate), rate))
    return path


@pytest.fixture
def laid(tmp_path):
    """Give a way to lay the music of a desk; two pieces of 40 s together, and a question of 7 s."""
    pieces = [
        _sound(tmp_path / f"pieces/{name}{end}", seconds) for name, seconds in (("a", 30), ("b", 10)) for end in RATES
    ]
    for language in ("en", "ru"):
        for end in RATES:
            _sound(tmp_path / f"sounds/small_1/{language}/source{end}", 7)

    def lay(*desks, without=()):
        kept = [piece for piece in pieces if piece.name not in without]
        lay_music(tmp_path / "music", kept, [Edition(one, "1") for one in desks], tmp_path / "sounds")
        return tmp_path / "music"

    return lay


def test_the_question_is_heard_once_in_the_longest_wait_of_any_line(laid):
    folder = laid(desk(lines=SMALL["lines"] | WAITS)) / "small_1-source-ru"
    names = sorted(path.name for path in folder.glob("*.wav"))
    assert names[0] == "1-question.wav"
    assert sum(name.startswith("1") for name in names) == 1
    music = [seconds_of(folder / name) for name in names[1:]]
    assert music[:3] == [30, 10, 30]
    assert LONGEST <= sum(music) < LONGEST + 40
    assert sorted(path.stem for path in folder.glob("*.wav16")) == sorted(path.stem for path in folder.glob("*.wav"))


def test_a_piece_lies_on_the_disk_once_however_often_it_is_played(laid):
    music = laid(desk(lines=SMALL["lines"] | WAITS))
    for link in (music / "small_1-source-en").glob("2-*"):
        assert link.resolve().parent == (music / "hold").resolve()
    assert sorted(path.name for path in (music / "hold").iterdir()) == ["a.wav", "a.wav16", "b.wav", "b.wav16"]


def test_what_was_removed_or_shortened_since_is_gone_everywhere(laid):
    laid(desk(lines=SMALL["lines"] | WAITS))
    short = {name: line | {"wait": "5s", "ring": "5s"} for name, line in SMALL["lines"].items()}
    music = laid(desk(lines=short), without=("b.wav", "b.wav16"))
    assert sorted(path.name for path in (music / "hold").iterdir()) == ["a.wav", "a.wav16"]
    names = sorted(path.name for path in (music / "small_1-source-en").glob("*.wav"))
    assert names == ["1-question.wav", "2-00000-a.wav", "2-00001-a.wav"]


def test_a_desk_that_asks_no_more_while_waiting_has_no_music_of_its_own(laid):
    assert (laid(desk()) / "small_1-source-en").is_dir()
    music = laid(desk(source=SMALL["source"] | {"ask": "before the line"}))
    assert [path.name for path in music.iterdir()] == ["hold"]


def test_an_older_file_that_replaces_a_newer_one_of_the_same_size_is_taken(laid, tmp_path):
    music = laid(desk())
    piece = _sound(tmp_path / "pieces/a.wav", 30, value=1)
    os.utime(piece, (1_000_000_000, 1_000_000_000))
    laid(desk())
    assert (music / "hold/a.wav").read_bytes() == piece.read_bytes()
    assert (music / "small_1-source-en/2-00000-a.wav").read_bytes() == piece.read_bytes()


def test_laying_again_touches_nothing(laid):
    music = laid(desk())
    before = {path: path.lstat().st_ino for path in music.rglob("*")}
    laid(desk())
    assert {path: path.lstat().st_ino for path in music.rglob("*")} == before
