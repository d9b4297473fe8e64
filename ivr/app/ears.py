"""What telephones of ours know of the desks by ear: their prompts, which of them ask, their robots' pitches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ivr.flows.model import Desk, Menu
from ivr.phone.caller import Knowledge
from ivr.phone.g711 import Samples
from ivr.phone.tones import agent_pitches
from ivr.phone.wav import read_sound


def pitches_of(desks: Mapping[str, Desk]) -> dict[str, int]:
    """Return the pitch in Hz of each agent's robot, each its own over all desks."""
    return agent_pitches(agent for desk in desks.values() for agent in desk.agents)


def knowledge_of(desk: Desk, desks: Mapping[str, Desk], sounds: Path) -> Knowledge:
    """Return what a caller of the desk can recognise. With several languages a prompt is named `ru/informer`."""
    questions = {node for node, its in desk.flow.items() if isinstance(its, Menu)} | {"source"}
    prompts: dict[str, Samples] = {}
    asking = set()
    for language in desk.languages:
        prefix = f"{language}/" if len(desk.languages) > 1 else ""
        for path in sorted((sounds / desk.desk / language).glob("*.wav")):
            prompts[prefix + path.stem] = read_sound(path)
            if path.stem in questions:
                asking.add(prefix + path.stem)
    return Knowledge(prompts, frozenset(asking), pitches_of(desks))


def whispers_of(desk: Desk, sounds: Path) -> dict[str, Samples]:
    """Return what may be whispered to an agent of the desk, by prompt id, in the desk's first language."""
    folder = sounds / desk.desk / desk.languages[0]
    return {path.stem: read_sound(path) for path in sorted(folder.glob("whisper.*.wav"))}


def speech_of(desk: Desk, sounds: Path) -> Samples | None:
    """Return what a robot of the desk says first (`robot.wav` beside the prompts), or None."""
    path = sounds / desk.desk / desk.languages[0] / "robot.wav"
    return read_sound(path) if path.is_file() else None
