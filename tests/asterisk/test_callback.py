"""Callers who would rather be called back, on a real Asterisk; a telephone of ours plays the world outside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from ivr.phone.incoming import IncomingCall
from ivr.phone.phone import Phone
from ivr.phone.tones import tone, tone_level
from tests.asterisk.front import Front, Scenes, Told
from tests.running import AGENT_HZ, CALLER_HZ, WORKER, RunningDesk, desk_folder, eventually

pytestmark = pytest.mark.asterisk

BACK = """
desk: back
numbers: ["780", "+78125550180"]
languages: [en, ru]
recording: {notice: never}
agents: {781: Ann, 782: Bob, 783: Cid, 784: Dan, 785: Eva}
categories: {sale: {en: a sale, ru: покупка}}
outbound: {allow: ["+7921"], caller id: "+78125550180", agents: [785], ring: 5s}
callback: {within: 15m, tries: 2, again after: 1m}
lines:
  place: {agents: [781], ring: 8s, wait: 3m, callback: true, tells: [place]}
  vain: {agents: [782], ring: 8s, wait: 3m, callback: true}
  himself: {agents: [783], ring: 8s, wait: 3m, callback: true}
  stays: {agents: [784], ring: 8s, wait: 3m, callback: true, record: false}
flow:
  pick:
    menu: {en: "Which?", ru: "Куда?"}
    1: {category: sale, then: place}
    2: {language: ru, then: vain}
    3: himself
    4: stays
    no answer: place
"""
SHIFT = 7400 + 10 * WORKER
PROVIDER = 5060 + SHIFT + 3
STAFF = {f"78{n}": {"ring": 0.2} for n in range(1, 6)}
scenes = Scenes(STAFF)


@dataclass
class World:
    """Everybody outside: how often each number was rung, and what was heard there."""

    busy: set[str] = field(default_factory=set)
    calls: dict[str, list[IncomingCall]] = field(default_factory=dict)

    async def take(self, call: IncomingCall) -> None:
        """Answer, unless the number is busy."""
        number = call.events[0].detail.removeprefix("sip:").partition("@")[0]
        self.calls.setdefault(number, []).append(call)
        if number in self.busy:
            return call.reject(486)
        call.ring()
        await asyncio.sleep(0.5)
        call.answer()
        call.say(tone(CALLER_HZ, 30))
        return None


WORLD = World()


@asynccontextmanager
async def outside() -> AsyncIterator[None]:
    async with Phone(port=PROVIDER, user="provider") as provider:
        provider.on_call = WORLD.take
        yield


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """Run a desk whose lines call back."""
    place = tmp_path_factory.mktemp("back")
    desks = desk_folder(place / "desks", {"back": BACK})
    front = Front(RunningDesk(place / "home", SHIFT, desks=desks, provider=f"127.0.0.1:{PROVIDER}").start())
    try:
        yield front
    finally:
        front.close()
        assert front.running.stop() == 0, front.running.output.read_text()


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front, outside())


def callbacks(front: Front, number: str) -> list[Told]:
    """Return the ended calls of the desk to a number, the oldest first."""
    rows = [row for row in front.rows() if row["number"] == number and row["direction"] == "out" and row["ended_at"]]
    return [Told(front.story(row["id"])) for row in reversed(rows)]


async def called_back(front: Front, number: str, *, times: int = 1) -> Told:
    """Wait until the desk has called a number so often; return the last of these calls."""
    return (await eventually(lambda: callbacks(front, number)[times - 1 :], 20))[0]


async def presses(front: Front, caller: str, key: str, *, listens: float = 0.5) -> list[str]:
    """Call, wait in a line, press the callback's key; return what was heard."""
    async with front.waiting("780", caller, key, listens=listens) as call:
        await call.press("0")
        await eventually(lambda: call.ended is not None, 15)
        return [one.prompt for one in front.running.recognise(call.heard(), "back", "ru" if key == "2" else "en")]


async def waits_for_a_talk(front: Front, caller: str, key: str, *, presses: str = "") -> None:
    """Call, and stay until somebody has talked with him."""
    async with front.waiting("780", caller, key, listens=0.5) as call:
        if presses:
            await call.press(presses)
        await eventually(lambda: (now := front.now(caller)) and now.connected_at, 40)
        await asyncio.sleep(1)


@scenes
async def the_middle_one_of_three_is_called_back(front: Front):
    first, second, third = (f"+7921000780{n}" for n in (1, 2, 3))

    async def waits() -> None:
        async with front.waiting("780", third, "1", listens=0.1):
            await eventually(lambda: (now := front.now(third)) and now.connected_at, 40)
            await asyncio.sleep(0.5)

    async with front.waiting("780", first, "1"):
        await front.talking("781")
        heard = await presses(front, second, "1", listens=3.5)
        third_waits = asyncio.create_task(waits())
        await front.noted(third, "told")
    call = (await eventually(lambda: WORLD.calls.get(second), 20))[0]
    agent = front.agents["781"].calls[-1]
    await eventually(lambda: call.answered_at is not None)
    await asyncio.sleep(3)
    await call.hang_up()
    await third_waits
    back = await called_back(front, second)
    return heard, call.heard(), agent.heard(), await front.told(second), await front.told(third), back


def test_who_waits_hears_his_place_and_that_he_may_be_called_back_and_is_promised_it(played):
    heard, *_, promised, _, _ = played(the_middle_one_of_three_is_called_back)
    assert heard == ["place.1", "callback.offer.0", "callback.within.15"]
    assert promised.legs == ["ivr: handed over", "queue place: callback"]
    assert promised.outcome == "to be called back"
    [fact] = promised.facts("callback")
    assert (fact["number"], fact["line"]) == ("+79210007802", "place")


def test_who_is_called_back_keeps_his_place_in_the_line(played):
    *_, third, back = played(the_middle_one_of_three_is_called_back)
    assert third.facts("told") == [{"place": "2", "minutes": ""}]
    assert back.call["connected_at"] < third.call["connected_at"]


def test_the_agent_hears_that_he_calls_back_and_whom_and_the_customer_a_greeting_and_then_the_agent(front, played):
    _, customer, agent, *_, back = played(the_middle_one_of_three_is_called_back)
    assert [one.prompt for one in front.running.recognise(agent, "back", "en")][:2] == [
        "whisper.callback",
        "whisper.category.sale",
    ]
    assert [one.prompt for one in front.running.recognise(customer, "back", "en")] == ["callback.hello"]
    assert tone_level(customer[-8000:], AGENT_HZ) > tone_level(customer[-8000:], CALLER_HZ)
    assert tone_level(agent[-8000:], CALLER_HZ) > tone_level(agent[-8000:], AGENT_HZ)
    assert back.legs == [
        "callback place: answered", "offer place 781: answered", "offer: answered", "talk place 781: outside hung up",
    ]  # fmt: skip


def test_a_callback_is_a_call_to_outside_of_the_agent_who_took_it_with_the_category_of_the_promise(played):
    *_, promised, _, back = played(the_middle_one_of_three_is_called_back)
    told = {name: back.call[name] for name in ("direction", "desk", "number", "agent", "category", "outcome")}
    assert told == {
        "direction": "out", "desk": "back", "number": "+79210007802", "agent": "781", "category": "sale",
        "outcome": "answered",
    }  # fmt: skip
    [fact] = back.facts("placeholder")
    assert fact["promised"] == promised.call["id"]
    assert fact["until"] == promised.facts("callback")[0]["until"]


def test_a_callback_is_recorded_as_its_line_says(played):
    *_, back = played(the_middle_one_of_three_is_called_back)
    assert [leg["recording"] != "" for leg in back.story.legs if leg["kind"] == "talk"] == [True]


def hurry(front: Front, customer: str) -> float:
    """Let the next try come at once; return how many seconds it would have waited."""
    told = front.console(f"database get callback back/{customer}")
    parts = told.partition("Value: ")[2].strip().split(":")
    rest = int(parts[3]) - time.time()
    front.console(f"database put callback back/{customer} {':'.join([*parts[:3], '0', *parts[4:]])}")
    return rest


@scenes
async def two_are_busy_when_they_are_called_back(front: Front):
    """One of them the first time, the other always."""
    first, once, always = (f"+7921000782{n}" for n in (1, 2, 3))
    WORLD.busy |= {once, always}
    async with front.waiting("780", first, "2"):
        await front.talking("782")
        heard = [await presses(front, number, "2", listens=3.5) for number in (once, always)]
    await eventually(lambda: len(WORLD.calls.get(once, ())) == 1, 20)
    WORLD.busy.remove(once)
    unreached = front.agents["782"].calls[-1]
    await eventually(lambda: len(WORLD.calls.get(always, ())) == 1, 20)
    rests = [hurry(front, customer) for customer in (once, always)]
    call = await eventually(lambda: WORLD.calls[once][1:], 30)
    await eventually(lambda: call[0].answered_at is not None)
    await asyncio.sleep(7)  # a shorter talk settles nothing
    await front.agents["782"].calls[-1].hang_up()
    await eventually(lambda: len(WORLD.calls.get(always, ())) == 2, 30)
    for number in (once, always):
        await called_back(front, number, times=2)
    await asyncio.sleep(8)
    tries = [callbacks(front, number) for number in (once, always)]
    return heard, unreached.heard(), call[0].heard(), rests, tries


def test_the_promise_and_the_greeting_are_in_the_customers_language(front, played):
    heard, _, customer, *_ = played(two_are_busy_when_they_are_called_back)
    assert [one[-1] for one in heard] == ["callback.within.15"] * 2
    assert [one.prompt for one in front.running.recognise(customer, "back", "ru")] == ["callback.hello"]


def test_the_agent_hears_that_nobody_answers(front, played):
    _, agent, *_ = played(two_are_busy_when_they_are_called_back)
    assert [one.prompt for one in front.running.recognise(agent, "back", "en")][-1] == "whisper.unreached"


def test_who_does_not_answer_is_called_once_more_later_and_then_no_more(played):
    *_, rests, (once, always) = played(two_are_busy_when_they_are_called_back)
    assert [[leg for leg in told.legs if leg.startswith(("offer:", "talk"))] for told in once] == [
        ["offer: busy"], ["offer: answered", "talk vain 782: agent hung up"],
    ]  # fmt: skip
    assert [[leg for leg in told.legs if leg.startswith(("offer:", "talk"))] for told in always] == [
        ["offer: busy"], ["offer: busy"],
    ]  # fmt: skip
    assert all(told.legs[0] == "callback vain: answered" for told in (*once, *always))
    assert all(50 < rest <= 60 for rest in rests), rests


def test_who_was_never_reached_is_still_owed_a_talk_and_the_other_is_not(front, played):
    played(two_are_busy_when_they_are_called_back)
    owed = front.debts()
    assert owed["+79210007823"] == 2
    assert "+79210007822" not in owed


@scenes
async def somebody_calls_again_before_he_is_called_back(front: Front):
    first, eager = (f"+7921000783{n}" for n in (1, 2))
    async with front.waiting("780", first, "3"):
        await front.talking("783")
        await presses(front, eager, "3")
        again = asyncio.create_task(waits_for_a_talk(front, eager, "3"))
        await front.noted(eager, "line")
        await asyncio.sleep(1.5)  # his placeholder leaves the line
    await again
    await asyncio.sleep(8)
    rows = [row for row in front.rows() if "7832" in (row["number"] + row["caller"])]
    return [Told(front.story(row["id"])) for row in reversed(rows)], WORLD.calls.get(eager)


def test_who_was_talked_with_before_is_not_called_back(played):
    calls, rung = played(somebody_calls_again_before_he_is_called_back)
    assert rung is None
    assert [told.call["outcome"] for told in calls] == ["to be called back", "no talk", "answered"]
    assert calls[1].legs == ["callback himself: withdrawn"]


@scenes
async def a_foreigner_and_somebody_who_presses_twice(front: Front):
    first, foreigner, twice = "+79210007841", "+4930000784", "+79210007842"
    async with front.waiting("780", first, "4"):
        await front.talking("784")
        stays = asyncio.create_task(waits_for_a_talk(front, foreigner, "4", presses="0"))
        await front.noted(foreigner, "line")
        heard = [await presses(front, spelling, "4", listens=3.5) for spelling in ("89210007842", twice)]
    await stays
    call = (await eventually(lambda: WORLD.calls.get(twice), 30))[0]
    await eventually(lambda: call.answered_at is not None)
    await asyncio.sleep(2)
    assert await front.agents["784"].calls[-1].transfer("785") == 202
    await front.talking("785")
    await asyncio.sleep(1)
    await front.agents["785"].calls[-1].hang_up()
    back = await called_back(front, twice)
    await asyncio.sleep(8)
    return heard, await front.told(foreigner), back, len(WORLD.calls[twice])


def test_who_may_not_be_called_back_keeps_his_place_when_he_presses_the_key(played):
    _, foreigner, back, _ = played(a_foreigner_and_somebody_who_presses_twice)
    assert foreigner.legs == [
        "ivr: handed over", "queue stays: answered", "offer stays 784: answered", "talk stays 784: caller hung up",
    ]  # fmt: skip
    assert foreigner.call["connected_at"] < back.call["connected_at"]


def test_who_presses_it_in_two_calls_is_promised_it_twice_and_called_once_however_his_number_is_sent(played):
    heard, *_, rung = played(a_foreigner_and_somebody_who_presses_twice)
    assert [one[-1] for one in heard] == ["callback.within.15"] * 2
    assert rung == 1


def test_the_agent_may_send_the_customer_to_a_colleague(played):
    _, _, back, _ = played(a_foreigner_and_somebody_who_presses_twice)
    assert [leg for leg in back.legs if leg.startswith(("talk", "transfer"))] == [
        "talk stays 784: transferred", "transfer 784: answered", "talk 785: agent hung up",
    ]  # fmt: skip


def test_on_a_line_that_does_not_record_a_callback_is_not_recorded(played):
    _, _, back, _ = played(a_foreigner_and_somebody_who_presses_twice)
    assert back.facts("recording") == []


async def rung(number: str, *, within: float = 40) -> IncomingCall:
    """Wait until a number has been rung, and has answered; return that call."""
    call = (await eventually(lambda: WORLD.calls.get(number), within))[0]
    await eventually(lambda: call.answered_at is not None)
    return call


def test_promises_outlive_a_kill_and_a_stop_of_asterisk_each_is_kept_once_and_the_older_one_first(front):
    """Ctrl-C waits for a talk, and for no promise."""

    async def scene() -> None:
        first, older, newer = (f"+7921000788{n}" for n in (1, 2, 3))
        async with outside(), front.staff({"781": STAFF["781"]}):
            async with front.waiting("780", first, "1"):
                await front.talking("781")
                for customer in (older, newer):
                    await presses(front, customer, "1")
                await asyncio.sleep(1.5)  # Asterisk writes its database once a second
                front.running.kill("asterisk")
            call = await rung(older)
            stopping = asyncio.create_task(asyncio.to_thread(front.running.stop))
            await asyncio.sleep(3)
            assert not stopping.done()
            await call.hang_up()
            assert await stopping == 0
            assert newer not in WORLD.calls
            await asyncio.to_thread(front.running.start)
            call = await rung(newer)
            await asyncio.sleep(1)
            await call.hang_up()
            await asyncio.sleep(8)
            assert [len(WORLD.calls[customer]) for customer in (older, newer)] == [1, 1]
            backs = [await called_back(front, customer) for customer in (older, newer)]
            assert all(told.legs[0] == "callback place: answered" for told in backs)
            await front.silent()
            assert not [row for row in front.rows() if row["ended_at"] is None]

    asyncio.run(scene())
