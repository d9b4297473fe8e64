"""Whether the dialplan that desks become is proven: rendered in memory and read back, with no Asterisk needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from os.path import exists
from pathlib import Path

from ivr.app.places import bundled
from ivr.asterisk.private import cache_dir
from ivr.flows.edition import Edition
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

    What was proven of the same desks by the same program is not proven again.
    """
    settings = _settings()
    stamp = cache_dir().with_name("proven") / _name(editions, settings)
    if exists(stamp):  # noqa: PTH110 - False also where nobody may look
        return ()
    found = _findings(editions, settings)
    if not found:
        _keep(stamp)
    more = len(found) - _SHOWN
    return (*found[:_SHOWN], f"{more} more of the kind") if more > 0 else found


def _findings(editions: Sequence[Edition], settings: Settings) -> tuple[str, ...]:
    from jinja2 import TemplateError, TemplateSyntaxError  # noqa: PLC0415

    from ivr.asterisk.proof import FILES, findings  # noqa: PLC0415 - templates are loaded when there is something to prove
    from ivr.asterisk.render import Plan, render  # noqa: PLC0415

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
        files = {file.name: file.text for file in render(plan, bundled("asterisk-config"), FILES)}
    except TemplateError as error:
        place = f"{error.name}:{error.lineno}: " if isinstance(error, TemplateSyntaxError) else ""
        return (f"a template cannot be rendered: {place}{error.message}",)
    return findings(files, editions)


def _settings() -> Settings:
    """Return the settings of the environment, for a home that may have any name."""
    given = Settings()
    nowhere = Path("/nowhere")
    return given.model_copy(
        update={"home": nowhere, "recordings": nowhere / "recordings", "provider": given.provider or _SOMEWHERE}
    )


def _name(editions: Iterable[Edition], settings: Settings) -> str:
    package = Path(__file__).parents[1]
    sources = [path for name in _CODE for path in (package / name).rglob("*.py")]
    sources += bundled("asterisk-config").glob("*.j2")
    known = [(str(path), (found := path.stat()).st_size, found.st_mtime_ns) for path in sorted(sources)]
    told = (known, sorted(edition.name for edition in editions), settings.model_dump_json())
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _keep(stamp: Path) -> None:
    """Remember a proof; where that cannot be, it is made again next time."""
    try:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
        newest = sorted(stamp.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in newest[_STAMPS:]:
            old.unlink(missing_ok=True)
    except OSError:
        return
