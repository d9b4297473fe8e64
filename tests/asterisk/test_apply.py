"""`ivr apply` on the real thing: who is in a call stays in his version, the next caller meets the new one."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from subprocess import DEVNULL

import pytest

from ivr.app.as_written import note_written
from ivr.app.heartbeat import last_beat
from ivr.asterisk.console import busy
from ivr.asterisk.control import control_dir
from ivr.asterisk.render import Rendered
from ivr.phone.wav import write_sound
from tests.asterisk.front import Front, serving
from tests.faults.phones import until
from tests.running import REPO, WORKER, RunningDesk, desk_folder, spoken

pytestmark = pytest.mark.asterisk

SHIFT = 5700 + 10 * WORKER
SHOP = """
desk: shop
numbers: ["740"]
language: en
agents: {7401: Ann, 7402: Ben, 7403: Eva}
categories: {sale: a sale, repair: a repair}
recording: {notice: never, keep: 30d}
lines:
  first: {agents: [7401], ring: 15s, wait: 40s}
  second: {agents: [7402], ring: 15s, wait: 40s, wrap: 1s}
flow:
  ask:
    menu: One for a sale, two for a repair.
    wait: 8s
    1: {category: sale, then: first}
    2: {category: repair, then: second}
    no answer: {then: first}
"""
OTHER = """
desk: other
numbers: ["741"]
language: en
agents: {7411: Ida}
categories: {}
lines: {only: {agents: [7411]}}
flow: {hello: {say: Hello there., then: only}}
"""
TURNED = SHOP.replace("One for a sale, two for a repair.", "One for a repair, two for a sale.").replace(
    "1: {category: sale, then: first}\n    2: {category: repair, then: second}",
    "1: {category: repair, then: second}\n    2: {category: sale, then: first}",
)
assert TURNED.count("repair, then: second") == 1


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[Front]:
    """Run desks from a folder that may be edited."""
    place = tmp_path_factory.mktemp("apply")
    desks = desk_folder(place / "desks", {"shop": SHOP, "other": OTHER})
    with serving(RunningDesk(place / "home", SHIFT, desks=desks)) as front:
        assert [version["reason"] for version in history(front)] == ["the desk was started"]
        yield front


@pytest.fixture
def front(running) -> Front:
    """Give them as they were at first."""
    edit(running, SHOP)
    apply(running, "as at first")
    return running


def edit(front: Front, text: str, name: str = "shop") -> None:
    """Write the desk file and record its prompts, as an admin does."""
    desk_folder(front.running.desks, {name: text})


def apply(front: Front, reason: str, *words: str, code: int = 0):
    done = front.running.ivr("apply", reason, "--desks", str(front.running.desks), *words, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@contextmanager
def controller_standing_still(front: Front) -> Iterator[None]:
    """Let the controller take no call for the block; nor is it started again."""
    front.running.process.send_signal(signal.SIGSTOP)
    front.running.kill("controller", signal.SIGSTOP)
    try:
        yield
    finally:
        awake = time.time()
        front.running.kill("controller", signal.SIGCONT)
        # `ivr up` takes a part without a beat for hung, and would kill it just when the next apply needs it.
        while (last_beat(front.running.home, "controller") or {"at": 0})["at"] < awake:
            assert time.time() < awake + 10
            time.sleep(0.05)
        front.running.process.send_signal(signal.SIGCONT)


def history(front: Front) -> list[dict]:
    return json.loads(front.running.ivr("history", "--json").stdout)


async def test_a_caller_stays_in_the_version_that_he_began_and_the_next_one_meets_the_new(front):
    """The one presses 1 for what it meant when he was asked, the other for what it means now; talk and wait go on."""
    before = front.running.edition("shop")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(front.staff({"7401": {"ring": 0.2}, "7402": {"ring": 0.2}}))
        talker = await stack.enter_async_context(front.caller("740", "+79210007401"))
        await talker.answered()
        await front.noted("+79210007401", "entered")
        await asyncio.sleep(0.5)
        await talker.press("1")
        await front.talking("7401")
        waiter = await stack.enter_async_context(front.caller("740", "+79210007402"))
        await waiter.answered()
        await front.noted("+79210007402", "entered")
        await asyncio.sleep(0.5)
        await waiter.press("1")
        await front.noted("+79210007402", "line")
        asked = await stack.enter_async_context(front.caller("740", "+79210007403"))
        await asked.answered()
        await front.noted("+79210007403", "entered")

        edit(front, TURNED)
        done = await asyncio.to_thread(apply, front, "keys in the order of the year")
        assert f"Version {history(front)[-1]['number']} is served" in done.stdout
        after = front.running.edition("shop")
        assert before != after
        assert all(call.ended is None for call in (talker, waiter, asked))

        await asked.press("1")
        key = await front.noted("+79210007403", "category")
        assert key.values["category"] == "sale"
        late = await stack.enter_async_context(front.caller("740", "+79210007404"))
        await late.answered()
        await front.noted("+79210007404", "entered")
        await asyncio.sleep(0.5)
        await late.press("1")
        assert (await front.noted("+79210007404", "category")).values["category"] == "repair"
        await front.talking("7402")
        await talker.hang_up()
        await until(lambda: front.now("+79210007402").connected_at, 20)  # the waiter is the next in his line
        await asyncio.sleep(0.5)
    for caller, edition in (("1", before), ("2", before), ("3", before), ("4", after)):
        told = await front.told(f"+7921000740{caller}")
        assert f"shop_{told.call['version']}" == edition, caller
    assert history(front)[-1]["reason"] == "keys in the order of the year"
    assert all(row["desk"] for row in front.rows()), "the smoke calls are nobody's"


async def test_without_the_controller_a_caller_of_a_former_version_is_asked_in_its_words(front):
    """The controller dies while he is asked, after the apply: the dialplan goes on in his version."""
    async with front.caller("740", "+79210007411") as call:
        await call.answered()
        await front.noted("+79210007411", "entered")
        edit(front, TURNED)
        await asyncio.to_thread(apply, front, "turned")
        front.running.kill("controller", signal.SIGKILL)
        await front.noted("+79210007411", "fallback")
        await asyncio.sleep(0.5)
        await call.press("1")
        assert (await front.noted("+79210007411", "category")).values["category"] == "sale"
    await front.controlled()


async def test_a_version_that_is_not_served_is_taken_back_and_the_next_caller_meets_the_one_before(front):
    """The controller stands still: the smoke call finds it out, whatever the reason is."""
    before = front.running.edition("shop")
    edit(front, TURNED)
    with controller_standing_still(front):
        done = await asyncio.to_thread(apply, front, "bad luck", code=2)
    assert "was not served as it should be" in done.stderr
    assert "Traceback" not in done.stderr
    await front.controlled()
    assert history(front)[-1]["outcome"] == "taken back"
    async with front.caller("740", "+79210007421") as call:
        await call.answered()
        await front.noted("+79210007421", "entered")
    assert f"shop_{(await front.told('+79210007421')).call['version']}" == before
    apply(front, "again")
    assert [one["outcome"] for one in history(front)][-2:] == ["taken back", "served"]


async def test_an_announcement_neither_hides_a_version_that_is_not_served_nor_ends_with_the_one_in_which_it_began(
    front, tmp_path
):
    write_sound(tmp_path / "moving.wav", spoken("moving", 1.0))
    front.running.ivr("announce", "on", "--file", str(tmp_path / "moving.wav"), "--then", "hang up")
    try:
        edit(front, TURNED)
        with controller_standing_still(front):
            done = await asyncio.to_thread(apply, front, "bad luck", code=2)
        assert "was not served as it should be" in done.stderr
        await front.controlled()
        apply(front, "again")
        assert [one["outcome"] for one in history(front)][-2:] == ["taken back", "served"]
        async with front.caller("740", "+79210007422") as call:
            await call.over(10.0)
        assert (await front.told("+79210007422")).names() == ["arrived", "announced", "ended"]
    finally:
        front.running.ivr("announce", "off")


async def test_a_take_back_that_does_not_work_either_is_told_and_the_next_apply_brings_all_to_one(front):
    """Asterisk dies while the smoke call is waited for; `ivr up`, which stands still, starts it again later."""
    before = front.running.edition("shop")
    edit(front, TURNED)
    with controller_standing_still(front):
        applying = asyncio.create_task(asyncio.to_thread(apply, front, "worse luck", code=2))
        await until(lambda: before not in front.running.asterisk("dialplan show 740@inbound"), 30)
        front.running.kill("asterisk")
        done = await applying
    assert "was not served as it should be" in done.stderr
    assert "Traceback" not in done.stderr
    last = history(front)[-1]
    assert last["outcome"] == "begun"
    assert "Taking it back did not work either: No Asterisk of" in last["fault"]
    folder = control_dir(front.running.home)
    await until(lambda: busy(folder) and before in front.running.asterisk("dialplan show 740@inbound"), 60)
    await front.controlled()
    apply(front, "again")
    assert [one["outcome"] for one in history(front)][-2:] == ["begun", "served"]
    assert before not in front.running.asterisk("dialplan show 740@inbound")


async def broken_off(front: Front, number: signal.Signals) -> None:
    """Begin an apply whose smoke call nobody takes, and send a signal when Asterisk has its dialplan."""
    before = front.running.edition("shop")
    edit(front, TURNED)
    with controller_standing_still(front):
        places = ["--desks", str(front.running.desks), "--home", str(front.running.home)]
        words = [sys.executable, "-m", "ivr", "apply", "cut off", *places]
        applying = subprocess.Popen(words, cwd=REPO, stdout=DEVNULL, stderr=DEVNULL)
        await until(lambda: before not in front.running.asterisk("dialplan show 740@inbound"), 30)
        applying.send_signal(number)
        await asyncio.sleep(0.3)
    await asyncio.to_thread(applying.wait, 60)
    await front.controlled()


async def test_calls_of_an_apply_that_was_killed_end_in_its_version_and_the_next_apply_brings_all_back(front):
    """Its caller is asked again, without the controller, in its words; and what Asterisk has is no edit by hand."""
    before = front.running.edition("shop")
    await broken_off(front, signal.SIGKILL)
    assert history(front)[-1]["outcome"] == "begun"
    async with front.caller("740", "+79210007431") as call:
        await call.answered()
        await front.noted("+79210007431", "entered")
        edit(front, SHOP)
        done = await asyncio.to_thread(apply, front, "back to work")
        assert "is served" in done.stdout
        assert before in front.running.asterisk("dialplan show 740@inbound")
        front.running.kill("controller", signal.SIGKILL)
        await front.noted("+79210007431", "fallback")
        await asyncio.sleep(0.5)
        await call.press("1")
        assert (await front.noted("+79210007431", "category")).values["category"] == "repair"
    await front.controlled()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
async def test_an_apply_whose_terminal_is_closed_is_taken_back(front, number):
    before = front.running.edition("shop")
    await broken_off(front, number)
    assert [history(front)[-1][key] for key in ("outcome", "fault")] == ["taken back", "It was broken off."]
    assert before in front.running.asterisk("dialplan show 740@inbound")
    edit(front, SHOP)
    assert "Nothing to apply" in apply(front, "nothing").stdout


def test_a_prompt_that_was_recorded_anew_is_a_version_that_can_be_gone_back_from(front):
    before = front.running.edition("shop")
    published = front.running.settings.sounds / "shop/en"
    old = (published / "ask.wav").read_bytes()
    write_sound(front.running.desks / "shop/recorded/en/ask.wav", spoken("another voice"))
    assert "`ask` is spoken anew" in front.running.ivr("plan", "--desks", str(front.running.desks)).stdout
    number = [one["number"] for one in history(front) if one["outcome"] == "served"][-1]
    apply(front, "another voice")
    after = history(front)[-1]["number"]
    assert history(front)[-1]["editions"]["shop"] == front.running.edition("shop") != before
    assert (published / "ask.wav").read_bytes() != old
    assert "`ask` is spoken anew" in front.running.ivr("diff", str(number), str(after)).stdout
    assert front.running.ivr("rollback").returncode == 0
    assert history(front)[-1]["editions"]["shop"] == before
    assert (published / "ask.wav").read_bytes() == old


def test_a_desk_whose_callers_would_wait_longer_than_promised_is_not_applied(front):
    before = history(front)
    edit(front, f"{SHOP}budget: {{time to human: 1s}}\n")
    write_sound(front.running.desks / "shop/recorded/en/ask.wav", spoken("a slow voice", 2.0))
    refused = apply(front, "too soon", code=2)
    assert "is over the budget" in refused.stderr
    assert "--untested" in refused.stderr
    planned = front.running.ivr("plan", "--desks", str(front.running.desks)).stdout
    assert "`ivr apply` will refuse this: shop: the way " in planned
    assert history(front) == before


def of_another_program(front: Front) -> str:
    """Let Asterisk's files be as a program of another version wrote them, and read; return extensions.conf."""
    etc = front.running.settings.asterisk_etc
    plan = etc / "extensions.conf"
    plan.write_text(f"{plan.read_text()}\n[of-another-program]\nexten => s,1,Hangup()\n")
    note_written(etc, [Rendered(file.name, file.read_text()) for file in etc.glob("*.conf")], "another")
    front.running.asterisk("dialplan reload")
    assert "Hangup()" in front.running.asterisk("dialplan show of-another-program")
    return plan.read_text()


def test_asterisk_reads_what_another_program_makes_of_the_desks_that_are_served_already(front):
    of_another_program(front)
    before = history(front)
    planned = front.running.ivr("plan", "--desks", str(front.running.desks), "--files").stdout
    assert "This program makes extensions.conf otherwise than the one that wrote it." in planned
    assert "-[of-another-program]" in planned
    assert "by hand" not in planned
    assert f"Version {before[-1]['number'] + 1} is served" in apply(front, "a new program").stdout
    assert "Hangup()" not in front.running.asterisk("dialplan show of-another-program")
    assert history(front)[-1]["reason"] == "a new program"
    assert history(front)[-1]["editions"]["shop"] == front.running.edition("shop")
    assert "Nothing to apply" in apply(front, "nothing").stdout


async def test_what_another_program_makes_of_them_is_taken_back_when_it_is_not_served(front):
    plan = of_another_program(front)
    with controller_standing_still(front):
        await asyncio.to_thread(apply, front, "bad luck", code=2)
    await front.controlled()
    assert history(front)[-1]["outcome"] == "taken back"
    assert (front.running.settings.asterisk_etc / "extensions.conf").read_text() == plan
    assert "Hangup()" in front.running.asterisk("dialplan show of-another-program")
    apply(front, "again")
    assert "Hangup()" not in front.running.asterisk("dialplan show of-another-program")


async def test_former_versions_stay_while_anybody_calls_and_of_a_quiet_desk_the_last_alone(front):
    first = front.running.edition("shop")
    async with front.caller("740", "+79210007441") as call:
        await call.answered()
        for text in (TURNED, SHOP.replace("Ben", "Bill")):
            edit(front, text)
            await asyncio.to_thread(apply, front, "during a call")
        assert "'arrive'" in front.running.asterisk(f"dialplan show arrive@desk-{first}")
    last = front.running.edition("shop")
    await until(lambda: "0 active channels" in front.running.asterisk("core show channels count"), 30)
    edit(front, SHOP.replace("Ben", "Bob"))
    apply(front, "of a quiet desk")
    assert "'arrive'" not in front.running.asterisk(f"dialplan show arrive@desk-{first}")
    assert "'arrive'" in front.running.asterisk(f"dialplan show arrive@desk-{last}")


def test_rollback_serves_what_was_served_before_with_its_words(front):
    first = front.running.edition("shop")
    edit(front, TURNED)
    apply(front, "turned")
    turned = history(front)[-1]["number"]
    old = next(one["number"] for one in history(front) if one["editions"]["shop"] == first)
    assert "`ask` is to say" in front.running.ivr("diff", str(old), str(turned)).stdout
    assert f"Version {turned + 1} is served" in front.running.ivr("rollback").stdout
    assert first in front.running.asterisk("dialplan show 740@inbound")
    assert (front.running.settings.sounds / "shop").resolve().name == first
    assert front.running.ivr("rollback", str(turned)).stdout.startswith(f"Version {turned + 2} is served")
    assert history(front)[-1]["reason"] == f"back to version {turned}"
    assert "There is no difference" in front.running.ivr("diff", str(turned), str(turned + 2)).stdout
    assert front.running.ivr("rollback", "999", check=False).returncode == 2


def test_an_agent_comes_to_a_line_and_another_leaves_it_without_a_start(front):
    """In a line with a wrap-up, whose members are Asterisk's own, as in one without."""
    edit(front, SHOP.replace("agents: [7401]", "agents: [7401, 7403]").replace("agents: [7402]", "agents: [7403]"))
    apply(front, "Eva helps")
    first, second = (front.running.asterisk(f"queue show shop-{line}") for line in ("first", "second"))
    assert set(re.findall(r"^\s+(74\d\d) ", first, re.MULTILINE)) == {"7401", "7403"}
    assert set(re.findall(r"^\s+(74\d\d) ", second, re.MULTILINE)) == {"7403"}


def test_what_is_applied_twice_is_served_once_and_says_so(front):
    before = history(front)
    assert "Nothing to apply" in apply(front, "nothing").stdout
    assert history(front) == before


def test_nothing_is_called_edited_by_hand_when_the_former_version_is_long_past(front):
    """Asterisk's files go on to hold what they were written with, until there is something to apply."""
    edit(front, TURNED)
    apply(front, "turned")
    file = front.running.home / "versions.jsonl"
    kept = file.read_text()
    lines = [json.loads(line) for line in kept.splitlines()]
    assert lines[-1]["former"]
    file.write_text("".join(json.dumps(line | {"at": line["at"] - 5 * 3600}) + "\n" for line in lines))
    assert "Nothing to apply" in apply(front, "nothing").stdout
    planned = json.loads(front.running.ivr("plan", "--desks", str(front.running.desks), "--json").stdout)
    assert planned["drift"] == {}


def test_files_of_asterisk_that_somebody_edited_are_not_written_over(front):
    file = front.running.settings.asterisk_etc / "queues.conf"
    file.write_text(file.read_text().replace("retry = 1", "retry = 3"))
    edit(front, TURNED)
    done = apply(front, "turned", code=2)
    assert "queues.conf" in done.stderr
    assert "--overwrite" in done.stderr
    assert "retry = 3" in file.read_text()
    apply(front, "turned", "--overwrite")
    assert "retry = 1" in file.read_text()


def test_a_scenario_that_comes_otherwise_keeps_a_version_away(front):
    before = history(front)
    scenario = front.running.desks / "scenarios/shop.yaml"
    scenario.parent.mkdir()
    scenario.write_text('a sale:\n  keys: "1"\n  category: sale\n')
    try:
        edit(front, TURNED)
        done = apply(front, "turned", code=2)
        assert "'a sale' comes otherwise" in done.stderr
        assert history(front) == before
    finally:
        shutil.rmtree(scenario.parent)


def test_a_desk_that_does_not_run_says_so(front, tmp_path):
    other = RunningDesk(tmp_path / "elsewhere", SHIFT, desks=front.running.desks)
    done = other.ivr("apply", "why not", "--desks", str(front.running.desks), check=False)
    assert done.returncode == 2
    assert "Start it" in done.stderr


async def test_f27_an_apply_during_50_calls_a_second_drops_none(front):
    """Callers come every 20 ms for some seconds, across the apply; each is answered and told once."""
    ended: list[str] = []

    async def one(number: int) -> None:
        caller = f"+7921001{number:04}"
        async with front.caller("740", caller) as call:
            await call.answered()
            await asyncio.sleep(2.0)
            assert call.ended is None
        ended.append(caller)

    edit(front, TURNED)
    begin = time.monotonic()
    applying = asyncio.create_task(asyncio.to_thread(apply, front, "in the rush"))
    calls = []
    while not applying.done() or time.monotonic() - begin < 3:
        calls.append(asyncio.create_task(one(len(calls))))
        await asyncio.sleep(0.02)
    await asyncio.gather(applying, *calls)
    versions = set()
    for caller in ended:
        told = await front.told(caller, within=30)
        versions.add(told.call["version"])
    assert len(ended) == len(calls)
    assert len(versions) == 2
