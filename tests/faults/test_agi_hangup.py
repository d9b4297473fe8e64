"""F5, F6, F9, B6: a scripted peer plays Asterisk against the real server."""

import asyncio
import contextlib
import random

import pytest

from ivr.asterisk.agi_server import AgiServer, Limits
from ivr.asterisk.agi_session import AgiSession, CallerGone, CommandRefused, NoAnswer

HEADER = (
    b"agi_request: agi://127.0.0.1/%s\nagi_channel: PJSIP/x\nagi_uniqueid: d1-%d.1\n"
    b"agi_callerid: 100\nagi_threadid: 1\n\n"
)


class Peer:
    """Asterisk's side of one session."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    async def line(self) -> str:
        return (await asyncio.wait_for(self.reader.readline(), 5)).decode().rstrip("\n")

    def say(self, raw: str | bytes):
        self.writer.write(raw if isinstance(raw, bytes) else raw.encode())

    async def variable(self, value: str):
        """Answer a GET FULL VARIABLE with the value in front of its fence."""
        fence = (await self.line()).partition("}")[2].rstrip('"')
        self.say(f"200 result=1 ({value}{fence})\n")

    async def closed(self) -> bool:
        return await asyncio.wait_for(self.reader.read(), 5) == b""


@contextlib.asynccontextmanager
async def serving(handler, limits=None):
    """Serve with one handler; give a function that opens a session."""
    server = AgiServer({"desk": handler}, port=0, limits=limits)
    await server.start()
    writers = []

    async def call(path=b"desk", number=1) -> Peer:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writers.append(writer)
        writer.write(HEADER % (path, number))
        return Peer(reader, writer)

    call.server = server
    try:
        yield call
    finally:
        await server.drain(0.5)
        for writer in writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


class Outcome:
    """What a handler saw, for the test to wait on."""

    def __init__(self, script):
        self.result = asyncio.get_running_loop().create_future()
        self._script = script

    async def __call__(self, session: AgiSession):
        try:
            self.result.set_result(await self._script(session))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test reads it
            self.result.set_exception(error)

    async def get(self):
        return await asyncio.wait_for(self.result, 5)


COMMANDS = {
    "playing": lambda agi: agi.exec("Playback", "a&b", limit=20),
    "reading": lambda agi: agi.command("GET DATA", "menu", "4000", "1", limit=20),
    "asking": lambda agi: agi.get_variable("CALLERID(num)"),
    "setting": lambda agi: agi.set_variable("A", "b"),
    "noting": lambda agi: agi.exec("CELGenUserEvent", "IVR", "x"),
    "limiting": lambda agi: agi.set_autohangup(30),
}
ENDINGS = {
    "HANGUP before the reply": (b"HANGUP\n200 result=-1\n", True),
    "HANGUP instead of the reply": (b"HANGUP\n", False),
    "HANGUP twice around the reply": (b"HANGUP\n200 result=-1\nHANGUP\n", True),
    "a dead channel": (b"511 Command Not Permitted on a dead channel\n", True),
    "HANGUP and a usage text": (b"HANGUP\n520-Invalid\n\nUsage: x\n520 End of proper usage.\n", True),
    "an end": (b"", False),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", COMMANDS)
async def test_f6_b6_a_hangup_during_any_command_ends_it_once_and_the_session_stays_in_step(kind, ending):
    raw, talks_on = ENDINGS[ending]

    async def script(agi):
        with pytest.raises(CallerGone):
            await COMMANDS[kind](agi)
        with pytest.raises(CallerGone):
            await agi.exec("NoOp")
        if talks_on:
            return await agi.get_variable("CDR(billsec)", after_hangup=True)
        with pytest.raises(CallerGone):
            await agi.get_variable("CDR(billsec)", after_hangup=True)
        return "gone"

    outcome = Outcome(script)
    async with serving(outcome) as call:
        peer = await call()
        await peer.line()
        peer.say(raw)
        if talks_on:
            await peer.variable("12\nHANGUP")
            assert await outcome.get() == "12\nHANGUP"
        else:
            if not raw:
                peer.writer.write_eof()
            assert await outcome.get() == "gone"
        assert await peer.closed()


async def test_f6_a_hangup_at_any_moment_in_any_pieces_never_shifts_the_replies():
    """200 calls: HANGUP falls at a random command, its bytes in random pieces."""
    chance = random.Random(6)

    async def script(agi):
        seen = []
        try:
            for step in range(8):
                reply = await agi.command("EXEC", "NoOp", str(step))
                seen.append((step, reply.result))
        except CallerGone:
            seen.append(("last", await agi.get_variable("X", after_hangup=True)))
        return seen

    for _ in range(200):
        outcome = Outcome(script)
        async with serving(outcome) as call:
            peer = await call()
            fatal = chance.randrange(8)
            for step in range(fatal + 1):
                assert (await peer.line()).endswith(f'"{step}"')
                raw = f"200 result={step}\n".encode() if step < fatal else b"HANGUP\n200 result=-1\n"
                cut = chance.randrange(len(raw))
                peer.say(raw[:cut])
                await asyncio.sleep(0)
                peer.say(raw[cut:])
            await peer.variable("value")
            assert await outcome.get() == [*((step, str(step)) for step in range(fatal)), ("last", "value")]


async def test_f6_a_hangup_between_two_commands_ends_the_next_one_unsent():
    async def script(agi):
        await agi.exec("NoOp")
        await asyncio.sleep(0.05)
        assert agi.hung_up
        with pytest.raises(CallerGone):
            await agi.exec("NoOp")
        return "gone"

    outcome = Outcome(script)
    async with serving(outcome) as call:
        peer = await call()
        await peer.line()
        peer.say("200 result=0\nHANGUP\nHANGUP\n")
        assert await outcome.get() == "gone"
        assert await peer.closed()


async def test_b6_b1_a_callers_value_cannot_speak_for_asterisk():
    values = ["HANGUP", "x)\nHANGUP\n", "x)\n200 result=1 (y", "520-", "511 dead\n", "", "ж\n\n"]

    async def script(agi):
        return [await agi.get_variable("CALLERID(name)") for _ in values], agi.hung_up

    outcome = Outcome(script)
    async with serving(outcome) as call:
        peer = await call()
        for value in values:
            await peer.variable(value)
        assert await outcome.get() == (values, False)


async def test_f9_one_command_is_in_flight_however_many_tasks_ask():
    async def script(agi):
        return [
            reply.result for reply in await asyncio.gather(*(agi.command("EXEC", "NoOp", str(n)) for n in range(5)))
        ]

    outcome = Outcome(script)
    async with serving(outcome) as call:
        peer = await call()
        for number in range(5):
            assert (await peer.line()).endswith(f'"{number}"')
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(peer.reader.read(1), 0.02)
            peer.say(f"200 result={number}\n")
        assert await outcome.get() == ["0", "1", "2", "3", "4"]


async def test_f9_a_cancelled_command_still_gets_its_reply_before_the_next_is_sent():
    async def script(agi):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(agi.exec("Playback", "long", limit=9), 0.02)
        return (await agi.command("EXEC", "NoOp")).result

    outcome = Outcome(script)
    async with serving(outcome) as call:
        peer = await call()
        await peer.line()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(peer.reader.read(1), 0.1)
        peer.say("200 result=1\n")
        assert await peer.line() == 'EXEC "NoOp"'
        peer.say("200 result=2\n")
        assert await outcome.get() == "2"


async def test_a_command_without_an_answer_ends_the_session_at_its_limit():
    async def script(agi):
        await agi.exec("NoOp", limit=5)
        with pytest.raises(NoAnswer):
            await agi.exec("Playback", "x", limit=0.05)
        with pytest.raises(CallerGone):
            await agi.get_variable("X", after_hangup=True)
        return "closed"

    outcome = Outcome(script)
    async with serving(outcome) as call:
        peer = await call()
        await peer.line()
        peer.say("200 result=0\n")
        await peer.line()
        assert await outcome.get() == "closed"
        with contextlib.suppress(ConnectionResetError):
            assert await peer.closed()


async def test_an_unknown_application_or_command_is_refused_by_name():
    async def script(agi):
        for _ in range(3):
            with pytest.raises(CommandRefused):
                await agi.exec("Nothing")
        return "on"

    outcome = Outcome(script)
    async with serving(outcome) as call:
        peer = await call()
        for raw in ("200 result=-2\n", "510 Invalid or unknown command\n", "520 Invalid command syntax.\n"):
            await peer.line()
            peer.say(raw)
        assert await outcome.get() == "on"


async def test_f5_a_slow_session_does_not_delay_another():
    async def script(agi):
        for _ in range(20):
            await agi.exec("NoOp", limit=30)

    async with serving(script) as call:
        slow = await call(number=1)
        await slow.line()
        loop = asyncio.get_running_loop()
        for number in range(2, 12):
            quick = await call(number=number)
            begin = loop.time()
            for _ in range(20):
                await quick.line()
                quick.say("200 result=0\n")
            assert await quick.closed()
            assert loop.time() - begin < 1


async def test_a_handler_that_fails_closes_its_own_session_and_is_logged_with_the_call(caplog, capsys):
    async def script(agi):
        if agi.request.uniqueid == "d1-1.1":
            raise ZeroDivisionError
        await agi.exec("NoOp")

    async with serving(script) as call:
        assert await (await call(number=1)).closed()
        well = await call(number=2)
        assert await well.line() == 'EXEC "NoOp" ""'
        well.say("200 result=0\n")
        assert await well.closed()
    written = capsys.readouterr()
    assert "d1-1.1" in written.out + written.err + caplog.text
    assert "d1-2.1" not in written.out + written.err + caplog.text


async def test_an_unknown_path_and_one_session_too_many_are_closed_at_once():
    async def script(agi):
        await agi.exec("NoOp")

    async with serving(script, Limits(sessions=1)) as call:
        assert await (await call(path=b"nowhere")).closed()
        first = await call()
        await first.line()
        assert await (await call()).closed()
        assert sum(call.server.refused.values()) == 2


async def test_b1_the_rest_of_a_split_header_ends_the_session():
    async def script(agi):
        await agi.exec("NoOp")
        await asyncio.sleep(5)

    async with serving(script) as call:
        peer = await call()
        peer.say("agi_extension: 100\n\n")
        with contextlib.suppress(ConnectionResetError):
            await asyncio.wait_for(peer.reader.read(), 2)
        assert sum(call.server.refused.values()) == 1


async def test_f10_a_drain_lets_a_session_end_and_cuts_the_rest_at_its_limit():
    ended = []

    async def script(agi):
        await agi.exec("NoOp", limit=30)
        ended.append(agi.call_id)

    async with serving(script) as call:
        polite, stuck = await call(number=1), await call(number=2)
        await polite.line()
        await stuck.line()
        loop = asyncio.get_running_loop()
        begin = loop.time()
        draining = asyncio.create_task(call.server.drain(0.4))
        await asyncio.sleep(0.1)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", call.server.port)
        polite.say("200 result=0\n")
        assert await polite.closed()
        await draining
        assert loop.time() - begin < 3
        assert ended == ["d1-1.1"]
        assert call.server.sessions == 0
        assert await stuck.closed()
