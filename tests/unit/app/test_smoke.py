"""The call of ours that proves what was applied: what of its facts proves anything."""

from __future__ import annotations

import pytest

from ivr.app import smoke as module
from ivr.app.smoke import smoke
from ivr.errors import DeskError
from ivr.flows.edition import Edition
from ivr.settings import Settings
from tests.unit.engine.test_machine import desk

EDITION = Edition(desk(), "0123456789ab")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return what lets the smoke call note some facts and no more."""
    settings = Settings(home=tmp_path)
    settings.journal.parent.mkdir(parents=True)

    def noting(*facts):
        def give(_home, command, _limit=0.0):
            if command.startswith("channel originate"):
                rows = (f"smoke?edition={EDITION.name}", *facts)
                settings.journal.write_text("".join(map(_row, rows)))
            return ""

        monkeypatch.setattr(module, "give", give)
        monkeypatch.setattr(module, "LIMIT", 0.1)
        return settings

    return noting


def _row(fact: str) -> str:
    extra = '{""extra"":""' + fact + '""}'
    fields = ("IVR", "1790000000.000000", "d-1.1", "d-1.1", "Local/x@selftest-1;2", *("",) * 7, extra)
    return ",".join(f'"{field}"' for field in fields) + "\n"


def test_a_call_that_the_controller_took_is_well(place):
    smoke(place("arrived?desk=small", "began?version=1"), [EDITION])


def test_an_announcement_proves_nothing(place):
    with pytest.raises(DeskError, match="nothing took it"):
        smoke(place("arrived?desk=small", "announced"), [EDITION])


def test_a_call_behind_an_announcement_that_no_controller_took_is_not_well(place):
    with pytest.raises(DeskError, match=r"did not take it \(absent"):
        smoke(place("arrived?desk=small", "announced", "fallback?why=absent"), [EDITION])
