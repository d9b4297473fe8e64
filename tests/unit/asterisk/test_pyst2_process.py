"""A plain AGI process on real pipes: this test is its Asterisk."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ivr.asterisk.agi_codec import split_command

ROOT = Path(__file__).parents[3]
HEADER = "agi_request: desk\nagi_channel: PJSIP/x\nagi_uniqueid: d1-1.1\nagi_callerid: 792100\nagi_threadid: 1\n\n"
PROGRAM = """
import asyncio, pathlib, sys
from ivr.asterisk.agi_session import CallerGone, NoAnswer
from ivr.asterisk.pyst2_process import ProcessSession
from ivr.asterisk.pyst2_seat import HandlerFailed, run_handler

async def main():
    session = ProcessSession()
{body}

def tell(*words):
    print(*words, file=sys.stderr, flush=True)

asyncio.run(main())
"""


@pytest.fixture
def process():
    """Start a process with this body of `main`, its header already said."""
    started = []

    def start(body: str) -> subprocess.Popen:
        program = PROGRAM.format(body=textwrap.indent(textwrap.dedent(body), "    "))
        pipe = subprocess.PIPE
        child = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
            bufsize=0,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        started.append(child)
        child.stdin.write(HEADER)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()


def heard(child) -> list[str]:
    return split_command(child.stdout.readline().rstrip("\n"))


def finish(child) -> str:
    _, told = child.communicate(timeout=10)
    assert child.returncode == 0, told
    return told


def test_it_speaks_as_a_session_does_and_prints_nothing_of_the_caller(process):
    child = process("""
        await session.exec("Playback", "a&b")
        tell(await session.get_variable("X") == "two\\nlines)", session.call_id)
    """)
    assert heard(child) == ["EXEC", "Playback", "a&b"]
    child.stdin.write("200 result=0\n")
    fence = heard(child)[3].partition("}")[2]
    child.stdin.write(f"200 result=1 (two\nlines){fence})\n")
    assert finish(child) == "True d1-1.1\n"


def test_f6_sighup_ends_it_as_a_hangup_but_a_variable_can_still_be_read(process):
    child = process("""
        try:
            await session.exec("Playback", "long")
            await session.exec("NoOp")
        except CallerGone:
            tell("gone", await session.get_variable("X", after_hangup=True))
    """)
    heard(child)
    child.send_signal(signal.SIGHUP)
    child.stdin.write("200 result=-1\n")
    fence = heard(child)[3].partition("}")[2]
    child.stdin.write(f"200 result=1 (value{fence})\n")
    assert finish(child) == "gone value\n"


def test_f6_the_end_of_the_pipe_is_a_hangup(process):
    child = process("""
        for _ in range(2):
            try:
                await session.exec("NoOp")
            except CallerGone:
                tell("gone")
    """)
    heard(child)
    child.stdin.close()
    child.stdin = None
    assert finish(child) == "gone\ngone\n"


def test_a_late_answer_ends_the_conversation_and_not_the_process(process):
    child = process("""
        try:
            await session.exec("NoOp", limit=0.1)
        except NoAnswer:
            tell("late")
        try:
            await session.exec("NoOp")
        except CallerGone:
            tell("closed")
    """)
    heard(child)
    child.wait(timeout=10)
    assert child.stderr.read() == "late\nclosed\n"


def test_a_handler_runs_over_it_and_one_that_is_too_slow_is_left_in_step(process, tmp_path):
    (tmp_path / "script.py").write_text(
        "def handler(agi):\n    return agi.get_data('ask', 1000, 1)\n"
        "def slow(agi):\n    agi.appexec('Playback', 'long')\n"
    )
    child = process(f"""
        file = pathlib.Path({str(tmp_path / "script.py")!r})
        tell(await run_handler(session, file, "handler", 5))
        try:
            await run_handler(session, file, "slow", 0.1)
        except HandlerFailed as failed:
            tell(failed)
        tell((await session.command("EXEC", "NoOp")).result)
    """)
    assert heard(child) == ["GET", "DATA", "ask", "1000", "1"]
    child.stdin.write("200 result=5\n")
    assert heard(child) == ["EXEC", "Playback", "long"]
    assert child.stderr.readline() == "5\n"
    assert child.stderr.readline() == "script.py:slow ran longer than 0.1 s\n"
    child.stdin.write("200 result=1\n")
    assert heard(child) == ["EXEC", "NoOp"]
    child.stdin.write("200 result=2\n")
    assert finish(child) == "2\n"
