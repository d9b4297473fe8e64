"""Make a home ready to run: folders, secrets, sounds, music, Asterisk's files; again, only what differs is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile, copytree, rmtree

from ivr.app.lay_music import lay_music
from ivr.app.places import bundled
from ivr.app.secrets import Secrets, keep_secrets
from ivr.asterisk.control import lay_control_dir
from ivr.asterisk.private import Installation, Progress, find_asterisk
from ivr.asterisk.render import Plan, Rendered, render
from ivr.errors import DeskError
from ivr.flows.model import Desk
from ivr.flows.reader import read_desks, version_of
from ivr.settings import Settings
from ivr.speech.wav import RATES

_FOLDERS = ("etc", "lib/keys", "spool", "log/cel-custom", "log/cdr-csv", "sounds", "data")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A home that can be run."""

    settings: Settings
    desks: Mapping[str, Desk]
    secrets: Secrets
    installation: Installation

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
        return _prepare(settings, desks, progress)
    except OSError as error:
        raise DeskError(
            f"{error.filename or settings.home} cannot be written: {error.strerror}.",
            "Make it writable, or choose other folders by --home and --recordings.",
        ) from error


def _prepare(settings: Settings, desks: Mapping[str, Desk], progress: Progress) -> Prepared:
    state = settings.home / "asterisk"
    for folder in _FOLDERS:
        (state / folder).mkdir(parents=True, exist_ok=True)
    lay_control_dir(settings.home)
    (settings.recordings / "live").mkdir(parents=True, exist_ok=True)
    (settings.home / "log").mkdir(exist_ok=True)
    secrets = keep_secrets(settings.home / "secrets.json", (a for desk in desks.values() for a in desk.agents))
    installation = find_asterisk(progress)
    _lay_data(state, installation)
    _lay_sounds(settings, desks)
    _lay_desks(settings, desks)
    write_config(settings, desks, secrets, installation)
    return Prepared(settings, desks, secrets, installation)


def write_config(
    settings: Settings, desks: Mapping[str, Desk], secrets: Secrets, installation: Installation
) -> tuple[str, ...]:
    """Render Asterisk's files into the home; return the names of those that changed."""
    laid = settings.model_copy(update={"desks": settings.home / "desks"})
    files = render_config(laid, desks, secrets, installation)
    return tuple(file.name for file in files if _write(settings.asterisk_etc / file.name, file))


def render_config(
    settings: Settings, desks: Mapping[str, Desk], secrets: Secrets, installation: Installation
) -> tuple[Rendered, ...]:
    """Return Asterisk's files for the desks, which lie in the settings' folder."""
    plan = Plan(
        settings=settings,
        desks=tuple(desks.values()),
        versions={name: version_of(settings.desks / f"{name}.yaml") for name in desks},
        agent_passwords={agent: secrets.agents[agent] for desk in desks.values() for agent in desk.agents},
        ami_secret=secrets.ami,
        modules=installation.modules_dir,
        data=(settings.home / "asterisk/data").absolute(),
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


def _lay_desks(settings: Settings, desks: Mapping[str, Desk]) -> None:
    """Copy desk files and scripts: dialplan and controller must speak of the same flow until the next start."""
    fresh, place = settings.home / "desks.new", settings.home / "desks"
    rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name in desks:
        copyfile(settings.desks / f"{name}.yaml", fresh / f"{name}.yaml")
        if (scripts := settings.desks / name / "scripts").is_dir():
            copytree(scripts, fresh / name / "scripts")
    rmtree(place, ignore_errors=True)
    fresh.rename(place)


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


def _lay_sounds(settings: Settings, desks: Mapping[str, Desk]) -> None:
    from ivr.speech.library import publish  # noqa: PLC0415 — numpy is heavy, and only needed when a sound changed

    for desk in desks.values():
        publish(desk, settings.desks, settings.sounds)
    pieces = sorted(piece for end in RATES for piece in bundled("dialplans").glob(f"music/*{end}"))
    lay_music(settings.home / "asterisk/music", pieces, desks.values(), settings.sounds)
