"""The menu on real calls: silence, wrong keys, keys of two digits, `*` and `#`, and keys that come wildly (B4)."""

from __future__ import annotations

import asyncio

import pytest

from ivr.phone import rtp
from ivr.phone.outgoing import OutgoingCall
from tests.asterisk.front import Front, Scenes, Told

pytestmark = pytest.mark.asterisk

FRAME = 0.02
scenes = Scenes({})


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front)


async def to_the_end(front: Front, desk: str, call: OutgoingCall, caller: str) -> tuple[Told, list[str]]:
    """Wait until the desk hangs up; return the call and the prompts that were heard."""
    assert await call.over(25)
    heard = await asyncio.to_thread(front.running.recognise, call.heard(), desk, "en")
    return await front.told(caller), [prompt.prompt + (" cut" if prompt.cut else "") for prompt in heard]


def answered(told: Told) -> tuple[str, list[dict[str, str]]]:
    """Return the category and the keys that the menu took."""
    assert told.legs == ["ivr: goodbye"]
    assert told.outcome == "goodbye"
    return told.call["category"], told.facts("key")


def key(pressed: str) -> list[dict[str, str]]:
    return [{"node": "pick", "key": pressed}]


def presses(caller: str, keys: str, *, after: float = 0.1):
    """Return a scene in which somebody presses keys so long after the first sound."""

    async def scene(front):
        async with front.caller("540", caller) as call:
            await asyncio.sleep(after)
            await call.press(keys)
            return await to_the_end(front, "keys", call, caller)

    return scenes(scene)


@scenes
async def says_nothing(front):
    async with front.caller("540", "+79210000901") as call:
        assert await call.over(25)
        heard = await asyncio.to_thread(front.running.recognise, call.heard(), "keys", "en")
        return await front.told("+79210000901"), heard


def test_a_caller_who_presses_nothing_hears_the_menu_twice_and_goes_the_way_of_no_answer(played):
    told, heard = played(says_nothing)
    assert [prompt.prompt for prompt in heard] == ["hello", "pick", "pick", "bye"]
    assert told.facts("silent") == [{"node": "pick"}, {"node": "pick"}]
    assert answered(told) == ("none", [])
    (question,) = told.facts("question")
    assert int(question["after"]) / 1000 == pytest.approx(heard[1].began - heard[0].began, abs=0.1)


@scenes
async def presses_a_wrong_key(front):
    async with front.caller("540", "+79210000902") as call:
        await asyncio.sleep(1.0)
        await call.press("7")
        await front.noted("+79210000902", "wrong")
        await asyncio.sleep(1.0)  # he hears the text for wrong keys, also on a busy machine
        await call.press("2")
        return await to_the_end(front, "keys", call, "+79210000902")


def test_a_wrong_key_is_told_so_and_asked_again(played):
    told, heard = played(presses_a_wrong_key)
    assert told.facts("wrong") == [{"node": "pick", "key": "7"}]
    assert answered(told) == ("two", key("2"))
    assert "wrong-key" in " ".join(heard)


@scenes
async def presses_wrong_keys_only(front):
    async with front.caller("540", "+79210000903") as call:
        await call.press("7")
        await front.noted("+79210000903", "wrong")
        await asyncio.sleep(0.3)
        await call.press("8")
        return await to_the_end(front, "keys", call, "+79210000903")


def test_who_presses_wrong_keys_only_goes_the_way_of_no_answer_after_the_last_try(played):
    told, _ = played(presses_wrong_keys_only)
    assert [fact["key"] for fact in told.facts("wrong")] == ["7", "8"]
    assert answered(told) == ("none", [])


@scenes
async def presses_a_wrong_key_where_nothing_is_said(front):
    async with front.caller("550", "+79210000904") as call:
        await asyncio.sleep(0.2)
        await call.press("7")
        await front.noted("+79210000904", "wrong")
        await asyncio.sleep(0.3)
        await call.press("1")
        return await to_the_end(front, "plainkeys", call, "+79210000904")


def test_a_desk_without_a_text_for_wrong_keys_asks_again_without_a_word(played):
    told, heard = played(presses_a_wrong_key_where_nothing_is_said)
    assert answered(told) == ("one", key("1"))
    assert told.facts("wrong") == [{"node": "pick", "key": "7"}]
    assert {prompt.removesuffix(" cut") for prompt in heard} == {"pick"}


in_the_informer = presses("+79210000905", "2", after=0.1)


def test_b4_a_key_pressed_in_the_informer_cuts_it_and_counts_for_the_menu_after_it(played):
    told, heard = played(in_the_informer)
    assert answered(told) == ("two", key("2"))
    assert "pick" not in heard
    assert heard[-1] == "bye"


two_digits = presses("+79210000906", "31", after=1.2)


def test_a_key_of_two_digits_is_one_key(played):
    told, _ = played(two_digits)
    assert answered(told) == ("many", key("31"))


@scenes
async def presses_half_a_key(front):
    async with front.caller("540", "+79210000907") as call:
        await call.press("3")
        await front.noted("+79210000907", "wrong")
        await asyncio.sleep(0.3)
        await call.press("1")
        return await to_the_end(front, "keys", call, "+79210000907")


def test_half_of_a_key_of_two_digits_is_a_wrong_key(played):
    told, _ = played(presses_half_a_key)
    assert told.facts("wrong") == [{"node": "pick", "key": "3"}]
    assert answered(told) == ("one", key("1"))


star = presses("+79210000908", "*", after=1.2)
pound = presses("+79210000909", "#", after=1.2)


@pytest.mark.parametrize(("scene", "category", "pressed"), [(star, "star", "*"), (pound, "pound", "#")])
def test_star_and_pound_are_keys_like_others(played, scene, category, pressed):
    told, _ = played(scene)
    assert answered(told) == (category, key(pressed))


pound_alone = presses("+79210000914", "#", after=3.2)


def test_pound_is_a_key_too_where_the_menu_is_asked_again_alone(played):
    told, _ = played(pound_alone)
    assert told.facts("silent") == [{"node": "pick"}]
    assert answered(told) == ("pound", key("#"))


flood = presses("+79210000910", "2" * 15)


def test_b4_a_flood_of_one_key_goes_its_way_once(played):
    told, _ = played(flood)
    assert answered(told) == ("two", key("2"))
    assert told.names().count("category") == 1


different_flood = presses("+79210000911", "1" + "2" * 10)


def test_b4_the_first_of_many_different_keys_decides(played):
    told, _ = played(different_flood)
    assert answered(told) == ("one", key("1"))


@scenes
async def short_key(front):
    """Send a key of 40 ms, as some telephones do: two frames and the end."""
    async with front.caller("540", "+79210000912") as call:
        await asyncio.sleep(0.3)
        await send(call, 2, frames=2)
        return await to_the_end(front, "keys", call, "+79210000912")


def test_b4_a_key_of_forty_milliseconds_is_heard(played):
    told, _ = played(short_key)
    assert answered(told) == ("two", key("2"))


@scenes
async def doubled_packets(front):
    """Send every packet of the key twice, as a network that repeats, and its end six times."""
    async with front.caller("540", "+79210000913") as call:
        await asyncio.sleep(0.3)
        await send(call, 1, frames=5, copies=2)
        return await to_the_end(front, "keys", call, "+79210000913")


def test_b4_a_key_whose_packets_come_twice_is_pressed_once(played):
    told, _ = played(doubled_packets)
    assert answered(told) == ("one", key("1"))
    assert told.facts("wrong") == []


async def send(call: OutgoingCall, digit: int, *, frames: int, copies: int = 1) -> None:
    """Send one telephone event packet by packet, between the frames of our silence."""
    media = call.media
    timestamp, lasts = media._timestamp, 0
    for frame in range(frames + 1):
        last = frame == frames
        lasts += 0 if last else rtp.FRAME
        payload = bytes([digit, (0x80 if last else 0) | 10, *lasts.to_bytes(2, "big")])
        for _ in range(copies * (3 if last else 1)):
            media._send(media._remote.events, timestamp, payload, marker=frame == 0)
        await asyncio.sleep(FRAME)
