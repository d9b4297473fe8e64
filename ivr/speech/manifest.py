"""What is known of each made prompt: which text and voice it came from, and how the audio measured."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ivr.errors import DeskError
from ivr.speech.wav import write_whole

FILE = "manifest.json"
_FORM = 1


@dataclass(frozen=True, slots=True)
class Made:
    """One prompt made by an engine."""

    text: str
    """sha256 of the text."""
    engine: str
    version: str
    """The engine's own version."""
    voice: str
    wav: str
    """sha256 of the 8 kHz file."""
    wav16: str
    """sha256 of the 16 kHz file."""
    seconds: float
    lufs: float
    """Loudness of the 8 kHz file."""


def text_hash(text: str) -> str:
    """Return the hash by which a changed text is noticed."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_manifest(folder: Path) -> dict[str, Made]:
    """Return `language/id` -> what was made, from a desk's prompts folder; empty when nothing was made yet."""
    path = folder / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DeskError(
            f"{path} cannot be read: {error}.", f"Remove it and run `ivr prompts build {folder.parent.name}`."
        ) from error
    try:
        return {key: Made(**made) for key, made in found["prompts"].items()}
    except (TypeError, KeyError, AttributeError) as error:
        raise DeskError(
            f"{path} is no manifest of prompts.", f"Remove it and run `ivr prompts build {folder.parent.name}`."
        ) from error


def write_manifest(folder: Path, made: Mapping[str, Made]) -> None:
    """Write the manifest, the same bytes for the same content."""
    content = {"form": _FORM, "prompts": {key: asdict(made[key]) for key in sorted(made)}}
    write_whole(folder / FILE, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())
