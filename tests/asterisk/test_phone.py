"""The telephone against a real Asterisk: what it says, hears and measures."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from ivr.asterisk.private import Installation, find_asterisk
from ivr.phone.call import CallOverError
from ivr.phone.hearing import recognise
from ivr.phone.incoming import IncomingCall
from ivr.phone.phone import Phone
from ivr.phone.registration import NotRegisteredError
from ivr.phone.robot import Behaviour, Post, Robot
from ivr.phone.tones import tone, tone_level
from ivr.phone.wav import read_sound, write_sound
from tests.running import WORKER

pytestmark = pytest.mark.asterisk

SIP_PORT = 15260 + WORKER
PROMPTS = ("tt-weasels", "vm-goodbye", "demo-thanks", "invalid", "queue-thankyou")

ASTERISK = """
[directories]
astetcdir => {etc}
astmoddir => {modules}
astvarlibdir => {etc}/lib
astdbdir => {etc}/lib
astkeydir => {etc}/lib
astdatadir => {etc}/data
astagidir => {etc}/lib
astspooldir => {etc}/spool
astrundir => {etc}/run
astlogdir => {etc}/log
[options]
hideconnect = yes
"""
MODULES = """
[modules]
autoload = no
load = res_sorcery_config.so
load = res_sorcery_memory.so
load = res_sorcery_astdb.so
load = res_pjproject.so
load = res_timing_timerfd.so
load = res_pjsip.so
load = res_pjsip_session.so
load = res_pjsip_sdp_rtp.so
load = res_pjsip_registrar.so
load = res_pjsip_authenticator_digest.so
load = res_rtp_asterisk.so
load = res_pjsip_outbound_authenticator_digest.so
load = res_pjsip_endpoint_identifier_user.so
load = res_pjsip_endpoint_identifier_ip.so
load = res_pjsip_caller_id.so
load = res_pjsip_nat.so
load = res_pjsip_rfc3326.so
load = res_pjsip_dtmf_info.so
load = chan_pjsip.so
load = pbx_config.so
load = app_playback.so
load = app_dial.so
load = app_echo.so
load = app_read.so
load = app_senddtmf.so
load = app_stack.so
load = format_wav.so
load = format_pcm.so
load = codec_ulaw.so
load = codec_alaw.so
load = codec_resample.so
load = bridge_simple.so
load = bridge_native_rtp.so
load = func_callerid.so
load = func_strings.so
load = res_pjsip_pubsub.so
"""
PJSIP = """
[global]
type = global
endpoint_identifier_order = username,auth_username,ip
[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{port}
[trunk]
type = endpoint
context = inbound
disallow = all
allow = ulaw
direct_media = no
rtp_symmetric = yes
[trunk]
type = identify
endpoint = trunk
match = 127.0.0.1
[a-law]
type = endpoint
context = inbound
disallow = all
allow = alaw
direct_media = no
[guarded]
type = endpoint
context = inbound
disallow = all
allow = ulaw
auth = guarded
[guarded]
type = auth
auth_type = digest
username = guarded
password = open "sesame"
[201]
type = endpoint
context = inbound
disallow = all
allow = ulaw
direct_media = no
auth = 201
aors = 201
[201]
type = auth
auth_type = digest
username = 201
password = secret
supported_algorithms_uas = SHA-256,MD5
[201]
type = aor
max_contacts = 2
[201-web]
type = endpoint
context = inbound
disallow = all
allow = ulaw
auth = 201-web
aors = 201-web
[201-web]
type = auth
auth_type = digest
username = 201-web
password = secret
[201-web]
type = aor
max_contacts = 1
"""
DIALPLAN = """
[inbound]
exten => 100,1,Answer()
 same => n,Playback(tt-weasels)
 same => n,Wait(0.5)
 same => n,Playback(vm-goodbye)
 same => n,Hangup(16)
exten => 101,1,Answer()
 same => n,Echo()
exten => 102,1,Answer()
 same => n,Read(KEYS,,4,,1,3)
 same => n,SendDTMF(${KEYS},120,80)
 same => n,Wait(1)
 same => n,Hangup()
exten => 103,1,Ringing()
 same => n,Wait(20)
 same => n,Hangup()
exten => 104,1,Busy()
exten => 105,1,Dial(PJSIP/201,10)
 same => n,Hangup()
exten => 106,1,Answer()
 same => n,Playback(tt-weasels)
 same => n,Dial(PJSIP/201,10)
exten => 107,1,Progress()
 same => n,Playback(vm-goodbye,noanswer)
 same => n,Hangup(21)
exten => 108,1,Dial(PJSIP/201,1)
 same => n,Hangup()
"""


class Server(NamedTuple):
    address: tuple[str, int]
    sounds: Path


def _configure(etc: Path, asterisk: Installation) -> None:
    for folder in ("lib", "spool", "run", "log", "data/sounds"):
        (etc / folder).mkdir(parents=True)
    for entry in asterisk.data_dir.iterdir():
        if entry.name != "sounds":
            (etc / "data" / entry.name).symlink_to(entry)
    (etc / "data/sounds/en").symlink_to(asterisk.sounds_en_dir)
    files = {
        "asterisk.conf": ASTERISK.format(etc=etc, modules=asterisk.modules_dir),
        "modules.conf": MODULES,
        "pjsip.conf": PJSIP.format(port=SIP_PORT),
        "extensions.conf": DIALPLAN,
        "rtp.conf": "[general]\nrtpstart = 25000\nrtpend = 25999\n",
        "logger.conf": "[logfiles]\nmessages => notice,warning,error,debug\n",
    }
    for name, text in files.items():
        (etc / name).write_text(text)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    asterisk = find_asterisk()
    etc = tmp_path_factory.mktemp("ast")
    _configure(etc, asterisk)
    with (etc / "out").open("wb") as out:
        process = subprocess.Popen(asterisk.argv(etc), stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        booted = asterisk.cli_argv(etc, "core waitfullybooted")
        while b"fully booted" not in subprocess.run(booted, capture_output=True, check=False).stdout:
            assert time.monotonic() < deadline, (etc / "out").read_text()
            assert process.poll() is None, (etc / "out").read_text()
            time.sleep(0.1)
        yield Server(("127.0.0.1", SIP_PORT), asterisk.sounds_en_dir)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(etc, ignore_errors=True)


@pytest.fixture
def library(server) -> dict[str, np.ndarray]:
    return {name: read_sound(server.sounds / f"{name}.wav") for name in PROMPTS}


def names(call) -> list[str]:
    return [event.name for event in call.events]


async def test_prompts_are_heard_in_order_with_their_times_and_the_desk_s_hang_up_with_its_cause(server, library):
    async with Phone(server=server.address) as phone:
        call = await phone.call("100", caller="+79210000001", name="Анна")
        await call.answered()
        assert await call.over(15)
    first, second = recognise(call.heard(0.0), library)
    assert (first.prompt, first.cut, second.prompt, second.cut) == ("tt-weasels", False, "vm-goodbye", False)
    length = library["tt-weasels"].size / 8000
    assert call.answered_at <= first.began < call.answered_at + 0.3
    assert second.began - first.began == pytest.approx(length + 0.5, abs=0.15), "a silence keeps its length"
    assert (call.ended.by, call.ended.code) == ("them", 16)
    assert names(call)[0] == "invited"
    assert names(call)[-1] == "ended"
    assert len(call.media.packets) > 100


async def test_an_echo_returns_our_own_voice_undamaged_in_either_law(server):
    async with Phone(server=server.address) as phone, Phone(server=server.address, user="a-law") as other:
        calls = [await phone.call("101", caller="1"), await other.call("101")]
        for call in calls:
            await call.answered()
            call.say(tone(700, 1.0))
        for call in calls:
            await call.said()
            await asyncio.sleep(0.3)
            await call.hang_up()
            heard = call.heard()
            loud = heard[np.abs(heard.astype(int)) > 500]
            assert loud.size > 6000
            place = int(np.argmax(np.abs(heard.astype(int)) > 500))
            assert tone_level(heard[place : place + 4000], 700) > 0.99
            assert call.ended.by == "us"


async def test_keys_are_understood_in_both_directions(server):
    async with Phone(server=server.address) as phone:
        call = await phone.call("102", caller="1")
        await call.answered()
        await call.press("2*77")
        assert await call.over(15)
    assert [key for _, key in call.keys] == ["2", "*", "7", "7"]
    assert [event.detail for event in call.events if event.name == "pressed"] == ["2", "*", "7", "7"]


async def test_a_call_taken_back_while_ringing_is_cancelled(server):
    async with Phone(server=server.address) as phone:
        call = await phone.call("103", caller="1")
        while "ringing" not in names(call):
            await asyncio.sleep(0.02)
        await call.hang_up()
        assert (call.ended.by, call.ended.code) == ("us", 487)
        with pytest.raises(CallOverError):
            await call.answered()


async def test_a_call_taken_back_before_any_answer_ends_too(server):
    async with Phone(server=server.address) as phone:
        call = await phone.call("103", caller="1")
        await call.hang_up()
        assert call.ended.by == "us"


async def test_a_number_that_is_not_there_is_a_404_and_a_busy_one_a_486(server):
    async with Phone(server=server.address) as phone:
        for number, code in (("999", 404), ("104", 486)):
            call = await phone.call(number, caller="1")
            with pytest.raises(CallOverError):
                await call.answered()
            assert (call.ended.by, call.ended.code) == ("failed", code)


async def test_sound_before_the_answer_is_heard_too(server, library):
    async with Phone(server=server.address) as phone:
        call = await phone.call("107", caller="1")
        assert await call.over(10)
    assert call.answered_at is None
    assert [heard.prompt for heard in recognise(call.heard(0.0), library)] == ["vm-goodbye"]


async def test_an_invite_is_authenticated_when_the_server_asks(server):
    async with Phone(server=server.address, user="guarded", password='open "sesame"') as phone:
        call = await phone.call("101")
        await call.answered()
        await call.hang_up()
    async with Phone(server=server.address, user="guarded", password="wrong") as phone:
        call = await phone.call("101")
        with pytest.raises(CallOverError):
            await call.answered()
        assert call.ended.code in (401, 403)


async def test_a_registered_telephone_is_called_answers_and_both_sides_hear_each_other(server, library):
    done = asyncio.Event()

    async def on_call(call: IncomingCall) -> None:
        call.ring()
        await asyncio.sleep(0.3)
        call.answer()
        call.media.repeat(tone(620, 1.0))
        await call.over(10)
        taken.append(call)
        done.set()

    taken: list[IncomingCall] = []
    async with (
        Phone(server=server.address, user="201", password="secret") as agent,
        Phone(server=server.address) as phone,
    ):
        agent.on_call = on_call
        await agent.register()
        call = await phone.call("105", caller="+79210000001", name='Анна "А"')
        await call.answered()
        call.media.repeat(tone(440, 1.0))
        await asyncio.sleep(1.5)
        await call.hang_up()
        async with asyncio.timeout(5):
            await done.wait()
    heard, at_agent = call.heard(), taken[0].heard()
    assert tone_level(heard[-6000:], 620) > 0.99
    assert tone_level(at_agent[-6000:-400], 440) > 0.99
    assert taken[0].caller.user == "+79210000001"
    assert taken[0].ended.by == "them"
    assert "ringing" in names(call)


async def test_the_called_side_hangs_up(server):
    async def on_call(call: IncomingCall) -> None:
        call.answer()
        await asyncio.sleep(0.5)
        await call.hang_up()

    async with (
        Phone(server=server.address, user="201", password="secret") as agent,
        Phone(server=server.address) as phone,
    ):
        agent.on_call = on_call
        await agent.register()
        call = await phone.call("105", caller="1")
        await call.answered()
        assert await call.over(5)
        assert (call.ended.by, call.ended.code) == ("them", 16)


async def test_a_busy_agent_is_heard_as_busy_and_one_who_never_answers_is_cancelled(server):
    calls: list[IncomingCall] = []

    async def busy(call: IncomingCall) -> None:
        call.reject(486)

    async def never(call: IncomingCall) -> None:
        calls.append(call)
        call.ring()
        await call.over()

    async with (
        Phone(server=server.address, user="201", password="secret") as agent,
        Phone(server=server.address) as phone,
    ):
        await agent.register()
        agent.on_call = busy
        call = await phone.call("105", caller="1")
        assert await call.over(5)
        assert call.ended.code == 486
        agent.on_call = never
        call = await phone.call("108", caller="1")
        assert await call.over(5)
        assert await calls[0].over(5)
        assert (calls[0].ended.by, calls[0].ended.code) == ("them", 487)


async def test_bindings_are_read_without_being_changed_and_only_our_own_is_taken_away(server):
    account = {"server": server.address, "user": "201", "password": "secret"}
    async with Phone(**account) as first, Phone(**account) as second:
        assert await first.registration.bindings() == []
        await first.register()
        await second.register()
        assert sorted(await first.registration.bindings()) == sorted([first.contact, second.contact])
        await second.unregister()
        assert await first.registration.bindings() == [first.contact]


async def test_a_wrong_password_and_a_closed_port_are_told_in_one_sentence(server):
    async with Phone(server=server.address, user="201", password="wrong") as phone:
        with pytest.raises(NotRegisteredError, match="refused to register 201: 40"):
            await phone.register()
    async with Phone(server=("127.0.0.1", 9), user="201", password="secret") as phone:
        with pytest.raises(NotRegisteredError, match=r"Nothing answers at 127\.0\.0\.1:9"):
            await phone.register()
        call = await phone.call("100")
        assert await call.over(2)
        assert call.ended.code == 408


async def test_a_wav_file_is_spoken_whatever_its_rate(server, tmp_path):
    import soundfile

    seconds = np.arange(44100) / 44100
    soundfile.write(tmp_path / "in.wav", np.sin(2 * np.pi * 900 * seconds) * 0.3, 44100)
    async with Phone(server=server.address) as phone:
        call = await phone.call("101", caller="1")
        await call.answered()
        call.say(tmp_path / "in.wav")
        await call.said()
        await asyncio.sleep(0.3)
        await call.hang_up()
    write_sound(tmp_path / "out.wav", call.heard())
    heard = read_sound(tmp_path / "out.wav")
    assert tone_level(heard[2000:7000], 900) > 0.98


async def test_a_closed_telephone_leaves_no_task_and_no_timer(server):
    before = len(asyncio.all_tasks())
    async with Phone(server=server.address, user="201", password="secret") as phone:
        await phone.register()
        call = await phone.call("101")
        await call.answered()
    assert call.ended.by == "us"
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before
    live = [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()]
    assert live == []


POST = Post("201", "secret", 620, {})


async def _until(condition) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def robot(server, behaviour, post=POST):
    robot = Robot(post, server.address, lambda: behaviour)
    task = asyncio.create_task(robot.run())
    await robot.ready.wait()
    try:
        yield robot
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_robot_answers_after_its_ring_and_speaks_in_its_own_pitch_until_its_talk_is_over(server):
    async with robot(server, Behaviour(ring=0.5, talk=2.0)) as agent, Phone(server=server.address) as phone:
        assert agent.on_duty
        call = await phone.call("105", caller="1")
        await call.answered()
        assert 0.5 <= call.answered_at < 1.5
        assert await call.over(5)
    assert call.ended.by == "them"
    assert tone_level(call.heard()[4000:12000], 620) > 0.6


async def test_a_robot_presses_1_when_it_is_asked_to_accept_and_2_to_refuse_and_nothing_to_be_silent(server, library):
    post = Post("201", "secret", 620, {"whisper.accept": library["vm-goodbye"]})
    for answer, key in (("accept", "1"), ("refuse", "2"), ("silence", "")):
        async with robot(server, Behaviour(ring=0, answer=answer), post), Phone(server=server.address) as phone:
            call = await phone.call("105", caller="1")
            await call.answered()
            call.say(library["vm-goodbye"])
            await call.said()
            await asyncio.sleep(1.0)
            await call.hang_up()
        assert "".join(key for _, key in call.keys) == key


async def test_a_robot_may_be_busy(server):
    async with robot(server, Behaviour(answer="busy")), Phone(server=server.address) as phone:
        call = await phone.call("105", caller="1")
        assert await call.over(3)
        assert call.ended.code == 486


@pytest.mark.parametrize("user", ["201", "201-web"])
async def test_a_robot_keeps_aside_for_a_real_telephone_and_comes_back_when_it_is_gone(server, user, monkeypatch):
    monkeypatch.setattr("ivr.phone.robot._LOOK", 0.1)
    async with Phone(server=server.address, user="201", password="secret") as watch:
        async with robot(server, Behaviour()) as agent:
            async with Phone(server=server.address, user=user, password="secret") as real:
                await real.register()
                await _until(lambda: not agent.on_duty)
                held = await watch.registration.bindings()
                assert held == ([real.contact] if user == "201" else [])
            await _until(lambda: agent.on_duty)
        assert await watch.registration.bindings() == [], "it leaves no registration behind"


async def test_a_robot_takes_the_place_that_a_killed_robot_has_left(server):
    async with Phone(server=server.address, user="201", password="secret", contact_user="robot-201") as dead:
        await dead.registration.register(120)  # and, like a killed one, it never takes that back
        async with robot(server, Behaviour()) as agent:
            assert agent.on_duty


async def test_a_robot_waits_for_a_server_that_is_not_there(server):
    nowhere = Server(("127.0.0.1", 9), server.sounds)
    async with robot(nowhere, Behaviour()) as agent:
        assert not agent.on_duty
