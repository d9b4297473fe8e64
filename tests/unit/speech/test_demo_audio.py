"""The audio in the repository, file by file: what a newcomer hears without making anything."""

from __future__ import annotations

import hashlib
import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.flows.reader import read_desks
from ivr.speech.level import CEILING, loudness, true_peak
from ivr.speech.library import stale_prompts
from ivr.speech.manifest import read_manifest
from ivr.speech.music import LOUDNESS, NAME, write

DIALPLANS = Path(__file__).parents[3] / "dialplans"
PROMPTS = sorted(path for path in DIALPLANS.glob("*/prompts/*/*.wav*"))
SILENT = 10 ** (-50 / 20)


def _read(path):
    with wave.open(str(path), "rb") as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768, sound.getframerate()


def test_the_demo_desks_have_all_their_prompts_with_the_texts_of_today():
    assert [(desk.desk, stale_prompts(desk, DIALPLANS)) for desk in read_desks(DIALPLANS).values()] == [
        ("homecare", []),
        ("ultralight", []),
    ]
    assert len(PROMPTS) > 90


@pytest.mark.parametrize("path", PROMPTS, ids=lambda path: f"{path.parts[-4]}/{path.name}")
def test_a_prompt_is_at_the_house_level_without_silence_around_it(path):
    samples, rate = _read(path)
    assert rate == {".wav": 8000, ".wav16": 16000}[path.suffix]
    assert loudness(samples, rate) == pytest.approx(-20, abs=1)
    assert true_peak(samples, rate) <= CEILING
    size = rate // 100
    power = np.sqrt(np.mean(samples[: len(samples) // size * size].reshape(-1, size) ** 2, axis=1))
    voiced = np.flatnonzero(power > SILENT)
    assert voiced[0] / 100 <= 0.15
    assert len(samples) / rate - (voiced[-1] + 1) / 100 <= 0.15


def test_the_manifest_names_the_files_that_are_there_and_free_voices_only():
    for desk in ("homecare", "ultralight"):
        folder = DIALPLANS / desk / "prompts"
        manifest = read_manifest(folder)
        found = {str(path.relative_to(folder).with_suffix("")) for path in folder.glob("*/*.wav")}
        assert set(manifest) == found
        for key, made in manifest.items():
            assert hashlib.sha256((folder / f"{key}.wav").read_bytes()).hexdigest() == made.wav
            assert hashlib.sha256((folder / f"{key}.wav16").read_bytes()).hexdigest() == made.wav16
            assert (made.engine, made.voice) in {("rhvoice", "anna"), ("piper", "en_US-joe-medium")}


def test_the_music_is_quieter_than_prompts_and_loops_without_a_click():
    for extension in (".wav", ".wav16"):
        samples, rate = _read(DIALPLANS / f"music/{NAME}{extension}")
        assert len(samples) / rate == pytest.approx(30, abs=0.1)
        assert loudness(samples, rate) == pytest.approx(LOUDNESS, abs=0.5)
        steps = np.abs(np.diff(samples))
        assert abs(samples[0] - samples[-1]) <= steps.max()


def test_the_music_can_be_made_again(tmp_path):
    write(tmp_path)
    for extension in (".wav", ".wav16"):
        ours, _ = _read(DIALPLANS / f"music/{NAME}{extension}")
        again, _ = _read(tmp_path / f"{NAME}{extension}")
        # Another processor may round the last bit otherwise.
        assert np.max(np.abs(ours - again)) <= 2 / 32768
