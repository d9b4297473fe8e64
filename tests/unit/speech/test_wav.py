"""How long a WAV file lasts, by its head: the same by the short way as by the standard library's."""

from __future__ import annotations

import wave

import pytest

from ivr.speech.wav import seconds_of, wav_bytes


@pytest.mark.parametrize("form", [(1, 2, 8000), (1, 2, 16000), (2, 2, 44100), (1, 1, 8000), (2, 3, 48000)])
@pytest.mark.parametrize("frames", [0, 1, 12345])
def test_a_file_lasts_as_long_as_the_standard_library_says(tmp_path, form, frames):
    channels, width, rate = form
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((channels, width, rate, 0, "NONE", ""))
        sound.writeframes(bytes(channels * width * frames))
    assert seconds_of(path) == frames / rate


def test_a_head_that_tells_more_is_understood(tmp_path):
    """Recorders put a part of their own between form and sound."""
    plain, path = wav_bytes(bytes(8000), 8000), tmp_path / "a.wav"
    more = b"LIST" + (4).to_bytes(4, "little") + b"INFO"
    path.write_bytes(plain[:36] + more + plain[36:])
    assert seconds_of(path) == 0.5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"no sound at all, but a text that is longer than a head",
        wav_bytes(b"", 0),
        wav_bytes(b"", 8000)[:40],
    ],
    ids=["empty", "cut off", "a text", "no rate", "a cut head"],
)
def test_what_is_no_wav_file_is_said_to_be_none(tmp_path, content):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is no WAV file"):
        seconds_of(path)
