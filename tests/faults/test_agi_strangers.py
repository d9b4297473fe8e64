"""F8: strangers on the controller's port, from a process of their own, while a call runs."""

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
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


def test_f10_sigterm_drains_a_server_and_ends_its_process():
    program = textwrap.dedent("""
        import asyncio
        from ivr.asterisk.agi_server import AgiServer
        async def desk(agi):
            await agi.exec("NoOp", limit=30)
        async def main():
            server = AgiServer({"desk": desk}, port=0)
            serving = asyncio.create_task(server.serve(drain_limit=10))
            await asyncio.sleep(0.2)
            print(server.port, flush=True)
            await serving
            print("drained", flush=True)
        asyncio.run(main())
    """)
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            port = int(process.stdout.readline())
            with socket.create_connection(("127.0.0.1", port)) as peer:
                peer.settimeout(5)
                peer.sendall(HEADER)
                assert peer.recv(100) == b'EXEC "NoOp" ""\n'
                process.send_signal(signal.SIGTERM)
                time.sleep(0.3)
                assert process.poll() is None
                peer.sendall(b"200 result=0\n")
                assert peer.recv(100) == b""
            assert "drained" in process.communicate(timeout=5)[0]
            assert process.returncode == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
