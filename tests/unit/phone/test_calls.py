"""Two telephones of ours with each other, over a line that may lose, repeat and delay datagrams."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager

import numpy as np
import pytest

from ivr.phone import sdp, transactions
from ivr.phone.call import CallOverError
from ivr.phone.phone import Phone
from ivr.phone.sip import Request
from ivr.phone.tones import tone, tone_level
from ivr.phone.udp import Wire


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Repeat soon: the line in these tests is this machine."""
    monkeypatch.setattr(transactions, "T1", 0.05)


@asynccontextmanager
async def pair(on_call):
    async with Phone() as called, Phone(server=called.address) as caller:
        called.on_call = on_call
        yield caller, called


async def take(call):
    call.ring()
    call.answer()
    await call.over()


def names(call):
    return [event.name for event in call.events]


async def test_a_call_rings_is_answered_carries_sound_and_keys_and_ends():
    async with pair(take) as (caller, called):
        call = await caller.call("100", caller="+7921", name='A "B" Я')
        await call.answered()
        call.say(tone(700, 0.5))
        await call.said()
        await call.press("19*#")
        await asyncio.sleep(0.1)
        await call.hang_up()
        (taken,) = called.calls
        assert await taken.over(1)
    assert (taken.caller.user, taken.caller.name) == ("+7921", 'A "B" Я')
    assert [key for _, key in taken.keys] == ["1", "9", "*", "#"]
    heard = taken.heard()
    loud = np.flatnonzero(np.abs(heard.astype(int)) > 300)
    assert tone_level(heard[loud[0] : loud[0] + 3900], 700) > 0.99
    assert [name for name in names(call) if name in {"invited", "ringing", "answered", "ended"}] == [
        "invited", "ringing", "answered", "ended",
    ]  # fmt: skip
    assert (call.ended.by, taken.ended.by) == ("us", "them")
    assert [event.at for event in call.events] == sorted(event.at for event in call.events)


async def test_a_line_that_loses_a_third_of_all_datagrams_still_carries_the_call(monkeypatch):
    chance = random.Random(5)
    send = Wire.send

    def lossy(wire, datagram, to=None):
        if chance.random() > 0.33:
            send(wire, datagram, to)

    monkeypatch.setattr(Wire, "send", lossy)
    async with pair(take) as (caller, called):
        call = await caller.call("100")
        await call.answered()
        await call.hang_up()
        assert await called.calls[0].over(2)
        assert len(called.calls) == 1


async def test_every_datagram_said_three_times_makes_one_call(monkeypatch):
    send = Wire.send

    def stutter(wire, datagram, to=None):
        for _ in range(3):
            send(wire, datagram, to)

    monkeypatch.setattr(Wire, "send", stutter)
    async with pair(take) as (caller, called):
        call = await caller.call("100")
        await call.answered()
        await call.press("5")
        await asyncio.sleep(0.1)
        await call.hang_up()
        assert await called.calls[0].over(1)
        assert len(called.calls) == 1
        assert [key for _, key in called.calls[0].keys] == ["5"]


async def test_a_refusal_tells_its_code_to_who_waits_for_the_answer():
    async def refuse(call):
        call.reject(603)

    async with pair(refuse) as (caller, called):
        call = await caller.call("100")
        with pytest.raises(CallOverError) as failure:
            await call.answered()
        assert failure.value.end.code == 603
        assert called.calls[0].ended.by == "us"


async def test_a_caller_who_gives_up_while_it_rings_is_told_to_the_called_side():
    async def ring(call):
        call.ring()
        await call.over()

    async with pair(ring) as (caller, called):
        call = await caller.call("100")
        await asyncio.sleep(0.1)
        await call.hang_up()
        assert (call.ended.by, call.ended.code) == ("us", 487)
        assert (called.calls[0].ended.by, called.calls[0].ended.code) == ("them", 487)
        with pytest.raises(CallOverError):
            called.calls[0].answer()


async def test_an_answer_that_crosses_the_cancel_is_hung_up_at_once():
    async def answer(call):
        call.ring()
        await asyncio.sleep(0)
        call.answer()
        await call.over()

    async with pair(answer) as (caller, called):
        call = await caller.call("100")
        call._cancelled = True  # the CANCEL is on its way while the 200 comes
        assert await call.over(2)
        assert await called.calls[0].over(2)
    assert call.ended.by == "us"


async def test_an_invite_without_a_description_is_answered_with_our_offer():
    offers = []
    async with Phone() as called:
        called.on_call = take
        done = asyncio.Event()
        wire = Wire(("127.0.0.1", 0), lambda data, *_: (offers.append(data), done.set()))
        invite = Request(
            (
                ("Via", f"SIP/2.0/UDP 127.0.0.1:{wire.port};branch=z9hG4bKx"),
                ("From", "<sip:a@h>;tag=1"),
                ("To", "<sip:b@h>"),
                ("Call-ID", "x"),
                ("CSeq", "1 INVITE"),
                ("Contact", "<sip:a@h>"),
            ),
            method="INVITE",
            uri="sip:b@h",
        )
        wire.send(invite.encode(), called.address)
        while not any(b"200 OK" in offer for offer in offers):
            done.clear()
            async with asyncio.timeout(2):
                await done.wait()
        wire.close()
        (call,) = called.calls
        final = next(offer for offer in offers if b"200 OK" in offer)
        assert sdp.read(final.partition(b"\r\n\r\n")[2]).port == call.media.local.port
        assert not call.media.aimed
        call.abandon()


async def test_a_telephone_nobody_listens_to_is_busy():
    async with Phone() as called, Phone(server=called.address) as caller:
        call = await caller.call("100")
        assert await call.over(2)
        assert call.ended.code == 486


async def test_a_handler_that_fails_does_not_leave_the_caller_ringing():
    async def fail(call):
        call.ring()
        raise RuntimeError("lost")

    async with pair(fail) as (caller, _):
        call = await caller.call("100")
        assert await call.over(2)
        assert call.ended.code == 480


async def test_a_telephone_that_closes_ends_its_calls_and_leaves_no_timer():
    async with Phone() as called:
        called.on_call = take
        async with Phone(server=called.address) as caller:
            call = await caller.call("100")
            await call.answered()
        assert call.ended.by == "us"
        assert await called.calls[0].over(2)
    await asyncio.sleep(0)
    assert [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()] == []


async def test_what_is_no_sip_is_dropped_and_stray_requests_are_answered_plainly():
    answers = asyncio.Queue()
    async with Phone() as phone:
        wire = Wire(("127.0.0.1", 0), lambda data, *_: answers.put_nowait(data))
        for junk in (b"", b"\r\n\r\n", b"\x00" * 50, b"INVITE"):
            wire.send(junk, phone.address)
        for number, (method, tag) in enumerate([("OPTIONS", ""), ("BYE", ";tag=x"), ("CANCEL", ""), ("PUBLISH", "")]):
            headers = (
                ("Via", f"SIP/2.0/UDP 127.0.0.1:{wire.port};branch=z9hG4bK{number}"),
                ("From", "<sip:a@h>;tag=1"),
                ("To", f"<sip:b@h>{tag}"),
                ("Call-ID", "x"),
                ("CSeq", f"1 {method}"),
            )
            wire.send(Request(headers, method=method, uri="sip:b@h").encode(), phone.address)
        async with asyncio.timeout(2):
            codes = [(await answers.get()).split()[1] for _ in range(4)]
        wire.close()
    assert codes == [b"200", b"481", b"481", b"405"]
