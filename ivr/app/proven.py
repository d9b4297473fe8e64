"""Whether the dialplan that desks become is proven: rendered in memory and read back, with no Asterisk needed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from os.path import exists
from pathlib import Path

from ivr.app.places import bundled
from ivr.asterisk.private import cache_dir
from ivr.flows.edition import Edition
from ivr.flows.told import Wanted, wanted_of
from ivr.settings import Settings

CURE = (
    "this is a mistake of the program, or of a template that somebody edited, and not of your desk:"
    " do not apply it, and report this line"
)
_SOMEWHERE = "203.0.113.1"
"""A provider, where none is set: the dialplan is the same for each."""
_CODE = ("app", "asterisk", "engine", "flows", "ledger", "telephony")
"""The packages that render and prove."""
_STAMPS = 300
"""Proofs that are remembered."""
_SHOWN = 10
"""Findings that are told: one mistake often makes hundreds."""


def unproven(editions: Sequence[Edition]) -> tuple[str, ...]:
    """Return what is wrong with the dialplan of these desks together; nothing when it is proven.

    What was proven of the same desks by the same program is not proven again, nor is a dialplan that differs from a
    proven one in nothing but the names of versions: so it is when a text was edited.
    """
    settings = _settings()
    program = this_program()
    same = _stamp(program, sorted(edition.name for edition in editions), settings.model_dump_json())
    if exists(same):  # noqa: PTH110 - False also where nobody may look
        return ()
    wanted = [wanted_of(edition) for edition in editions]
    try:
        files = _rendered(editions, settings)
    except UnrenderableError as error:
        return (str(error),)
    alike = _stamp(program, without_versions(files, wanted, [edition.version for edition in editions]))
    if not exists(alike) and (found := _findings(files, wanted)):  # noqa: PTH110
        more = len(found) - _SHOWN
        return (*found[:_SHOWN], f"{more} more of the kind") if more > 0 else found
    _keep(alike, same)
    return ()


def _findings(files: Mapping[str, str], wanted: Sequence[Wanted]) -> tuple[str, ...]:
    from ivr.asterisk.proof import findings  # noqa: PLC0415 - only where there is something to prove

    return findings(files, wanted)


class UnrenderableError(Exception):
    """A template that cannot be rendered."""


def _rendered(editions: Sequence[Edition], settings: Settings) -> dict[str, str]:
    """Return the files of which something is proven. Raises `UnrenderableError`."""
    from jinja2 import TemplateError, TemplateSyntaxError  # noqa: PLC0415 - only where something may be to prove

    from ivr.asterisk.render import PROVEN, Plan, render  # noqa: PLC0415

    plan = Plan(
        settings=settings,
        editions=editions,
        former=(),
        agent_passwords={agent: "secret" for one in editions for agent in one.desk.agents},
        ami_secret="secret",  # noqa: S106 - it stands in no file of these
        modules=settings.home,
        data=settings.home,
    )
    try:
        return {file.name: file.text for file in render(plan, bundled("asterisk-config"), PROVEN)}
    except TemplateError as error:
        place = f"{error.name}:{error.lineno}: " if isinstance(error, TemplateSyntaxError) else ""
        raise UnrenderableError(f"a template cannot be rendered: {place}{error.message}") from error


def without_versions(files: Mapping[str, str], wanted: Sequence[Wanted], versions: Sequence[str]) -> str:
    """Return all that a proof reads, with a number of as many letters in each version's place.

    A version stands in names alone, and one name is as good to the proof as another while no two become one: so
    what is proven of these is proven of those.
    """
    text = repr((sorted(files.items()), wanted))
    places = {version: f"{place:0{len(version)}}" for place, version in enumerate(versions)}
    if len(places) < len(versions) or any(place in text for place in places.values()):
        return text
    for version, place in places.items():
        text = text.replace(version, place)
    return text


def _settings() -> Settings:
    """Return the settings of the environment, for a home that may have any name."""
    given = Settings()
    nowhere = Path("/nowhere")
    return given.model_copy(
        update={"home": nowhere, "recordings": nowhere / "recordings", "provider": given.provider or _SOMEWHERE}
    )


def this_program() -> str:
    """Return a name that changes with everything that renders or proves."""
    package = Path(__file__).parents[1]
    sources = [path for name in _CODE for path in (package / name).rglob("*.py")]
    sources += bundled("asterisk-config").glob("*.j2")
    known = [(str(path), (found := path.stat()).st_size, found.st_mtime_ns) for path in sorted(sources)]
    return hashlib.sha256(repr(known).encode()).hexdigest()


def _stamp(*told: object) -> Path:
    """Return the file that is there when what is told was proven."""
    return cache_dir().with_name("proven") / hashlib.sha256(repr(told).encode()).hexdigest()


def _keep(*stamps: Path) -> None:
    """Remember a proof; where that cannot be, it is made again next time."""
    try:
        for stamp in stamps:
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.touch()
        if len(os.listdir(stamps[0].parent)) > _STAMPS:  # noqa: PTH208 - most often it is not
            newest = sorted(stamps[0].parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
            for old in newest[_STAMPS // 2 :]:
                old.unlink(missing_ok=True)
    except OSError:
        return
