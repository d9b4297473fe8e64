"""A pyst2 handler over a real session: the server on one side, a scripted Asterisk on the other."""

import asyncio
import contextlib
import textwrap

import pytest
from asterisk import agi as pyst2

from ivr.asterisk import pyst2_seat
from ivr.asterisk.agi_codec import split_command
from ivr.asterisk.agi_server import AgiServer
from ivr.asterisk.agi_session import CallerGone
from ivr.asterisk.pyst2_seat import HandlerFailed, run_handler

HEADER = (
    b"agi_request: agi://127.0.0.1/desk\nagi_channel: PJSIP/x\nagi_uniqueid: d1-1.1\nagi_callerid: 79210000000\n"
    b"agi_calleridname: \xff hangup\nagi_threadid: 1\n\n"
)


VALUES = {"CALLERID(name)": "hangup", "NOTE": "two\nlines) HANGUP"}
ANSWERS = {
    "GET DATA": "200 result=42 (timeout)\n",
    "STREAM FILE welcome # 0": "200 result=35 endpos=8000\n",
    "DATABASE GET fam ke y": "200 result=1 (known)\n",
    "EXEC Missing": "200 result=-2\n",
    "EXEC Fails": "200 result=-1\n",
    "EXEC Wait": "",
    "EXEC Leave": "HANGUP\n200 result=-1\n",
    "EXEC Gone": "200 result=1 (hangup)\n",
    "WRONG": "510 Invalid or unknown command\n",
    "SAY": "520-Usage\n\nUsage: SAY\n520 End of proper usage.\n",
}


def answer(words: list[str]) -> str:
    """Be Asterisk for the handlers below."""
    if words[:3] == ["GET", "FULL", "VARIABLE"]:
        name, fence = words[3][2:].split("}")
        return f"200 result=1 ({VALUES.get(name, '')}{fence})\n"
    said = " ".join(words)
    return next((reply for start, reply in ANSWERS.items() if said.startswith(start)), "200 result=1\n")


@contextlib.asynccontextmanager
async def talking(use):
    """Run `use(session)` as the server's handler against the Asterisk above; give (its outcome, the lines it got)."""
    outcome = asyncio.get_running_loop().create_future()

    async def handler(session):
        try:
            outcome.set_result(await use(session))
        except Exception as error:  # noqa: BLE001 - the test reads it
            outcome.set_exception(error)

    server = AgiServer({"desk": handler}, port=0)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    heard = []

    async def asterisk():
        writer.write(HEADER)
        while raw := await reader.readline():
            heard.append(split_command(raw.decode().rstrip("\n")))
            writer.write(answer(heard[-1]).encode())

    peer = asyncio.create_task(asterisk())
    try:
        yield outcome, heard
    finally:
        peer.cancel()
        await asyncio.gather(peer, return_exceptions=True)
        writer.close()
        await server.drain(0.1)


@pytest.fixture
def run(tmp_path):
    """Write a handler's file, run it, and give its answer and the commands that Asterisk got."""

    async def run(source: str, limit: float = 5.0, function: str = "handler"):
        file = tmp_path / "script.py"
        file.write_text("from asterisk.agi import *\n" + textwrap.dedent(source))
        async with talking(lambda session: run_handler(session, file, function, limit)) as (outcome, heard):
            return await asyncio.wait_for(outcome, 10), heard

    return run


async def test_a_handler_uses_pyst2_as_it_always_did(run):
    answer, heard = await run("""
        def handler(agi):
            assert agi.env["agi_callerid"] == "79210000000"
            agi.answer()
            agi.verbose('a "quoted" \\\\ text', 2)
            assert agi.stream_file("welcome", "#") == "#"
            assert agi.get_data("ask", 2000, 4) == "42"
            agi.set_variable("X", "a b")
            agi.appexec("Set", 'Y="1",2')
            agi.set_callerid('"Ann" <100>')
            agi.exec_command("NoOp", 1, 2)
            assert agi.database_get("fam", "ke y") == "known"
            assert agi.channel_status() == 1
            agi.hangup()
            return 7
    """)
    assert answer == "7"
    assert heard == [
        ["ANSWER"],
        ["VERBOSE", 'a "quoted" \\ text', "2"],
        ["STREAM", "FILE", "welcome", "#", "0"],
        ["GET", "DATA", "ask", "2000", "4"],
        ["SET", "VARIABLE", "X", "a b"],
        ["EXEC", "Set", 'Y="1",2'],
        ["SET", "CALLERID", '"Ann" <100>'],
        ["EXEC", "NoOp", "1,2"],
        ["DATABASE", "GET", "fam", "ke y"],
        ["CHANNEL", "STATUS"],
        ["HANGUP"],
    ]


async def test_b1_b6_a_value_that_says_hangup_or_holds_lines_is_a_value(run):
    answer, _ = await run("""
        def handler(agi):
            return agi.get_variable("CALLERID(name)") + "|" + agi.get_variable("NOTE") + "|" + agi.get_variable("NONE")
    """)
    assert answer == "hangup|two\nlines) HANGUP|"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("agi.appexec('Missing')", "AGIAppError"),
        ("agi.appexec('Fails')", "AGIAppError"),
        ("agi.execute('WRONG')", "AGIInvalidCommand"),
        ("agi.say_digits('1')", "AGIUsageError"),
        ("agi.appexec('Gone')", "AGIResultHangup"),
    ],
)
async def test_pyst2s_own_errors_are_raised(run, call, error):
    answer, _ = await run(f"""
        def handler(agi):
            try:
                {call}
            except AGIError as error:
                return type(error).__name__
    """)
    assert answer == error


async def test_f6_a_hangup_is_pyst2s_hangup_now_and_at_every_later_command(run):
    answer, heard = await run("""
        def handler(agi):
            seen = []
            for _ in range(2):
                try:
                    agi.appexec("Leave")
                except AGIHangup as error:
                    seen.append(type(error).__name__)
            return seen
    """)
    assert answer == "['AGISIGHUPHangup', 'AGISIGHUPHangup']"
    assert heard == [["EXEC", "Leave", ""]]


async def test_f6_a_hangup_that_the_handler_lets_through_ends_the_call(run):
    with pytest.raises(CallerGone):
        await run("""
            def handler(agi):
                agi.appexec("Leave")
        """)


async def test_a_handler_that_runs_too_long_is_left_and_hangs_up_at_its_next_command(tmp_path):
    file = tmp_path / "slow.py"
    file.write_text(
        "import threading, time\nended = threading.Event()\nreason = []\n"
        "def handler(agi):\n    try:\n        time.sleep(0.4)\n        agi.noop()\n"
        "    except Exception as error:\n        reason.append(error)\n    finally:\n        ended.set()\n"
    )

    async def use(session):
        with pytest.raises(HandlerFailed, match=r"slow\.py:handler ran longer than 0\.1 s"):
            await run_handler(session, file, "handler", 0.1)
        return (await session.command("EXEC", "NoOp")).result

    async with talking(use) as (outcome, heard):
        assert await asyncio.wait_for(outcome, 5) == "1"
    module = pyst2_seat._modules[file][1]
    assert await asyncio.to_thread(module.ended.wait, 5)
    assert isinstance(module.reason[0], pyst2.AGIHangup)
    assert heard == [["EXEC", "NoOp"]]


async def test_a_command_that_outlasts_the_handler_ends_in_its_thread(run):
    with pytest.raises(HandlerFailed, match="ran longer"):
        await run("def handler(agi):\n    agi.appexec('Wait')", limit=0.2)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def handler(agi):\n    1/0", "script.py:handler raised ZeroDivisionError: division by zero"),
        ("import nothing_of_this_name", "script.py:handler raised ModuleNotFoundError"),
        ("def handler(agi) return", "script.py:handler raised SyntaxError"),
        ("def other(agi):\n    pass", "script.py has no function handler"),
        ("import sys\ndef handler(agi):\n    sys.exit(3)", "script.py:handler left with 3"),
        ("def handler(agi):\n    agi.set_variable('A', 'b\\nHANGUP')", "script.py:handler raised UnsafeCommand"),
    ],
)
async def test_what_fails_in_a_script_is_one_sentence(run, source, reason):
    with pytest.raises(HandlerFailed, match=reason.replace(".", r"\.")):
        await run(source)


async def test_a_script_that_leaves_with_nothing_has_answered_nothing(run):
    assert (await run("import sys\ndef handler(agi):\n    sys.exit()"))[0] == ""


async def test_a_missing_file_is_one_sentence(tmp_path):
    async with talking(lambda session: run_handler(session, tmp_path / "none.py", "handler", 1)) as (outcome, _):
        with pytest.raises(HandlerFailed, match=r"none\.py cannot be read: No such file"):
            await asyncio.wait_for(outcome, 5)


async def test_a_changed_script_is_read_again_and_an_unchanged_one_is_kept(run):
    source = "count = 0\ndef handler(agi):\n    global count\n    count += 1\n    return f'%s{count}'"
    assert [(await run(source % "a"))[0] for _ in range(1)] == ["a1"]
    assert (await run(source % "bb"))[0] == "bb1"


async def test_nothing_of_the_caller_is_printed(run, capfd):
    await run("def handler(agi):\n    agi.verbose(agi.env['agi_callerid'])\n    agi.stderr.write('x')")
    captured = capfd.readouterr()
    assert "79210000000" not in captured.out + captured.err


async def test_send_command_and_get_result_work_apart(run):
    answer, _ = await run(
        "def handler(agi):\n    agi.send_command('GET DATA', 'ask', 1, 2)\n    return agi.get_result()['result'][0]"
    )
    assert answer == "42"
