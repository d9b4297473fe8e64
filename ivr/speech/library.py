"""Where a desk's prompts lie, which are missing or stale, and how they reach Asterisk's sounds.

A person's recording in `<desk>/recorded/<language>/<id>.(wav|flac|ogg)` always wins over what an engine made in
`<desk>/prompts/<language>/<id>.wav` and `.wav16`. Nothing heavy is imported before a recording has to be converted.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from os.path import isfile, lexists
from pathlib import Path
from typing import Literal

from ivr.errors import DeskError
from ivr.flows.budget import CHARACTERS_PER_SECOND, Durations
from ivr.flows.model import Desk
from ivr.flows.prompts import Prompt, prompts_of
from ivr.speech.manifest import read_manifest, text_hash
from ivr.speech.wav import RATES, seconds_of, write_whole

RECORDED = (".wav", ".flac", ".ogg")
_STAMPS = ".published.json"
_CHAIN = "1"
"""Goes up when the levelling of a person's recording changes, so that all are converted anew."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a prompt's audio comes from."""

    path: Path
    by_person: bool


def made_path(folder: Path, desk: str, prompt: str, language: str, extension: str = ".wav") -> Path:
    """Return where an engine's audio of a prompt lies; `folder` holds the desks."""
    return folder / desk / "prompts" / language / f"{prompt}{extension}"


def source_of(folder: Path, desk: str, prompt: str, language: str) -> Source | None:
    """Return the audio that the caller will hear, or None when there is none."""
    # `ivr check` looks for thousands of files of a large desk: a `Path` of each is a tenth of its time.
    recorded = f"{folder}/{desk}/recorded/{language}/{prompt}"
    for extension in RECORDED:
        if isfile(recorded + extension):  # noqa: PTH113
            return Source(Path(recorded + extension), by_person=True)
    made = f"{folder}/{desk}/prompts/{language}/{prompt}"
    if not all(isfile(made + extension) for extension in RATES):  # noqa: PTH113
        return None
    return Source(made_path(folder, desk, prompt, language), by_person=False)


def stale_prompts(desk: Desk, folder: Path) -> list[tuple[Prompt, Literal["missing", "stale"]]]:
    """Return the prompts without audio, and those whose audio says another text than the desk file.

    A person's recording is never called stale: only a person can tell.
    """
    manifest = read_manifest(folder / desk.desk / "prompts")
    found: list[tuple[Prompt, Literal["missing", "stale"]]] = []
    for prompt in prompts_of(desk):
        source = source_of(folder, desk.desk, prompt.id, prompt.language)
        made = manifest.get(f"{prompt.language}/{prompt.id}")
        if source is None:
            found.append((prompt, "missing"))
        elif not source.by_person and (made is None or made.text != text_hash(prompt.text)):
            found.append((prompt, "stale"))
    return found


def duration_of(folder: Path, desk: str, prompt: str, language: str) -> float | None:
    """Return a prompt's length in seconds, or None without audio. A person's file counts with its silences."""
    source = source_of(folder, desk, prompt, language)
    if source is None:
        return None
    try:
        return seconds_of(source.path)
    except (OSError, ValueError):
        if not source.by_person:
            return None
    from ivr.speech.voice import seconds_of_recording  # noqa: PLC0415 - `ivr check` must not wait for the audio libraries

    return seconds_of_recording(source.path)


def durations(folder: Path, desk: str) -> Durations:
    """Return what gives `duration_of` a prompt, looked up once: each way to a line asks for all prompts on it."""
    return cache(partial(duration_of, folder, desk))


def lengths(desk: Desk, folder: Path) -> Callable[[str, str], float]:
    """Return what gives the seconds of (prompt id, language): of its audio, or by its letters while it has none."""
    texts = {(prompt.id, prompt.language): prompt.text for prompt in prompts_of(desk)}

    def length(prompt: str, language: str) -> float:
        known = duration_of(folder, desk.desk, prompt, language)
        return known if known is not None else len(texts.get((prompt, language), "")) / CHARACTERS_PER_SECOND

    return length


def prints_of(desk: Desk, folder: Path) -> dict[str, str]:
    """Return `<language>/<id>` → what changes with that prompt's audio, of each prompt that has any."""
    found = {}
    for prompt in prompts_of(desk):
        if source := source_of(folder, desk.desk, prompt.id, prompt.language):
            found[f"{prompt.language}/{prompt.id}"] = _stamp(source)
    return found


def published_prints(target: Path) -> dict[str, str]:
    """Return `<language>/<id>` → what changes with that prompt's audio, as it was when it was published there."""
    return _read_stamps(target)


def publish(desk: Desk, folder: Path, target: Path, like: Path | None = None) -> None:
    """Bring the desk's prompts to `<target>/<language>/<id>.wav` and `.wav16`; only what changed is written.

    What `like`, where another edition of the desk was published, has already is linked from there.

    Raises `DeskError`, before anything is written, when a prompt has no audio.
    """
    sources = {}
    missing = []
    for prompt in prompts_of(desk):
        source = source_of(folder, desk.desk, prompt.id, prompt.language)
        if source is None:
            missing.append(f"{prompt.language}/{prompt.id}")
        else:
            sources[f"{prompt.language}/{prompt.id}"] = source
    if missing:
        raise DeskError(
            f"Desk {desk.desk} has no audio for {', '.join(missing)}.",
            f"Run `ivr prompts build {desk.desk}`, or record them into {folder / desk.desk / 'recorded'}.",
        )
    _bring(sources, target, like)


def _bring(sources: dict[str, Source], target: Path, like: Path | None) -> None:
    before, there = _read_stamps(target), _read_stamps(like) if like else {}
    stamps = {}
    for key, source in sources.items():
        stamps[key] = _stamp(source)
        if before.get(key) == stamps[key] and all(isfile(f"{target}/{key}{extension}") for extension in RATES):  # noqa: PTH113
            continue
        if like and there.get(key) == stamps[key] and _link(f"{like}/{key}", f"{target}/{key}"):
            continue
        for extension, content in _content(source).items():
            write_whole(target / f"{key}{extension}", content)
    for key in before.keys() - stamps.keys():
        for extension in RATES:
            (target / f"{key}{extension}").unlink(missing_ok=True)
    if stamps != before:
        write_whole(target / _STAMPS, json.dumps(stamps, indent=1, sort_keys=True).encode())


def _link(like: str, prompt: str) -> bool:
    """Let a prompt's files be those of another edition; say whether they are. No file here is ever written into."""
    folder = Path(prompt).parent
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
        for extension in RATES:
            if lexists(prompt + extension):
                os.unlink(prompt + extension)  # noqa: PTH108 - thousands of files, as in `source_of`
            os.link(like + extension, prompt + extension)
    except OSError:  # it is gone, or lies on another disk
        return False
    return True


def _content(source: Source) -> dict[str, bytes]:
    if not source.by_person:
        return {extension: source.path.with_suffix(extension).read_bytes() for extension in RATES}
    from ivr.speech.voice import both_rates, read_recording  # noqa: PLC0415 - only a recording needs the audio libraries

    return {extension: sound.wav for extension, sound in both_rates(*read_recording(source.path)).items()}


def _stamp(source: Source) -> str:
    try:
        content = source.path.read_bytes()
        if not source.by_person:
            content += source.path.with_suffix(".wav16").read_bytes()
    except OSError as error:
        cure = "Look at its rights, or run the command again if it is being made at this moment."
        raise DeskError(f"The audio {source.path} cannot be read: {error.strerror}.", cure) from error
    return f"{hashlib.sha256(content).hexdigest()}:{_CHAIN if source.by_person else 'made'}"


def _read_stamps(target: Path) -> dict[str, str]:
    try:
        found = json.loads((target / _STAMPS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
