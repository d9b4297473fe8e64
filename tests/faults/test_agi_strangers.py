"""F8: strangers on the controller's port, from a process of their own, while a call runs."""

import asyncio
import gc
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ivr.asterisk.agi_server import AgiServer, Limits
from ivr.errors import DeskError

STRANGERS = Path(__file__).with_name("strangers.py")
HEADER = b"agi_request: agi://127.0.0.1/desk\nagi_channel: PJSIP/x\nagi_uniqueid: d1-1.1\nagi_threadid: 1\n\n"


class Lag:
    """The longest work that the loop did in one go, in seconds of its own CPU: other processes do not count."""

    def __init__(self):
        self.worst = 0.0

    async def watch(self):
        before = time.thread_time()
        while True:
            await asyncio.sleep(0.002)
            now = time.thread_time()
            self.worst = max(self.worst, now - before)
            before = now


async def strangers(port: int, kind: str, count: int) -> dict:
    """Let them loose; started from another thread, since starting a process would be lag of the test's own making."""
    words = [sys.executable, str(STRANGERS), str(port), kind, str(count)]
    done = await asyncio.to_thread(subprocess.run, words, stdout=subprocess.PIPE, timeout=60, check=True)
    return json.loads(done.stdout)


async def desk(agi):
    while True:
        await agi.exec("NoOp")


async def call(port: int, replies: list[int]):
    """Be a call in progress: answer every command, and count them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEADER)
    try:
        while await reader.readline():
            writer.write(b"200 result=0\n")
            replies[0] += 1
            await asyncio.sleep(0.005)
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("kind", "closed_after"), [("close", (0, 0)), ("silent", (4.9, 6)), ("slow", (4.9, 6)), ("large", (0, 6))]
)
async def test_f8_a_thousand_strangers_are_sent_away_in_time_and_a_call_goes_on(kind, closed_after):
    server = AgiServer({"desk": desk}, port=0, limits=Limits(silent=2000))
    await server.start()
    lag, replies = Lag(), [0]
    # The tests' own modules are not the controller's: a collection must not walk them between two prompts.
    gc.collect()
    gc.freeze()
    tasks = [asyncio.create_task(lag.watch()), asyncio.create_task(call(server.port, replies))]
    try:
        await asyncio.sleep(0.1)
        lag.worst = 0.0
        before = replies[0]
        seen = await strangers(server.port, kind, 900 if kind != "close" else 1000)
        await asyncio.sleep(0.1)
        assert seen["closed"] == (900 if kind != "close" else 1000)
        assert closed_after[0] <= seen["first"] <= seen["last"] <= closed_after[1]
        assert replies[0] > before
        assert server.sessions == 1
        assert lag.worst < 0.05
    finally:
        gc.unfreeze()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.drain(0.1)


async def test_f8_a_call_gets_in_while_more_silent_connections_stand_than_are_allowed():
    server = AgiServer({"desk": desk}, port=0, limits=Limits(silent=20))
    await server.start()
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(60)]
    await asyncio.sleep(0.1)
    replies = [0]
    calling = asyncio.create_task(call(server.port, replies))
    try:
        await asyncio.sleep(0.3)
        assert replies[0] > 3
        assert sum(server.refused.values()) >= 40
    finally:
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        for connection in silent:
            connection.close()
        await server.drain(0.1)


async def test_a_port_in_use_is_one_sentence_with_its_cure():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(DeskError, match=r"(?s)cannot listen on 127\.0\.0\.1:.*--shift"),
    ):
        await AgiServer({}, port=taken.getsockname()[1]).start()


async def test_f10_a_server_that_drains_lets_its_session_go_on_to_its_end_and_takes_no_other():
    ended = []

    async def desk(agi) -> None:
        await agi.exec("NoOp", limit=30)
        ended.append("whole")

    server = AgiServer({"desk": desk}, port=0)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(HEADER)
    assert await reader.readline() == b'EXEC "NoOp" ""\n'
    draining = asyncio.create_task(server.drain(10))
    await asyncio.sleep(0.3)
    assert not draining.done()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"200 result=0\n")
    assert await reader.read() == b""
    await asyncio.wait_for(draining, 5)
    assert ended == ["whole"]
    writer.close()
