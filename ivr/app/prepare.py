"""Make a home ready to run: folders, secrets, sounds, music, Asterisk's files; again, only what differs is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

from ivr.app.as_written import note_written
from ivr.app.editions import copy_desk, editions_of, keep_editions, place_of
from ivr.app.lay_music import lay_music, lengths_of
from ivr.app.places import bundled
from ivr.app.proven import this_program
from ivr.app.secrets import Secrets, keep_secrets
from ivr.asterisk.control import lay_control_dir
from ivr.asterisk.private import Installation, Progress, find_asterisk
from ivr.asterisk.render import Plan, Rendered, render
from ivr.errors import DeskError
from ivr.flows.edition import Edition
from ivr.flows.model import Desk
from ivr.flows.reader import read_desks
from ivr.settings import Settings
from ivr.speech.library import publish
from ivr.speech.wav import RATES

_FOLDERS = ("etc", "lib/keys", "spool", "log/cel-custom", "log/cdr-csv", "sounds", "data")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A home that can be run."""

    settings: Settings
    editions: Sequence[Edition]
    secrets: Secrets
    installation: Installation

    @property
    def desks(self) -> dict[str, Desk]:
        """The desks by name."""
        return {edition.desk.desk: edition.desk for edition in self.editions}

    @property
    def served(self) -> Settings:
        """The settings of the parts: they serve the desk files as they were at the start, whatever is edited since."""
        return self.settings.model_copy(update={"desks": self.settings.home / "desks"})


def prepare(settings: Settings, progress: Progress) -> Prepared:
    """Make the home ready. Raises `DeskError` (desks with mistakes, no Asterisk, an unwritable home)."""
    desks = read_desks(settings.desks)
    if not desks:
        raise DeskError(
            f"There is no desk in {settings.desks}.", "Put a desk file there, or name the folder by --desks."
        )
    try:
        return _prepare(settings, editions_of(settings.desks, desks), progress)
    except OSError as error:
        raise DeskError(
            f"{error.filename or settings.home} cannot be written: {error.strerror}.",
            "Make it writable, or choose other folders by --home and --recordings.",
        ) from error


def _prepare(settings: Settings, editions: Sequence[Edition], progress: Progress) -> Prepared:
    state = settings.home / "asterisk"
    for folder in _FOLDERS:
        (state / folder).mkdir(parents=True, exist_ok=True)
    lay_control_dir(settings.home)
    (settings.recordings / "live").mkdir(parents=True, exist_ok=True)
    (settings.home / "log").mkdir(exist_ok=True)
    installation = find_asterisk(progress)
    _lay_data(state, installation)
    secrets = lay(settings, editions, (), installation, settings.desks).secrets
    return Prepared(settings, editions, secrets, installation)


class Laid(NamedTuple):
    """What was brought into the home."""

    secrets: Secrets
    files: tuple[str, ...]
    """Asterisk's files that changed."""


def lay(
    settings: Settings,
    editions: Sequence[Edition],
    former: Sequence[Edition],
    installation: Installation,
    folder: Path | None = None,
    files: Sequence[Rendered] = (),
) -> Laid:
    """Bring the editions into the home, to be served: passwords, sounds, music, desk files, Asterisk's files.

    `former`: editions in which calls go on. `folder`: where desks and prompts come from; without it they are in the
    home already. `files`: Asterisk's, when they are rendered already. Raises `DeskError` before anything is written
    when a prompt has no audio.
    """
    secrets = keep_secrets(settings.home / "secrets.json", (agent for one in editions for agent in one.desk.agents))
    if folder:
        _publish(settings, editions, folder)
        keep_editions(settings.home, folder, editions)
    _lay_sounds(settings, editions, former)
    _lay_desks(settings, editions)
    files = files or render_config(settings, editions, former, secrets, installation)
    changed = tuple(file.name for file in files if _write(settings.asterisk_etc / file.name, file))
    note_written(settings.asterisk_etc, files, this_program())
    return Laid(secrets, changed)


def render_config(
    settings: Settings,
    editions: Sequence[Edition],
    former: Sequence[Edition],
    secrets: Secrets,
    installation: Installation,
) -> tuple[Rendered, ...]:
    """Return Asterisk's files for the editions."""
    plan = Plan(
        settings=settings,
        editions=editions,
        former=former,
        agent_passwords={agent: secrets.agents[agent] for one in editions for agent in one.desk.agents},
        ami_secret=secrets.ami,
        modules=installation.modules_dir,
        data=(settings.home / "asterisk/data").absolute(),
        pieces=lengths_of(_pieces()),
    )
    return render(plan, bundled("asterisk-config"))


def _write(path: Path, file: Rendered) -> bool:
    """Write a file when it differs, at once or not at all; passwords stand in some, so all are the owner's alone."""
    if path.exists() and path.read_text() == file.text:
        return False
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(file.text)
    fresh.replace(path)
    return True


def _lay_desks(settings: Settings, editions: Sequence[Edition]) -> None:
    """Copy desk files and scripts: dialplan and controller must speak of the same flow, whatever is edited since."""
    place = settings.home / "desks"
    fresh, former = place.with_suffix(".new"), place.with_suffix(".old")
    for left in (fresh, former):
        rmtree(left, ignore_errors=True)
    fresh.mkdir()
    for edition in editions:
        copy_desk(place_of(settings.home, edition.name), edition.desk, fresh)
    if place.exists():  # never some of them alone: the loader would take the others' recordings for nobody's
        place.rename(former)
    fresh.rename(place)
    rmtree(former, ignore_errors=True)


def _lay_data(state: Path, installation: Installation) -> None:
    """Make Asterisk's data folder: the installation's own, but with our sounds."""
    links = {entry.name: entry for entry in installation.data_dir.iterdir() if entry.name != "sounds"}
    links["sounds"] = (state / "sounds").absolute()
    for name, target in links.items():
        _link(state / "data" / name, target)
    _link(state / "sounds/en", installation.sounds_en_dir)


def _link(link: Path, target: Path) -> None:
    if not link.is_symlink() or link.readlink() != target:
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def _publish(settings: Settings, editions: Sequence[Edition], folder: Path) -> None:
    """Publish each edition's prompts under its name."""
    for one in editions:
        publish(one.desk, folder, settings.sounds / one.name, settings.sounds / one.desk.desk)


def _pieces() -> list[Path]:
    """Return the files of the lines' music."""
    return sorted(piece for end in RATES for piece in bundled("dialplans").glob(f"music/*{end}"))


def _lay_sounds(settings: Settings, editions: Sequence[Edition], former: Sequence[Edition]) -> None:
    """Let a desk's bare name lead to the prompts that new calls hear, and make the lines' music."""
    for edition in editions:
        current = settings.sounds / edition.desk.desk
        if current.is_dir() and not current.is_symlink():  # as it was published before there were editions
            rmtree(current)
        _link(current, Path(edition.name))
    lay_music(settings.home / "asterisk/music", _pieces(), (*editions, *former), settings.sounds)
