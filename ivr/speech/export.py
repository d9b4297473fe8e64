"""Recordings copied out, checked against their hash on the way, and never over a file that is there."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import BinaryIO

import soundfile

from ivr.errors import DeskError

FORMATS = ("wav", "flac", "mp3")
_BLOCK = 65536


def export(source: BinaryIO, out: Path, form: str, sha256: str) -> None:
    """Write an open recording to a new file as `wav`, `flac` or `mp3`.

    Raises `DeskError` when the recording is not what was verified, the file exists or cannot be written; nothing half
    is left.
    """
    if hash_of(source) != sha256:
        raise DeskError(
            f"The recording for {out.name} is not what was verified: its hash differs.",
            "Somebody changed or damaged the file; look into the backups.",
        )
    source.seek(0)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        file = out.open("xb")
    except FileExistsError as error:
        raise DeskError(f"{out} is there already.", "Export to another folder, or remove it.") from error
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        with file:
            _copy(source, file, form)
    except (OSError, RuntimeError) as error:
        out.unlink(missing_ok=True)
        raise DeskError(f"{out} could not be written: {error}.", "Is the disk full?") from error
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def hash_of(source: BinaryIO) -> str:
    """Return the sha256 of a file from its beginning."""
    source.seek(0)
    digest = hashlib.sha256()
    while block := source.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _unwritable(out: Path, error: OSError) -> DeskError:
    return DeskError(f"{out} cannot be written: {error.strerror}.", "Give another folder by --to.")


def _copy(source: BinaryIO, file: BinaryIO, form: str) -> None:
    if form == "wav":
        shutil.copyfileobj(source, file)
        return
    with soundfile.SoundFile(source) as sound:
        subtype = "MPEG_LAYER_III" if form == "mp3" else "PCM_16"
        target = soundfile.SoundFile(
            file, "w", samplerate=sound.samplerate, channels=sound.channels, format=form.upper(), subtype=subtype
        )
        with target:
            for block in sound.blocks(blocksize=_BLOCK, dtype="int16"):
                target.write(block)
