"""From raw audio to a recording."""

from __future__ import annotations

import io
import resource
import signal
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.speech.recording import finalise, measure

pytestmark = pytest.mark.slow

PCM = st.lists(st.integers(-32768, 32767), max_size=400).map(lambda samples: np.array(samples, dtype="<i2"))


def _two_tones(seconds=2.0, left=400, right=1000):
    time = np.arange(round(seconds * 8000)) / 8000
    sides = [0.25 * np.sin(2 * np.pi * left * time), 0.5 * np.sin(2 * np.pi * right * time)]
    return np.round(np.stack(sides, axis=1) * 32767).astype("<i2")


def _pitch(samples):
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    return np.argmax(spectrum) * 8000 / len(samples), np.sort(spectrum)[-2] / spectrum.max()


def test_the_caller_is_left_and_the_agent_right_with_nothing_of_the_other(tmp_path):
    (tmp_path / "x.raw").write_bytes(_two_tones().tobytes())
    finished = finalise([tmp_path / "x.raw"], tmp_path / "x.wav")
    samples, rate = soundfile.read(tmp_path / "x.wav", dtype="int16")
    assert rate == 8000
    for side, pitch in ((0, 400), (1, 1000)):
        heard, rest = _pitch(samples[:, side])
        assert heard == pytest.approx(pitch)
        assert rest < 0.001
    assert finished.seconds == 2.0
    assert finished.peak_left == pytest.approx(0.25, abs=0.001)
    assert finished.peak_right == pytest.approx(0.5, abs=0.001)
    assert not (tmp_path / "x.raw").exists()


def test_two_sides_in_files_of_their_own_become_the_same_recording(tmp_path):
    both = _two_tones()
    (tmp_path / "x.raw").write_bytes(both.tobytes())
    (tmp_path / "x.in.raw").write_bytes(both[:, 0].tobytes())
    (tmp_path / "x.out.raw").write_bytes(both[:, 1].tobytes())
    one = finalise([tmp_path / "x.raw"], tmp_path / "one.wav")
    two = finalise([tmp_path / "x.in.raw", tmp_path / "x.out.raw"], tmp_path / "two.wav")
    assert one == two
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.wav", "two.wav"]


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=3000))
def test_any_torn_raw_file_becomes_a_recording_of_its_whole_frames(raw):
    with tempfile.TemporaryDirectory() as place:
        source, out = Path(place) / "x.raw", Path(place) / "x.wav"
        source.write_bytes(raw)
        finished = finalise([source], out)
        content = out.read_bytes()
        assert content[44:] == raw[: len(raw) // 4 * 4]
        assert finished.seconds == len(raw) // 4 / 8000
        assert finished.bytes == len(content)
        assert measure(io.BytesIO(content)) == finished


@settings(max_examples=60, deadline=None)
@given(left=PCM, right=PCM, torn=st.booleans())
def test_sides_of_different_length_are_filled_with_silence(left, right, torn):
    with tempfile.TemporaryDirectory() as place:
        sources = [Path(place) / "x.in.raw", Path(place) / "x.out.raw"]
        for source, side in zip(sources, (left, right), strict=True):
            source.write_bytes(side.tobytes() + b"\x01" * torn)
        finalise(sources, Path(place) / "x.wav")
        samples = np.frombuffer((Path(place) / "x.wav").read_bytes()[44:], "<i2").reshape(-1, 2)
        assert len(samples) == max(len(left), len(right))
        for column, side in enumerate((left, right)):
            assert np.array_equal(samples[: len(side), column], side)
            assert not samples[len(side) :, column].any()


def test_an_hour_is_turned_without_holding_it_in_memory(tmp_path):
    block = _two_tones(10.0).tobytes()
    with (tmp_path / "x.raw").open("wb") as file:
        for _ in range(360):
            file.write(block)
    tracemalloc.start()
    finished = finalise([tmp_path / "x.raw"], tmp_path / "x.wav")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert finished.seconds == 3600
    assert peak < 8_000_000


def test_doing_it_again_after_a_crash_gives_the_same_bytes(tmp_path):
    raw = _two_tones().tobytes()
    (tmp_path / "x.raw").write_bytes(raw)
    first = finalise([tmp_path / "x.raw"], tmp_path / "x.wav")
    (tmp_path / "x.raw").write_bytes(raw)
    (tmp_path / ".x.wav.part").write_bytes(b"half")
    assert finalise([tmp_path / "x.raw"], tmp_path / "x.wav") == first
    assert [path.name for path in tmp_path.iterdir()] == ["x.wav"]


def test_a_link_planted_where_the_half_file_goes_is_not_followed(tmp_path):
    (tmp_path / "x.raw").write_bytes(_two_tones().tobytes())
    (tmp_path / "victim").write_text("mine")
    (tmp_path / ".x.wav.part").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match=r"x\.wav\.part"):
        finalise([tmp_path / "x.raw"], tmp_path / "x.wav")
    assert (tmp_path / "victim").read_text() == "mine"
    assert (tmp_path / "x.raw").exists()


def test_a_write_that_fails_in_the_middle_keeps_the_raw_audio_and_leaves_no_half_file(tmp_path):
    """F31: as on a disk that runs full."""
    (tmp_path / "x.raw").write_bytes(_two_tones().tobytes())
    (tmp_path / "out").mkdir()
    with pytest.raises(OSError, match="large"):
        _with_file_limit(lambda: finalise([tmp_path / "x.raw"], tmp_path / "out/x.wav"))
    assert (tmp_path / "x.raw").exists()
    assert list((tmp_path / "out").iterdir()) == []


def _with_file_limit(act):
    """Let no file grow over 10 kB meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        act()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_raw_file_that_is_a_symbolic_link_is_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(b"1234" * 100)
    (tmp_path / "x.raw").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match=r"x\.raw"):
        finalise([tmp_path / "x.raw"], tmp_path / "x.wav")
    assert (tmp_path / "secret").exists()


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 1000), noise=st.binary(max_size=60))
def test_a_damaged_recording_is_refused_when_read_and_never_measured_as_whole(cut, noise):
    with tempfile.TemporaryDirectory() as place:
        source, out = Path(place) / "x.raw", Path(place) / "x.wav"
        source.write_bytes(_two_tones(0.05).tobytes())
        whole = finalise([source], out)
        content = out.read_bytes()
    damaged = content[: min(cut, len(content) - 1)]
    with pytest.raises(ValueError, match=r".+"):
        measure(io.BytesIO(damaged))
    changed = content[:44] + noise + content[44 + len(noise) :]
    if changed != content:
        assert measure(io.BytesIO(changed)).sha256 != whole.sha256


def test_a_message_becomes_a_file_of_one_channel(tmp_path):
    source, out = tmp_path / "x-message.voice.raw", tmp_path / "x-message.wav"
    voice = (np.sin(np.arange(16001) / 3) * 9000).astype("<i2")
    source.write_bytes(voice.tobytes() + b"\1")
    finished = finalise([source], out, 1)
    sound, rate = soundfile.read(out, dtype="int16")
    assert (sound.ndim, rate) == (1, 8000)
    assert np.array_equal(sound, voice)
    assert (finished.seconds, finished.peak_right) == (16001 / 8000, 0.0)
    with out.open("rb") as file:
        assert measure(file) == finished


def test_private_times_are_silent_on_both_sides_and_the_rest_is_as_it_was(tmp_path):
    _two_tones(12.0).tofile(tmp_path / "x.raw")
    finished = finalise([tmp_path / "x.raw"], tmp_path / "x.wav", 2, [(3.0, 5.0), (11.0, 99.0)])
    sound, rate = soundfile.read(tmp_path / "x.wav")
    loud = np.abs(sound).reshape(-1, rate // 4, 2).max(axis=1)
    heard = [place / 4 for place, one in enumerate(loud) if one.min() > 0.1]
    silent = [place / 4 for place, one in enumerate(loud) if one.max() == 0]
    assert finished.seconds == 12.0
    assert (heard[0], heard[-1], len(heard)) == (0.0, 10.5, 33)
    assert silent[:2] == [2.75, 3.0]
    assert {3.0, 4.75, 5.0, 11.0, 11.75} <= set(silent)
