"""Prompts made from their texts by an engine, levelled, and written with their manifest."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from ivr.flows.model import Desk
from ivr.flows.prompts import Prompt, prompts_of
from ivr.speech.engine import Engine, pick
from ivr.speech.library import made_path, source_of, stale_prompts
from ivr.speech.manifest import Made, read_manifest, text_hash, write_manifest
from ivr.speech.voice import both_rates, read_recording
from ivr.speech.wav import RATES, write_whole


def build(
    desk: Desk,
    folder: Path,
    choose: Callable[[str], tuple[Engine, str]] = pick,
    *,
    force: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> int:
    """Make the desk's missing and stale prompts, or with `force` all that no person recorded; return how many.

    `choose` gives the engine and voice of a language; it is asked before the first prompt is made, so that a machine
    without a voice changes nothing.
    What was made before a failure stays, and is in the manifest.
    """
    prompts = _to_make(desk, folder, force=force)
    voices = {language: choose(language) for language in dict.fromkeys(prompt.language for prompt in prompts)}
    target = folder / desk.desk / "prompts"
    manifest = read_manifest(target)
    for number, prompt in enumerate(prompts, 1):
        key = f"{prompt.language}/{prompt.id}"
        manifest[key] = made = make(prompt, desk.desk, folder, *voices[prompt.language])
        write_manifest(target, manifest)
        progress(f"{number}/{len(prompts)} {key}: {made.seconds:.1f} s by {made.engine} {made.voice}")
    _tidy(desk, folder, manifest)
    return len(prompts)


def make(prompt: Prompt, desk: str, folder: Path, engine: Engine, voice: str) -> Made:
    """Speak one prompt into its two files."""
    with tempfile.TemporaryDirectory(prefix="ivr-prompt-") as place:
        spoken = Path(place) / "spoken.wav"
        engine.speak(prompt.text, voice, spoken)
        samples, rate, _ = read_recording(spoken)
    sounds = both_rates(samples, rate, f"Prompt {prompt.id} as {engine.name} speaks it")
    for extension, sound in sounds.items():
        write_whole(made_path(folder, desk, prompt.id, prompt.language, extension), sound.wav)
    return Made(
        text=text_hash(prompt.text),
        engine=engine.name,
        version=engine.version() or "",
        voice=voice,
        wav=sounds[".wav"].sha256,
        wav16=sounds[".wav16"].sha256,
        seconds=sounds[".wav"].seconds,
        lufs=sounds[".wav"].lufs,
    )


def _to_make(desk: Desk, folder: Path, *, force: bool) -> list[Prompt]:
    if not force:
        return [prompt for prompt, _ in stale_prompts(desk, folder)]
    sources = ((prompt, source_of(folder, desk.desk, prompt.id, prompt.language)) for prompt in prompts_of(desk))
    return [prompt for prompt, source in sources if source is None or not source.by_person]


def _tidy(desk: Desk, folder: Path, manifest: dict[str, Made]) -> None:
    """Remove made prompts that the desk does not speak any more; only what the manifest knows to be ours."""
    gone = manifest.keys() - {f"{prompt.language}/{prompt.id}" for prompt in prompts_of(desk)}
    for key in gone:
        language, _, prompt = key.partition("/")
        for extension in RATES:
            made_path(folder, desk.desk, prompt, language, extension).unlink(missing_ok=True)
    if gone:
        write_manifest(folder / desk.desk / "prompts", {key: made for key, made in manifest.items() if key not in gone})
