"""Which talks are recorded, and what the caller is told of it, on calls that go from line to line."""

from __future__ import annotations

import asyncio
import json
import subprocess
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from types import MappingProxyType

import numpy as np
import pytest
import soundfile
from sqlalchemy import update

from ivr.phone.tones import tone_level
from ivr.store.engine import open_database
from ivr.store.tables import call as call_table
from tests.asterisk.front import Front, serving
from tests.running import WORKER, RunningDesk, desk_folder, eventually

pytestmark = pytest.mark.asterisk

POLICY = """
desk: policy
numbers: ["700"]
language: en
recording: {notice: once}
agents: {701: Ann, 702: Bob, 703: Cid, 704: Dan, 705: Eva}
categories: {sale: a sale}
lines:
  taped: {agents: [701], then: private}
  private: {agents: [702], record: false, ring: 8s}
  quiet: {agents: [703], record: false, then: taped-late}
  taped-late: {agents: [704], ring: 8s, then: quiet}
  secret: {agents: [705], record: false, ring: 8s}
flow:
  pick:
    menu: "Which line?"
    1: taped
    2: quiet
    3: secret
    no answer: taped
"""
HZ = MappingProxyType({"701": 700, "702": 1000, "704": 1300, "705": 1600})


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """Run the desk with nobody at the telephones."""
    place = tmp_path_factory.mktemp("policy")
    desks = desk_folder(place / "desks", {"policy": POLICY})
    running = RunningDesk(place / "home", 6300 + 10 * WORKER, desks=desks)
    with serving(running) as front:
        yield front


def staff(*agents: str) -> dict[str, dict[str, object]]:
    """Return agents who answer at once, each with a pitch of his own."""
    return {agent: {"ring": 0.2, "hz": HZ[agent]} for agent in agents}


async def recordings(front: Front, caller: str) -> list[dict]:
    """Return the recordings of a caller's ended call as `ivr recordings show` tells them, each with its verdict."""
    told = await front.running.call_of(caller, within=20, settled=True)
    if not told["recordings"]:
        return []
    return json.loads((await asyncio.to_thread(front.running.ivr, "recordings", "show", told["id"], "--json")).stdout)


def heard_prompts(front: Front, call) -> list[str]:
    return [heard.prompt for heard in front.running.recognise(call.heard(), "policy", "en")]


def pitches(front: Front, recording: dict) -> set[str]:
    """Return whose tones are on the agents' side of a recording."""
    sound, rate = soundfile.read(front.running.settings.recordings / recording["path"])
    seconds = np.array_split(sound[:, 1] * 32767, max(1, round(len(sound) / rate * 4)))
    return {agent for agent, hz in HZ.items() if max(tone_level(part, hz) for part in seconds) > 0.5}


async def test_a_call_that_overflows_from_a_recorded_line_to_one_that_is_not_has_no_audio_of_its_talk(front):
    async with front.staff(staff("702")):
        async with front.waiting("700", "+79210004601", "1") as call:
            await front.talking("702")
            await asyncio.sleep(2)
            files = sorted((front.running.settings.recordings / "live").iterdir())
            assert [file.stat().st_size for file in files] in ([], [0, 0])
            heard = await asyncio.to_thread(heard_prompts, front, call)
        (recording,) = await recordings(front, "+79210004601")
    assert (recording["state"], recording["path"], recording["covers"]) == ("none", "", [])
    assert recording["talk_seconds"] == 0
    assert heard.count("notice") == 1


async def test_a_call_that_overflows_to_a_recorded_line_is_told_before_the_first_and_recorded_in_the_second(front):
    async with front.staff(staff("704")):
        async with front.waiting("700", "+79210004602", "2") as call:
            await front.talking("704")
            await asyncio.sleep(2)
            heard = await asyncio.to_thread(heard_prompts, front, call)
        (recording,) = await recordings(front, "+79210004602")
    assert heard.count("notice") == 1
    assert recording["state"] == "ok", recording
    assert [talk["agent"] for talk in recording["covers"]] == ["704"]
    assert pitches(front, recording) == {"704"}


async def test_a_line_that_never_records_has_neither_a_notice_nor_a_recording(front):
    async with front.staff(staff("705")):
        async with front.waiting("700", "+79210004603", "3") as call:
            await front.talking("705")
            await asyncio.sleep(1)
            heard = await asyncio.to_thread(heard_prompts, front, call)
        assert await recordings(front, "+79210004603") == []
    assert "notice" not in heard


async def test_talks_before_and_after_an_unrecorded_one_are_both_in_the_recording_and_it_is_not(front):
    """The caller is sent on from talk to talk, as a transfer by the console does it."""
    async with front.staff(staff("701", "702", "704")):
        async with front.waiting("700", "+79210004604", "1"):
            await front.talking("701")
            await asyncio.sleep(2)
            for line, agent in (("private", "702"), ("taped-late", "704")):
                await send_on(front, "+79210004604", line)
                await front.talking(agent)
                await asyncio.sleep(2)
        (recording,) = await recordings(front, "+79210004604")
    assert recording["state"] == "ok", recording
    assert [talk["agent"] for talk in recording["covers"]] == ["701", "704"]
    assert recording["line"] == "taped-late"
    assert pitches(front, recording) == {"701", "704"}
    assert recording["seconds"] == pytest.approx(sum(talk["seconds"] for talk in recording["covers"]), abs=0.5)


async def send_on(front: Front, caller: str, line: str) -> None:
    """Send a caller who talks on into another line."""
    front.records()
    channel = next(r.channel for r in reversed(front.records()) if r.number == caller and "PJSIP/trunk" in r.channel)
    await asyncio.to_thread(
        front.console, f"channel redirect {channel} line-{front.running.edition('policy')}-{line},s,1"
    )


async def test_without_the_controller_the_notice_is_spoken_and_the_lines_record_by_the_same_rule(front):
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(front.staff(staff("702")))
        async with front.caller("700", "+79210004605") as call:
            front.running.kill("controller")
            await front.talking("702")
            await asyncio.sleep(1)
            heard = await asyncio.to_thread(heard_prompts, front, call)
        (recording,) = await recordings(front, "+79210004605")
        await front.controlled()
    assert heard[-1] == "notice"
    assert recording["state"] == "none"
    told = await front.told("+79210004605")
    assert told.call["fallback"] == "lost"
    assert told.names().count("notice") == 1


@pytest.fixture
def tiny_live(front):
    """Put the folder that Asterisk records into on a disk of 64 KiB: two seconds of both sides."""
    live = front.running.settings.recordings / "live"
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(live)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("root's rights to mount a small tmpfs are missing")
    try:
        yield live
    finally:
        subprocess.run(["umount", "--lazy", str(live)], check=True)


async def test_f31_a_disk_that_fills_up_during_a_talk_leaves_a_partial_recording_and_the_talk_undisturbed(
    front, tiny_live
):
    async with front.staff(staff("704")):
        async with front.waiting("700", "+79210004606", "2") as call:
            await front.talking("704")
            await asyncio.sleep(6)
            assert call.ended is None
            assert tone_level(call.heard()[-8000:], HZ["704"]) > 0.5
        (recording,) = await recordings(front, "+79210004606")
    assert recording["state"] == "partial", recording
    assert recording["seconds"] < 4 < recording["talk_seconds"]
    assert recording["reason"].endswith("s of talk")
    assert pitches(front, recording) == {"704"}


async def test_a_recording_is_gone_at_the_next_start_when_its_time_is_over(front):
    """The call is made a year older in the ledger; a desk that starts looks at once."""
    async with front.staff(staff("704")):
        async with front.waiting("700", "+79210004607", "2"):
            await front.talking("704")
            await asyncio.sleep(2)
        (recording,) = await recordings(front, "+79210004607")
    running = front.running
    path = running.settings.recordings / recording["path"]
    year = 365 * 86400
    then = datetime.fromisoformat(recording["began_at"]) - timedelta(seconds=year)
    old = running.settings.recordings / f"{then:%Y/%m/%d}" / path.name
    old.parent.mkdir(parents=True)
    path.rename(old)
    engine = open_database(running.settings.database_url)
    with engine.execution_options(writes=True).begin() as connection:
        aged = update(call_table).where(call_table.c.id == recording["call_id"])
        connection.execute(aged.values(began_at=call_table.c.began_at - year * 1_000_000))
    engine.dispose()
    running.kill("loader")
    await eventually(lambda: not old.exists(), 30)

    def shown() -> str:
        return running.read("recordings", "show", recording["name"])

    await eventually(lambda: "expired: kept 180 days" in shown(), 10)
    assert json.loads(running.ivr("recordings", "list", "--state", "expired", "--json").stdout)[0]["path"] == ""
