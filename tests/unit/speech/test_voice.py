import io

import numpy as np
import pytest
import soundfile

from ivr.errors import DeskError
from ivr.speech.voice import both_rates, read_recording, seconds_of_recording, trimmed


def test_both_rates_come_out_mono_16_bit_with_the_pitch_kept(tone):
    for extension, sound in both_rates(tone(500, 1.0, 24000), 24000, "a tone").items():
        samples, rate = soundfile.read(io.BytesIO(sound.wav), dtype="int16", always_2d=True)
        assert rate == {".wav": 8000, ".wav16": 16000}[extension]
        assert samples.shape[1] == 1
        spectrum = np.abs(np.fft.rfft(samples[:, 0]))
        assert np.argmax(spectrum) * rate / len(samples) == pytest.approx(500, abs=3)


def test_silence_around_the_voice_is_cut_to_60_ms(tone):
    sound = trimmed(tone(500, 1.0, 8000, lead=0.7, tail=1.3), 8000)
    assert len(sound) / 8000 == pytest.approx(1.12, abs=0.02)


def test_a_hum_far_under_the_voice_counts_as_silence(tone):
    sound = tone(500, 1.0, 8000, lead=0.5, tail=0.5)
    sound += 0.0005 * np.sin(2 * np.pi * 50 * np.arange(len(sound)) / 8000)
    assert len(trimmed(sound, 8000)) / 8000 < 1.2


def test_the_same_sound_gives_the_same_bytes(tone):
    first, second = (both_rates(tone(640, 0.7, 22050), 22050, "a tone") for _ in range(2))
    assert first == second


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(8000), np.full(8000, 0.5)])
def test_a_silent_sound_is_refused_with_its_name(samples):
    with pytest.raises(DeskError, match="prompt x is silent"):
        both_rates(samples, 8000, "prompt x")


def test_a_sound_above_the_telephone_band_is_refused(tone):
    with pytest.raises(DeskError, match="nothing that a telephone can carry"):
        # Swelling and fading, for a sudden start is a click, and a telephone carries that.
        both_rates(tone(9000, 1.0, 48000) * np.hanning(48000), 48000, "prompt x")


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_recordings_of_persons_are_read_from_wav_flac_and_ogg(tmp_path, name, tone):
    stereo = np.stack([tone(400, 0.5, 44100), tone(400, 0.5, 44100)], axis=1)
    soundfile.write(tmp_path / name, stereo, 44100)
    samples, rate, _ = read_recording(tmp_path / name)
    assert rate == 44100
    assert samples.ndim == 1
    assert seconds_of_recording(tmp_path / name) == pytest.approx(0.5, abs=0.05)


def test_a_text_file_called_wav_is_refused_with_a_cure(tmp_path):
    (tmp_path / "a.wav").write_text("not audio")
    with pytest.raises(DeskError, match="cannot be read as audio") as error:
        read_recording(tmp_path / "a.wav")
    assert "WAV, FLAC or Ogg" in error.value.cure
    assert seconds_of_recording(tmp_path / "a.wav") is None


def test_an_hour_long_prompt_is_refused_before_it_is_read(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(700 * 1000), 1000, subtype="PCM_U8")
    with pytest.raises(DeskError, match="700 s long"):
        read_recording(tmp_path / "a.wav")
