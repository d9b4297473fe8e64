"""The telephone against a real Asterisk: what it says, hears and measures."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
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
from ivr.phone.tones import tone, tone_level
from ivr.phone.wav import read_sound, write_sound

pytestmark = pytest.mark.asterisk

SIP_PORT = 15260 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
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
MODULES = "[modules]\nautoload = no\n" + "".join(
    f"load = {name}.so\n"
    for name in (
        "res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_timing_timerfd res_pjsip "
        "res_pjsip_session res_pjsip_sdp_rtp res_pjsip_registrar res_pjsip_authenticator_digest res_rtp_asterisk "
        "res_pjsip_outbound_authenticator_digest res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_ip "
        "res_pjsip_caller_id res_pjsip_nat res_pjsip_rfc3326 res_pjsip_dtmf_info chan_pjsip pbx_config app_playback "
        "app_dial app_echo app_read app_senddtmf app_playtones app_stack app_record app_exec app_verbose format_wav format_pcm "
        "codec_ulaw codec_alaw codec_resample bridge_simple bridge_native_rtp func_callerid func_strings res_pjsip_pubsub"
    ).split()
)
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
