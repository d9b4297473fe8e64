"""`ivr history`: which versions were served, since when, by whom and why."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from ivr.cli.options import Home, Json, running_settings

if TYPE_CHECKING:
    from ivr.app.versions import Version


def history(home: Home = None, as_json: Json = False) -> None:
    """List the versions of the desks, the newest first."""
    from ivr.app.versions import read_versions, serving

    versions = read_versions(running_settings(home).home)
    if as_json:
        print(json.dumps([asdict(version) for version in versions], ensure_ascii=False, indent=1))
        return
    if not versions:
        print("Nothing was served here yet.")
    now = serving(versions)
    for version in reversed(versions):
        print("\n".join(_lines(version, now)))


def _lines(version: Version, now: Version | None) -> list[str]:
    when = datetime.fromtimestamp(version.at).astimezone().strftime("%Y-%m-%d %H:%M")
    state = "  served now" if version == now else _STATES[version.outcome]
    told = [f"{version.number:>4}  {when}  {version.author}: {version.reason}{state}"]
    if version.fault:
        told.append(f"      {version.fault}")
    told.append("      " + ", ".join(edition.replace("_", " ") for edition in version.editions.values()))
    return told


_STATES = {"served": "", "taken back": "  taken back", "begun": "  broken off"}
