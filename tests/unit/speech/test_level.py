import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.speech.level import CEILING, levelled, loudness, true_peak

RATES = (8000, 16000)


def _voice(rate, seconds, level, seed=1):
    """Noise in syllables: as uneven as speech."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    return level * random.standard_normal(len(time)) * (0.2 + np.abs(np.sin(2 * np.pi * 3 * time)))


@settings(max_examples=15, deadline=None)
@given(level=st.floats(0.001, 0.9), seconds=st.floats(0.2, 3.0), rate=st.sampled_from(RATES))
def test_any_loudness_is_brought_to_minus_20_lufs_under_the_ceiling(level, seconds, rate):
    sound = levelled(_voice(rate, seconds, level), rate)
    assert loudness(sound, rate) == pytest.approx(-20, abs=1)
    assert true_peak(sound, rate) <= CEILING + 0.01


def test_a_click_is_held_down_and_the_voice_stays_at_its_level():
    sound = _voice(8000, 2.0, 0.05)
    sound[8000] = 1.0
    done = levelled(sound, 8000)
    assert true_peak(done, 8000) <= CEILING + 0.01
    assert loudness(done, 8000) == pytest.approx(-20, abs=0.5)


@pytest.mark.parametrize("seconds", [0.05, 0.1, 2031 / 8000, 0.39])
def test_a_sound_shorter_than_a_gating_block_has_a_loudness(seconds):
    time = np.arange(round(seconds * 8000)) / 8000
    short = loudness(0.1 * np.sin(2 * np.pi * 700 * time), 8000)
    long = loudness(0.1 * np.sin(2 * np.pi * 700 * np.arange(16000) / 8000), 8000)
    assert short == pytest.approx(long, abs=1.5)


def test_silence_stays_silence():
    assert loudness(np.zeros(8000), 8000) == -np.inf
    assert not levelled(np.zeros(8000), 8000).any()
