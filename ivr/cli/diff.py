"""`ivr diff`: what is different between two versions that were served."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.options import Home, Json, running_settings
from ivr.cli.plan import change_lines
from ivr.cli.rollback import find

if TYPE_CHECKING:
    from ivr.flows.changes import Change
    from ivr.settings import Settings


def diff(
    old: Annotated[int, typer.Argument(help="A number of `ivr history`.")],
    new: Annotated[int, typer.Argument(help="Another one.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Say what is different between two versions, in the words of callers and agents."""
    from ivr.app.versions import read_versions

    settings = running_settings(home)
    versions = read_versions(settings.home)
    before, after = find(versions, old).editions, find(versions, new).editions
    found = {
        desk: _changes(settings, before[desk], after[desk])
        for desk in after
        if desk in before and before[desk] != after[desk]
    }
    if as_json:
        told = {desk: [asdict(change) for change in changes] for desk, changes in found.items()}
        print(
            json.dumps(
                {"new": sorted(after.keys() - before), "gone": sorted(before.keys() - after), "changed": told},
                ensure_ascii=False,
                indent=1,
            )
        )
        return
    lines = [*(f"{desk}: new" for desk in sorted(after.keys() - before))]
    lines += [f"{desk}: served no more" for desk in sorted(before.keys() - after)]
    for desk, changes in found.items():
        lines += [desk, *change_lines(changes)]
    print("\n".join(lines) or "There is no difference.")


def _changes(settings: Settings, old: str, new: str) -> tuple[Change, ...]:
    from ivr.app.editions import read_edition
    from ivr.app.planned import published
    from ivr.flows.changes import changes

    return changes(*(published(settings.sounds, read_edition(settings.home, name)) for name in (old, new)))
