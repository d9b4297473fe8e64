"""A running desk is backed up, brought back elsewhere, and answers there with all that it knew and says."""

from __future__ import annotations

import asyncio
import json

import pytest

from ivr.phone.wav import write_sound
from ivr.store.queries import Calls
from tests.asterisk.desks import DESKS
from tests.running import WORKER, RunningDesk, desk_folder, spoken

pytestmark = pytest.mark.asterisk

NUMBER = "530"


async def _call(desk: RunningDesk, caller: str) -> dict:
    async with desk.caller(NUMBER, caller) as call:
        await call.answered()
        await asyncio.sleep(2.0)
    return await desk.call_of(caller, within=15.0)


def test_a_desk_that_was_brought_back_answers_and_its_ledger_goes_on(tmp_path) -> None:
    desks = desk_folder(tmp_path / "desks", {"never": DESKS["never"]})
    first = RunningDesk(tmp_path / "first", 4800 + 10 * WORKER, desks=desks).start()
    try:
        asyncio.run(_call(first, "+79210000871"))
        write_sound(tmp_path / "announcement.wav", spoken("announcement", 1.0))
        first.ivr("announce", "on", "--file", str(tmp_path / "announcement.wav"))
        said = first.ivr("backup", str(tmp_path / "desk.tar.gz"), "--desks", str(desks)).stdout
        assert "files" in said
        before = json.loads(first.read("calls", "--json"))["calls"]
    finally:
        assert first.stop() == 0
    home = tmp_path / "second"
    second = RunningDesk(home, first.shift + 5, desks=home / "dialplans", node=first.settings.node)
    assert (
        f"Start it: ivr up --node {first.settings.node} --home"
        in second.ivr("restore", str(tmp_path / "desk.tar.gz")).stdout
    )
    second.start()
    try:
        assert json.loads(second.ivr("announce", "show", "--json").stdout) == {"_all": "go on"}
        call = asyncio.run(_call(second, "+79210000872"))
        ledger = Calls(second.settings.database_url)
        noted = [fact["name"] for fact in ledger.story(call["id"]).facts]
        ledger.close()
        assert noted[:3] == ["arrived", "announced", "began"], "its sound came back with it"
        calls = json.loads(second.read("calls", "--json"))["calls"]
        assert [one["caller"] for one in calls] == ["+79210000872", "+79210000871"]
        assert calls[1:] == before
        assert second.password("531") == first.password("531")
        verified = second.ivr("ledger", "verify")
        assert verified.returncode == 0
    finally:
        assert second.stop() == 0
