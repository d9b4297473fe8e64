"""Ears: the right prompts, when they began and ended, through noise and beside music."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.phone.hearing import Heard, Listener, recognise
from ivr.phone.tones import agent_pitches, loudness, tone, tone_level, voice

_spec = importlib.util.spec_from_file_location("sounds", Path(__file__).with_name("sounds.py"))
sounds = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sounds)
line, music, silence, speech = sounds.line, sounds.music, sounds.silence, sounds.speech

LIBRARY = {f"p{seed}": speech(seed, 0.6 + seed % 5 * 0.7) for seed in range(40)}


def near(heard: Heard, prompt: str, began: float, ended: float, *, cut: bool = False, within: float = 0.1) -> bool:
    return (
        (heard.prompt, heard.cut) == (prompt, cut)
        and heard.began == pytest.approx(began, abs=within)
        and heard.ended == pytest.approx(ended, abs=within)
    )


@pytest.mark.parametrize("noise", [0, 300, 1500])
def test_prompts_are_heard_in_order_through_a_noisy_line(noise):
    names = ["p3", "p11", "p0", "p24", "p3"]
    sound = np.concatenate([part for name in names for part in (LIBRARY[name], silence(0.3))])
    heard = recognise(line(sound, noise), LIBRARY)
    assert [each.prompt for each in heard] == names
    place = 0.0
    for each, name in zip(heard, names, strict=True):
        assert near(each, name, place, place + LIBRARY[name].size / 8000)
        place += LIBRARY[name].size / 8000 + 0.3


def test_prompts_spoken_without_a_pause_between_them_are_told_apart():
    names = ["p1", "p2", "p5", "p6"]
    heard = recognise(line(np.concatenate([LIBRARY[name] for name in names])), LIBRARY)
    assert [(each.prompt, each.cut) for each in heard] == [(name, False) for name in names]


def test_a_prompt_that_is_cut_short_is_told_with_the_moment_of_the_cut():
    sound = np.concatenate([silence(1), LIBRARY["p4"][: int(1.5 * 8000)], silence(1), LIBRARY["p7"]])
    first, second = recognise(line(sound, 100), LIBRARY)
    assert near(first, "p4", 1.0, 2.5, cut=True, within=0.2)
    assert second.prompt == "p7"


def test_a_prompt_cut_by_another_is_no_obstacle():
    sound = np.concatenate([LIBRARY["p4"][:12000], LIBRARY["p8"]])
    assert [(each.prompt, each.cut) for each in recognise(line(sound), LIBRARY)] == [("p4", True), ("p8", False)]


def test_music_and_tones_are_no_prompt():
    assert recognise(line(music(20)), LIBRARY) == []
    assert recognise(line(np.tile(voice(620), 10)), LIBRARY) == []


def test_a_prompt_between_music_is_heard():
    sound = np.concatenate([music(4), LIBRARY["p9"], music(3)])
    (heard,) = recognise(line(sound, 50), LIBRARY)
    assert near(heard, "p9", 4.0, 4.0 + LIBRARY["p9"].size / 8000)


def test_of_prompts_that_begin_alike_the_one_that_was_spoken_is_told():
    begin = speech(100, 1.0)
    library = {
        "long": np.concatenate([begin, speech(101, 1.5)]),
        "other": np.concatenate([begin, speech(102, 1.5)]),
        "short": begin,
    }
    for name, sound in library.items():
        (heard,) = recognise(line(np.concatenate([silence(0.5), sound, silence(1)])), library)
        assert (heard.prompt, heard.cut) == (name, False)


def test_a_server_that_stood_still_for_a_moment_cuts_no_prompt():
    sound = LIBRARY["p4"]
    gapped = np.concatenate([sound[:8000], silence(0.13), sound[8000:]])
    (heard,) = recognise(line(gapped), LIBRARY)
    assert near(heard, "p4", 0.0, gapped.size / 8000)


def test_silence_around_a_prompt_belongs_to_it_at_its_beginning():
    library = {"quiet": np.concatenate([silence(0.12), LIBRARY["p2"], silence(0.1)])}
    (heard,) = recognise(line(np.concatenate([silence(2), library["quiet"], silence(1)])), library)
    assert heard.began == pytest.approx(2.0, abs=0.02)
    assert not heard.cut


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 6000), min_size=1, max_size=20))
def test_the_size_of_the_blocks_changes_nothing(sizes):
    sound = line(np.concatenate([silence(0.4), LIBRARY["p3"], silence(0.2), LIBRARY["p6"][:9000], silence(1)]), 200)
    listener, place, heard = Listener(LIBRARY), 0, []
    while place < sound.size:
        for size in sizes:
            heard += listener.feed(sound[place : place + size])
            place += size
    assert heard + listener.finish() == recognise(sound, LIBRARY)


def test_a_prompt_is_told_live_as_soon_as_its_last_sound_was_heard():
    listener = Listener(LIBRARY, start=5.0)
    sound = line(np.concatenate([LIBRARY["p4"], silence(2)]))
    for place in range(0, sound.size, 400):
        if heard := listener.feed(sound[place : place + 400]):
            break
    assert near(heard[0], "p4", 5.0, 5.0 + LIBRARY["p4"].size / 8000)
    assert (place + 400) / 8000 - LIBRARY["p4"].size / 8000 < 0.15


@pytest.mark.parametrize(
    "library", [{}, {"empty": silence(0)}, {"mute": silence(1)}, {"click": np.array([9], np.int16)}]
)
def test_a_library_with_nothing_to_hear_recognises_nothing_in_silence(library):
    assert recognise(silence(3), library) == []


def test_a_tone_is_told_from_its_neighbours():
    pitches = agent_pitches(["202", "101", "201", "101"])
    assert pitches == {"101": 600, "201": 620, "202": 640}
    sound = line(np.tile(voice(620), 2), 30)
    assert tone_level(sound, 620) > 0.6
    assert tone_level(sound, 600) < 0.1
    assert tone_level(tone(440, 1), 440) > 0.99
    assert tone_level(silence(1), 440) == 0.0
    assert loudness(tone(440, 1, 0.5)) == pytest.approx(0.354, abs=0.01)
