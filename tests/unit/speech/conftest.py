"""A small desk and a voice made of tones, so that the audio in these tests is real and quick."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.flows.reader import read_desk
from ivr.speech.build import build

DESK = """\
desk: shop
numbers: ["100"]
language: en
agents: {101: Ann}
categories: {other: other}
lines: {first: {agents: [101]}}
flow:
  hello: {say: "Hello.", then: menu}
  menu:
    menu: "Press one."
    1: {category: other, then: first}
    no answer: first
"""


class ToneEngine:
    """Speaks each text as a tone of its own pitch, with silence around it: an engine as a plug-in would be."""

    name = "tones"
    cure = "Nothing: it is always here."

    def __init__(self, version: str | None = "1") -> None:
        self._version = version
        self.spoken: list[str] = []

    def version(self) -> str | None:
        return self._version

    def voice(self, language: str) -> str | None:
        return "sine" if language == "en" else None

    def speak(self, text: str, voice: str, out: Path) -> None:
        assert voice == "sine"
        self.spoken.append(text)
        pitch = 300 + hashlib.sha256(text.encode()).digest()[0] * 4
        soundfile.write(out, _tone(pitch, 0.8, 24000, lead=0.5, tail=0.7), 24000)


def _tone(pitch: float, seconds: float, rate: int, *, lead: float = 0.0, tail: float = 0.0, level: float = 0.1):
    time = np.arange(round(seconds * rate)) / rate
    sound = level * np.sin(2 * np.pi * pitch * time)
    return np.concatenate([np.zeros(round(lead * rate)), sound, np.zeros(round(tail * rate))])


@pytest.fixture
def tone():
    """Give the function that makes a tone of a pitch (Hz) and length (s) at a rate, with silence around it."""
    return _tone


@pytest.fixture
def tone_engine():
    """Give the class of engines that speak in tones."""
    return ToneEngine


@pytest.fixture
def desk_text():
    return DESK


@pytest.fixture
def desks(tmp_path):
    """Give a folder with the desk file."""
    folder = tmp_path / "desks"
    folder.mkdir()
    (folder / "shop.yaml").write_text(DESK, encoding="utf-8")
    return folder


@pytest.fixture
def desk(desks):
    return read_desk(desks / "shop.yaml")


@pytest.fixture
def built(desk, desks, choose):
    """Give the desk with all its prompts made."""
    build(desk, desks, choose)
    return desk


@pytest.fixture
def engine():
    return ToneEngine()


@pytest.fixture
def choose(engine):
    """Give the choice of the tone engine, as `build` takes it."""
    return lambda language: (engine, engine.voice(language))
