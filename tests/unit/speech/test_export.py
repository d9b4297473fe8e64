import hashlib

import numpy as np
import pytest
import soundfile

from ivr.errors import DeskError
from ivr.speech.export import export
from ivr.speech.recording import finalise


@pytest.fixture
def recording(tmp_path):
    """Give a finished recording of a second, with a tone a side, and its hash."""
    time = np.arange(8000) / 8000
    sides = np.stack([np.sin(2 * np.pi * pitch * time) for pitch in (400, 1000)], axis=1)
    (tmp_path / "x.raw").write_bytes((sides * 8000).astype("<i2").tobytes())
    finished = finalise([tmp_path / "x.raw"], tmp_path / "x.wav")
    return tmp_path / "x.wav", finished.sha256


@pytest.mark.parametrize("form", ["wav", "flac", "mp3"])
def test_every_format_keeps_each_voice_on_its_side(recording, tmp_path, form):
    path, sha256 = recording
    with path.open("rb") as source:
        export(source, tmp_path / f"new/folder/a.{form}", form, sha256)
    samples, rate = soundfile.read(tmp_path / f"new/folder/a.{form}")
    for side, pitch in ((0, 400), (1, 1000)):
        spectrum = np.abs(np.fft.rfft(samples[:, side]))
        assert np.argmax(spectrum) * rate / len(samples) == pytest.approx(pitch, abs=5)


def test_a_file_that_is_there_is_never_written_over(recording, tmp_path):
    path, sha256 = recording
    (tmp_path / "a.wav").write_text("mine")
    with path.open("rb") as source, pytest.raises(DeskError, match="is there already"):
        export(source, tmp_path / "a.wav", "wav", sha256)
    assert (tmp_path / "a.wav").read_text() == "mine"


def test_a_recording_that_was_altered_is_not_given_out(recording, tmp_path):
    path, sha256 = recording
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with path.open("rb") as source, pytest.raises(DeskError, match="its hash differs"):
        export(source, tmp_path / "a.wav", "wav", sha256)
    assert not (tmp_path / "a.wav").exists()


def test_a_folder_that_cannot_be_made_is_told_with_its_cure(recording, tmp_path):
    path, sha256 = recording
    (tmp_path / "file").write_text("")
    with path.open("rb") as source, pytest.raises(DeskError, match="cannot be written") as error:
        export(source, tmp_path / "file/a.wav", "wav", sha256)
    assert "--to" in error.value.cure


def test_a_failed_conversion_leaves_nothing(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"no audio")
    sha256 = hashlib.sha256(b"no audio").hexdigest()
    with (tmp_path / "x.wav").open("rb") as source, pytest.raises(DeskError, match="could not be written"):
        export(source, tmp_path / "a.flac", "flac", sha256)
    assert not (tmp_path / "a.flac").exists()
