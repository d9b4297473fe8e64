"""Shadow mode: the ledger beside the queue_log and CDR that the same Asterisk wrote of the same calls."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.asterisk.front import Front, Scenes
from tests.running import WORKER, RunningDesk, desk_folder, eventually

pytestmark = pytest.mark.asterisk

SHIFT = 4400 + 10 * WORKER
DESK = """
desk: shadow
numbers: ["640"]
language: en
agents: {641: Ann, 642: Bob, 643: Cid, 644: Dan, 645: Eva}
categories: {sale: a sale}
lines:
  one: {agents: [641], ring: 8s, wait: 20s, whisper: true}
  two: {agents: [642], ring: 2s, wait: 3s, then: three}
  three: {agents: [643], ring: 8s, wait: 20s}
  nobody: {agents: [644], ring: 3s, wait: 9s, then: three}
  waits: {agents: [645], ring: 8s, wait: 30s}
flow:
  pick:
    menu: "Which line?"
    1: one
    2: two
    3: nobody
    4: waits
    no answer: one
"""
STAFF = {"641": {"ring": 0.3}, "642": {"answers": False}, "643": {"ring": 0.5}, "645": {"answers": False}}
scenes = Scenes(STAFF)


@pytest.fixture(scope="module")
def shadowed(tmp_path_factory):
    place = tmp_path_factory.mktemp("shadow")
    desks = desk_folder(place / "desks", {"shadow": DESK})
    running = RunningDesk(place / "home", SHIFT, desks=desks, shadow=True).start()
    front = Front(running)
    try:
        yield front
    finally:
        front.close()
        assert running.stop() == 0


@pytest.fixture(scope="module")
def played(shadowed):
    return scenes.play(shadowed)


@scenes
async def caller_ends_the_talk(front: Front):
    async with front.waiting("640", "+79210000801", "1"):
        await front.talking("641")
        await asyncio.sleep(3)
    return await front.told("+79210000801")


@scenes
async def first_line_does_not_answer(front: Front):
    async with front.waiting("640", "+79210000802", "2"):
        await eventually(lambda: (now := front.now("+79210000802")) and now.connected_at, 60)
        await asyncio.sleep(2)
    return await front.told("+79210000802")


@scenes
async def caller_gives_up(front: Front):
    async with front.waiting("640", "+79210000803", "4", listens=5):
        pass
    return await front.told("+79210000803")


@scenes
async def line_without_telephones(front: Front):
    async with front.waiting("640", "+79210000804", "3"):
        await eventually(lambda: (now := front.now("+79210000804")) and now.connected_at, 60)
        await asyncio.sleep(1)
    return await front.told("+79210000804")


@scenes
async def caller_leaves_the_menu(front: Front):
    async with front.caller("640", "+79210000805"):
        pass
    return await front.told("+79210000805")


SCENES = (
    caller_ends_the_talk,
    first_line_does_not_answer,
    caller_gives_up,
    line_without_telephones,
    caller_leaves_the_menu,
)


def compared(front: Front, *files: str):
    log = front.running.settings.home / "asterisk/log"
    done = front.running.ivr("ledger", "compare", *(str(log / file) for file in files), "--json", check=False)
    assert done.returncode in (0, 2), done.stderr
    return json.loads(done.stdout)


def test_the_scenes_came_out_as_meant(played):
    assert [played(scene).outcome for scene in SCENES] == [
        "answered",
        "answered",
        "abandoned in a line",
        "answered",
        "abandoned in the menu",
    ]


def test_the_queue_log_of_the_same_calls_differs_in_nothing(played, shadowed):
    told = compared(shadowed, "queue_log")
    assert told["differences"] == []
    assert told["same"] == 4
    for line in told["lines"]:
        theirs, ours = line["theirs"], line["ours"]
        assert [theirs[name] for name in ("offered", "answered", "abandoned")] == [
            ours[name] for name in ("offered", "answered", "abandoned")
        ], line
        assert abs((theirs["mean wait"] or 0) - (ours["mean wait"] or 0)) < 1
    assert {line["line"] for line in told["lines"]} == {"one", "two", "three", "waits"}


def test_the_cdr_of_the_same_calls_differs_in_nothing(played, shadowed):
    told = compared(shadowed, "cdr-csv/Master.csv")
    assert told["differences"] == []
    assert told["same"] == 5


def test_both_files_together_differ_in_nothing(played, shadowed):
    told = compared(shadowed, "queue_log", "cdr-csv/Master.csv")
    assert (told["differences"], told["same"]) == ([], 5)


def test_the_journal_itself_read_as_a_foreign_cel_tells_the_same_talks(played, shadowed):
    told = compared(shadowed, "cel-custom/journal.csv", "queue_log")
    assert (told["differences"], told["same"]) == ([], 5)


def test_a_ledger_that_has_lost_a_call_is_found_out(played, shadowed, tmp_path):
    log = shadowed.running.settings.home / "asterisk/log/queue_log"
    lines = log.read_text().splitlines(keepends=True)
    first = next(line for line in lines if "ENTERQUEUE" in line)
    strange = first.replace(first.split("|")[1], f"{first.split('|')[1]}9")
    copy = tmp_path / "queue_log"
    copy.write_text("".join(lines) + strange + strange.replace("ENTERQUEUE||+79210000801|1", "ABANDON|1|1|0"))
    done = shadowed.running.ivr("ledger", "compare", str(copy), check=False)
    assert done.returncode == 2
    assert "not in the ledger" in done.stdout
