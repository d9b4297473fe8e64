"""B6, B1, F6 and F9 with a real Asterisk at the other end of the AGI session."""

import asyncio
import contextlib

import pytest

from ivr.asterisk.agi_server import AgiServer
from ivr.asterisk.agi_session import CallerGone, CommandRefused
from tests.faults.private_asterisk import AGI_PORT, NASTY, Asterisk

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory):
    with Asterisk(tmp_path_factory.mktemp("agi")) as running:
        yield running


@contextlib.asynccontextmanager
async def called(asterisk, script):
    """Let a channel of the real Asterisk into the script; give the outcome."""
    outcome = asyncio.get_running_loop().create_future()

    async def handler(session):
        try:
            outcome.set_result(await script(session))
        except Exception as error:  # noqa: BLE001 - the test reads it
            outcome.set_exception(error)

    server = AgiServer({"desk": handler}, port=AGI_PORT)
    await server.start()
    try:
        await asyncio.to_thread(asterisk.cli, "channel originate Local/agi@test/n application Wait 30")
        yield asyncio.wait_for(outcome, 15)
    finally:
        await asyncio.to_thread(asterisk.cli, "channel request hangup all")
        await server.drain(1)


async def test_b6_b1_a_variable_of_several_lines_is_read_whole_and_never_evaluated(asterisk):
    async def script(agi):
        seen = [await agi.get_variable("NASTY"), await agi.get_variable("UNSET"), await agi.get_variable("EXTEN")]
        await agi.set_variable("MINE", 'a "b" \\ ${EXTEN} , ; (c)')
        return [*seen, await agi.get_variable("MINE"), await agi.get_variable("CHANNEL(language)")]

    async with called(asterisk, script) as outcome:
        assert await outcome == [NASTY, "", "agi", 'a "b" \\ ${EXTEN} , ; (c)', "en"]


async def test_b6_wrong_commands_and_usage_texts_leave_the_session_in_step(asterisk):
    async def script(agi):
        wrong = (("SAY DIGITS",), ("NO SUCH COMMAND",), ("EXEC", "NoOp", "x"), ("GET VARIABLE",), ("SAY NUMBER",))
        codes = [(await agi.command(*words)).code for words in wrong]
        with pytest.raises(CommandRefused):
            await agi.exec("NoSuchApplication")
        return codes, await agi.get_variable("EXTEN")

    async with called(asterisk, script) as outcome:
        assert await outcome == ([520, 510, 200, 520, 520], "agi")


async def test_f9_the_longest_line_and_the_most_words_arrive_whole(asterisk):
    async def script(agi):
        await agi.set_variable("LONG", "x" * 7900)
        long = await agi.get_variable("LONG")
        many = await agi.command("VERBOSE", *["x"] * 126)
        return len(long), many.code in (200, 520), await agi.get_variable("EXTEN")

    async with called(asterisk, script) as outcome:
        assert await outcome == (7900, True, "agi")


@pytest.mark.parametrize("kind", ["Wait", "GET DATA", "WAIT FOR DIGIT", "STREAM FILE", "Playback"])
async def test_f6_a_real_hangup_ends_a_waiting_command_and_a_variable_can_still_be_read(asterisk, kind):
    speech = str(asterisk.installation.sounds_en_dir / "demo-congrats")
    waiting = {
        "Wait": lambda agi: agi.exec("Wait", "20", limit=25),
        "GET DATA": lambda agi: agi.command("GET DATA", speech, "20000", "1", limit=25),
        "WAIT FOR DIGIT": lambda agi: agi.command("WAIT FOR DIGIT", "20000", limit=25),
        "STREAM FILE": lambda agi: agi.command("STREAM FILE", speech, "", limit=25),
        "Playback": lambda agi: agi.exec("Playback", "&".join([speech] * 5), limit=90),
    }

    async def script(agi):
        hanging_up = asyncio.create_task(asyncio.to_thread(asterisk.cli, "channel request hangup all"))
        with contextlib.suppress(CallerGone):
            assert (await waiting[kind](agi)).result in ("-1", "0")
        await hanging_up
        async with asyncio.timeout(5):
            while not agi.hung_up:
                await asyncio.sleep(0.01)
        with pytest.raises(CallerGone):
            await agi.exec("NoOp")
        return await agi.get_variable("EXTEN", after_hangup=True)

    async with called(asterisk, script) as outcome:
        assert await outcome == "agi"
