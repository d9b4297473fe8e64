"""Promises to call back, and what else happens to their customers meanwhile, on a real Asterisk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from ivr.phone.call import CallOverError
from ivr.phone.incoming import IncomingCall
from ivr.phone.phone import Phone
from ivr.phone.tones import tone
from tests.asterisk.front import Front, Scenes, Told
from tests.running import CALLER_HZ, WORKER, RunningDesk, desk_folder, eventually

pytestmark = pytest.mark.asterisk

PROMISES = """
desk: prom
numbers: ["790"]
language: en
recording: {notice: never}
agents: {791: Ann, 792: Bob, 793: Cid, 794: Dan, 795: Eva, 796: Fay, 797: Gus, 798: Hal, 799: Ida}
categories: {sale: sale}
outbound: {allow: ["+7921", "8"], caller id: "790", agents: [795], ring: 5s}
callback: {within: 15m, tries: 2, again after: 1m, most: 9}
lines:
  sent: {agents: [791], ring: 8s, wait: 3m, callback: true}
  own: {agents: [792], ring: 8s, wait: 3m, callback: true, own agent first: true}
  twice: {agents: [793], ring: 8s, wait: 3m, callback: true}
  whispers: {agents: [794], ring: 8s, wait: 3m, callback: true, whisper: true}
  hello: {agents: [797], ring: 8s, wait: 3m, callback: true}
  strange: {agents: [798], ring: 8s, wait: 3m, callback: true}
  both: {agents: [799], ring: 8s, wait: 3m, callback: true}
  colleague: {agents: [795, 796], ring: 8s, wait: 3m}
flow:
  pick:
    menu: "Which?"
    1: {category: sale, then: sent}
    2: own
    3: twice
    4: whispers
    5: hello
    6: colleague
    7: strange
    8: both
    no answer: sent
"""
ALSO = """
desk: also
numbers: ["760"]
language: en
agents: {761: Jan}
categories: {sale: sale}
outbound: {allow: ["+7921"], caller id: "760", ring: 5s}
lines:
  both: {agents: [761], ring: 8s, wait: 3m, callback: true}
flow:
  pick: {menu: "Which?", 1: {category: sale, then: both}, no answer: both}
"""
SHIFT = 9100 + 10 * WORKER
PROVIDER = 5060 + SHIFT + 3
STAFF = {agent: {"ring": 0.2} for agent in ("761", *(f"79{n}" for n in range(1, 10)))}
scenes = Scenes(STAFF)


@dataclass
class World:
    """Everybody outside: how often each number was rung."""

    calls: dict[str, list[IncomingCall]] = field(default_factory=dict)

    async def take(self, call: IncomingCall) -> None:
        """Answer."""
        number = call.events[0].detail.removeprefix("sip:").partition("@")[0]
        self.calls.setdefault(number, []).append(call)
        call.ring()
        await asyncio.sleep(0.5)
        call.answer()
        call.say(tone(CALLER_HZ, 30))
        await asyncio.sleep(9)
        with suppress(CallOverError):
            await call.hang_up()


WORLD = World()


@asynccontextmanager
async def outside() -> AsyncIterator[None]:
    async with Phone(port=PROVIDER, user="provider") as provider:
        provider.on_call = WORLD.take
        yield


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """Run a desk whose lines call back."""
    place = tmp_path_factory.mktemp("prom")
    desks = desk_folder(place / "desks", {"prom": PROMISES, "also": ALSO})
    front = Front(RunningDesk(place / "home", SHIFT, desks=desks, provider=f"127.0.0.1:{PROVIDER}").start())
    try:
        yield front
    finally:
        front.close()
        assert front.running.stop() == 0, front.running.output.read_text()


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front, outside())


def promised(
    front: Front, number: str, line: str, *, rests: int, stands: bool = True, desk: str = "prom", record: str = "1"
) -> None:
    """Promise a customer a call, no sooner than in so many seconds; `stands`: his placeholder is there."""
    now = int(time.time())
    front.console(
        f"database put callback {desk}/{number} {now}:{now + 900}:0:{now + rests}:{number}:{line}:en:::0::{record}"
    )
    if stands:
        stand(front, number, desk)


def stand(front: Front, number: str, desk: str = "prom") -> None:
    """Place a placeholder, as the dialplan does."""
    front.console(f"channel originate Local/{number}@hold-{desk}/n extension {number}@wait-{desk}")


def promise(front: Front, number: str) -> str:
    """Return what stands in the database; empty when there is nothing."""
    said = front.console(f"database get callback prom/{number}")
    return said.partition("Value: ")[2].strip()


@scenes
async def somebody_is_sent_to_a_colleague(front: Front):
    customer = "+79210007911"
    promised(front, customer, "sent", rests=30)
    async with front.waiting("790", customer, "1"):
        await front.talking("791")
        assert await front.agents["791"].calls[-1].transfer("796") == 202
        await front.talking("796")
        await asyncio.sleep(6)
    await asyncio.sleep(3)
    left = promise(front, customer)
    await asyncio.sleep(30)
    return left, len(WORLD.calls.get(customer, ()))


def test_who_was_talked_with_and_sent_to_a_colleague_is_not_called_back(played):
    assert played(somebody_is_sent_to_a_colleague) == ("", 0)


@scenes
async def his_own_agent_talks_with_him(front: Front):
    customer = "+79210007921"
    async with front.waiting("790", customer, "2"):
        await front.talking("792")
        await asyncio.sleep(7)
    await front.told(customer)
    promised(front, customer, "own", rests=40)
    async with front.waiting("790", customer, "2"):
        await asyncio.sleep(2)
        await front.talking("792")
        await asyncio.sleep(7)
    await asyncio.sleep(3)
    left = promise(front, customer)
    await asyncio.sleep(35)
    return left, len(WORLD.calls.get(customer, ()))


def test_who_was_talked_with_by_his_own_agent_is_not_called_back(played):
    assert played(his_own_agent_talks_with_him) == ("", 0)


@scenes
async def two_placeholders_of_one_customer(front: Front):
    """Both come out of their rest in the same moment; a third one comes when one stands in the line."""
    first, customer = "+79210007930", "+79210007931"
    async with front.waiting("790", first, "3"):
        await front.talking("793")
        promised(front, customer, "twice", rests=6)
        stand(front, customer)
        await asyncio.sleep(12)
        stand(front, customer)
        await asyncio.sleep(20)
        made = sum(f"number={customer}&" in r.extra for r in front.records() if "placeholder?" in r.extra)
        left = front.console("core show channels concise").count(f"Local/{customer}@hold-")
        waits = front.console("queue show prom-twice").count(f"Local/{customer}@hold-")
    await eventually(lambda: WORLD.calls.get(customer), 20)
    await asyncio.sleep(10)
    whispered = front.running.recognise(front.agents["793"].calls[-1].heard(), "prom", "en")
    return (made, left, waits, len(WORLD.calls[customer])), [one.prompt for one in whispered]


def test_of_two_placeholders_of_one_customer_one_stays_and_he_is_called_once(played):
    assert played(two_placeholders_of_one_customer)[0] == (3, 2, 1, 1)


def test_the_agent_hears_how_long_the_customer_has_waited_since_he_pressed_the_key(played):
    assert played(two_placeholders_of_one_customer)[1][:2] == ["whisper.callback", "whisper.waited.30"]


@scenes
async def two_desks_call_him_back(front: Front):
    customer = "+79210007990"
    promised(front, customer, "both", rests=0)
    first = (await eventually(lambda: WORLD.calls.get(customer), 20))[0]
    promised(front, customer, "both", rests=0, desk="also")
    await eventually(lambda: WORLD.calls[customer][1:], 40)
    over = first.ended is not None
    await asyncio.sleep(10)
    return over


def test_a_second_desk_calls_a_customer_back_when_the_first_one_has_done_so(played):
    assert played(two_desks_call_him_back)


async def presses(front: Front, caller: str, key: str) -> bool:
    """Call, wait in a line, press the callback's key; say whether it was promised: then the desk hangs up."""
    async with front.waiting("790", caller, key, listens=0.5) as call:
        await call.press("0")
        await asyncio.sleep(5)
        return call.ended is not None


@scenes
async def strange_numbers(front: Front):
    too_long, abroad = "+7921" + "1" * 24, "81049301234567"
    async with front.waiting("790", "+79210007940", "7"):
        await front.talking("798")
        strange = [await presses(front, number, "7") for number in (too_long, abroad)]
        assert await presses(front, "+79210007942", "7")
        recorded = promise(front, "+79210007942").split(":")[11]
        front.console("database del callback prom/+79210007942")
    return strange, recorded


def test_nobody_is_promised_a_call_to_a_number_that_is_too_long_or_abroad_unless_outbound_says_so(played):
    assert played(strange_numbers)[0] == [False, False]


def test_a_promise_says_whether_its_line_recorded(played):
    assert played(strange_numbers)[1] == "1"


@scenes
async def somebody_who_was_told_of_no_recording(front: Front):
    customer = "+79210007943"
    promised(front, customer, "strange", rests=45, record="0")
    await eventually(lambda: WORLD.calls.get(customer), 70)

    def ended() -> list[str]:
        return [row["id"] for row in front.rows() if row["number"] == customer and row["ended_at"]]

    (call,) = await eventually(ended, 30)
    return Told(front.story(call))


def test_who_was_told_of_no_recording_when_he_waited_is_not_recorded_when_he_is_called_back(played):
    told = played(somebody_who_was_told_of_no_recording)
    assert told.outcome == "answered"
    assert told.facts("recording") == []


@scenes
async def a_promise_without_a_placeholder(front: Front):
    first, customer = "+79210007950", "+79210007951"
    async with front.waiting("790", first, "5"):
        await front.talking("797")
        promised(front, customer, "hello", rests=0, stands=False)
        assert await presses(front, customer, "5")
    call = (await eventually(lambda: WORLD.calls.get(customer), 20))[0]
    await eventually(lambda: call.answered_at is not None)
    await asyncio.sleep(0.2)
    await front.agents["797"].calls[-1].hang_up()
    await asyncio.sleep(4)
    left = promise(front, customer)
    stands = f"Local/{customer}@hold-" in front.console("core show channels concise")
    front.console(f"database del callback prom/{customer}")
    await asyncio.sleep(6)
    return left.split(":")[2:3], stands


def test_who_presses_the_key_again_is_called_back_though_his_placeholder_was_lost(played):
    played(a_promise_without_a_placeholder)


def test_a_promise_stands_when_the_agent_hangs_up_before_the_customer_has_heard_him(played):
    assert played(a_promise_without_a_placeholder) == (["1"], True)


@scenes
async def an_agent_calls_him_by_hand(front: Front):
    customer = "+79210007961"
    promised(front, customer, "colleague", rests=30)
    call = await front.agents["795"].phone.call(customer)
    await call.answered()
    await asyncio.sleep(8)
    await call.hang_up()
    await asyncio.sleep(2)
    left = promise(front, customer)
    await asyncio.sleep(30)
    return left, len(WORLD.calls.get(customer, ()))


def test_whom_an_agent_has_called_himself_is_not_called_back(played):
    assert played(an_agent_calls_him_by_hand) == ("", 1)


@scenes
async def he_hangs_up_in_the_whisper(front: Front):
    customer = "+79210007941"
    promised(front, customer, "whispers", rests=40)
    async with front.waiting("790", customer, "4", listens=0):
        await front.offered("794")
        await front.noted(customer, "whisper")
    await asyncio.sleep(6)
    left = promise(front, customer)
    front.console(f"database del callback prom/{customer}")
    return left


def test_who_hangs_up_while_the_agent_hears_the_whisper_is_still_called_back(played):
    assert played(he_hangs_up_in_the_whisper) != ""


def test_an_apply_gives_every_promise_its_placeholder_again(front, played):
    """A desk that had no callbacks for longer than a call may last has promises without one."""
    played(strange_numbers)
    customer = "+79210007971"
    promised(front, customer, "twice", rests=600, stands=False)
    desk = front.running.desks / "prom.yaml"
    desk.write_text(desk.read_text().replace("most: 9", "most: 8"))
    done = front.running.ivr("apply", "a change", "--desks", str(front.running.desks), check=False)
    assert done.returncode == 0, done.stdout + done.stderr

    async def scene() -> None:
        await eventually(lambda: f"Local/{customer}@hold-" in front.console("core show channels concise"), 10)
        front.console(f"database del callback prom/{customer}")
        await front.silent()

    asyncio.run(scene())
