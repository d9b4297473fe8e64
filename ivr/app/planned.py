"""What an apply would change: desks in words, Asterisk's files line by line; and what was changed by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from functools import cache
from pathlib import Path
from typing import Any

from ivr.app.as_written import as_written, written_by
from ivr.app.condition import lines_now
from ivr.app.editions import editions_of, known_editions
from ivr.app.hindrances import hindrances
from ivr.app.prepare import render_config
from ivr.app.proven import this_program
from ivr.app.secrets import Secrets, read_secrets
from ivr.app.versions import Version as HomeVersion
from ivr.app.versions import broken_off, read_versions, serving
from ivr.asterisk.private import Installation, find_asterisk
from ivr.flows.changes import Change, Version, changes
from ivr.flows.edition import Edition
from ivr.flows.model import Desk
from ivr.flows.reader import read_desks
from ivr.settings import Settings
from ivr.speech.library import durations, prints_of, published_prints
from ivr.speech.wav import seconds_of

_HIDDEN = "a password"
_AT_ONCE = ("agents", "rank", "ring", "wrap")
"""What is of a line itself, and not of a call's edition: it counts for those who wait already."""
_NOWHERE = Path("/nowhere")
_ANY = Installation((), (), _NOWHERE, _NOWHERE, _NOWHERE)
"""Of two desks the files differ in the same way for any Asterisk: none is looked for."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What an apply, or the next start, would do."""

    new: tuple[str, ...]
    """Desks that are not served yet."""
    gone: tuple[str, ...]
    changed: Mapping[str, tuple[Change, ...]]
    """Desk → its changes; those without any are left out."""
    files: Mapping[str, str]
    """Asterisk's file → how its text would change, as a unified diff."""
    drift: Mapping[str, str]
    """Asterisk's file → what somebody changed in it by hand since the last start, as a unified diff."""
    anew: Mapping[str, str]
    """Asterisk's file → what this program makes otherwise of the same desks than the one that wrote it."""

    felt: tuple[str, ...]
    """Who waits at this moment in a line that would change for him, too."""
    hindered: tuple[str, ...]
    """Why an apply would refuse it, though the desks can be opened."""

    @property
    def empty(self) -> bool:
        """Say whether nothing would change."""
        return not (self.new or self.gone or self.changed or self.files or self.drift or self.anew or self.hindered)


def plan(served: Settings, folder: Path) -> Planned:
    """Compare the desks in a folder with those that a home serves. Raises `DeskError` when either cannot be read."""
    editions = {edition.desk.desk: edition for edition in _served(served, serving(read_versions(served.home)))}
    old, new = {name: edition.desk for name, edition in editions.items()}, read_desks(folder)
    both = {name: _changes(served, folder, editions[name], desk) for name, desk in new.items() if name in old}
    kept = read_secrets(served.home / "secrets.json")
    before = _rendered(served, tuple(editions.values()), (), kept, _ANY)
    after = _rendered_anew(served, folder, new, editions, kept, _ANY)
    return Planned(
        tuple(name for name in new if name not in old),
        tuple(name for name in old if name not in new),
        {name: found for name, found in both.items() if found},
        dict(_diffs(before, after, kept)),
        drift(served),
        _anew(served, kept),
        tuple(_felt(lines_now(served.home), old, new)),
        tuple(f"{one.sentence} {one.cure}" for one in hindrances(folder, new)),
    )


def _anew(served: Settings, kept: Secrets) -> dict[str, str]:
    """Compare what another program wrote with what this one would have written then."""
    if not as_written(served.asterisk_etc) or written_by(served.asterisk_etc) == this_program():
        return {}
    laid = _laid(served, serving(read_versions(served.home)), kept, find_asterisk())
    return dict(_diffs(_files_of(served), laid, kept))


def drift(served: Settings) -> dict[str, str]:
    """Return Asterisk's file → what somebody changed in it by hand since it was written, as a unified diff."""
    if as_written(served.asterisk_etc):
        return {}
    installation = find_asterisk()
    versions = read_versions(served.home)
    there = _files_of(served)
    kept = read_secrets(served.home / "secrets.json")
    laid = _laid(served, serving(versions), kept, installation)
    if half := broken_off(versions):  # some files may be its, others not yet
        its = _laid(served, half, kept, installation)
        laid |= {name: text for name, text in its.items() if there.get(name) == text}
    return dict(_diffs(laid, there, kept))


def _laid(served: Settings, version: HomeVersion | None, kept: Secrets, installation: Installation) -> dict[str, str]:
    """Return Asterisk's files as they were written for a version; without one, for the desks that are there."""
    former = known_editions(served.home, version.former) if version else ()
    return _rendered(served, _served(served, version), former, kept, installation)


def _served(served: Settings, version: HomeVersion | None) -> tuple[Edition, ...]:
    kept = known_editions(served.home, version.editions.values()) if version else ()
    return kept or editions_of(served.desks, read_desks(served.desks))


def published(sounds: Path, edition: Edition) -> Version:
    """Return an edition with the prompts that were published for it."""

    @cache
    def lasts(prompt: str, language: str) -> float | None:
        try:
            return seconds_of(sounds / edition.name / language / f"{prompt}.wav")
        except (OSError, ValueError):
            return None

    return Version(edition.desk, lasts, published_prints(sounds / edition.name))


def _changes(served: Settings, folder: Path, old: Edition, new: Desk) -> tuple[Change, ...]:
    return changes(published(served.sounds, old), Version(new, durations(folder, new.desk), prints_of(new, folder)))


def _felt(now: Mapping[str, Mapping[str, Any]], old: Mapping[str, Desk], new: Mapping[str, Desk]) -> Iterator[str]:
    for name, desk in old.items():
        for place, line in desk.lines.items():
            waiting = now.get(f"{name}-{place}", {}).get("waiting", 0)
            after = new[name].lines.get(place) if name in new else None
            if waiting and after and any(getattr(line, field) != getattr(after, field) for field in _AT_ONCE):
                who = "A caller waits" if waiting == 1 else f"{waiting} callers wait"
                yield f"{who} in `{place}` of {name}: what changes of its agents and ringing counts there at once."


def _rendered(
    settings: Settings,
    editions: Sequence[Edition],
    former: Sequence[Edition],
    kept: Secrets,
    installation: Installation,
) -> dict[str, str]:
    return {file.name: file.text for file in render_config(settings, editions, former, kept, installation)}


def _rendered_anew(
    served: Settings,
    folder: Path,
    desks: Mapping[str, Desk],
    before: Mapping[str, Edition],
    kept: Secrets,
    installation: Installation,
) -> dict[str, str]:
    """Render what would be laid; an agent who has no password yet gets it then.

    Under the names of the editions before, or every line would differ that names its own.
    """
    agents = {agent: _HIDDEN for desk in desks.values() for agent in desk.agents} | kept.agents
    editions = [
        Edition(one.desk, before[one.desk.desk].version) if one.desk.desk in before else one
        for one in editions_of(folder, desks)
    ]
    return _rendered(served, editions, (), Secrets(agents, kept.ami), installation)


def _files_of(settings: Settings) -> dict[str, str]:
    etc = settings.asterisk_etc
    return {path.name: path.read_text(errors="replace") for path in sorted(etc.glob("*.conf"))}


def _diffs(before: Mapping[str, str], after: Mapping[str, str], kept: Secrets) -> Iterator[tuple[str, str]]:
    for name in sorted({*before, *after}):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            lines = unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="", n=2)
            yield name, "\n".join(_without_secrets(line, kept) for line in lines)


def _without_secrets(line: str, kept: Secrets) -> str:
    """Passwords are nobody's to read in a plan."""
    for secret in (*kept.agents.values(), kept.ami):
        if secret and secret in line:
            line = line.replace(secret, _HIDDEN)
    return line
