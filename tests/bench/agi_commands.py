"""AGI commands a second of one controller, against a bare asyncio echo of the same bytes.

A load process plays Asterisk on 20 connections: it sends a header and answers every command line. Both servers run in
a process of their own, one after the other, in turns; the best of the turns counts for each.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import selectors
import socket
import sys
import time
from multiprocessing.connection import Connection

from ivr.asterisk.agi_codec import write_command
from ivr.asterisk.agi_server import AgiServer
from ivr.asterisk.agi_session import AgiSession

CONNECTIONS = 20
COMMANDS = 1000
TURNS = 9
"""A turn takes a third of a second, and a machine shared with others may be slow for longer than three of them."""
LIMIT = 0.5
HEADER = b"".join(
    f"agi_{name}: {value}\n".encode()
    for name, value in {
        "network": "yes", "network_script": "bench", "request": "agi://127.0.0.1/bench",
        "channel": "PJSIP/trunk-00000001", "language": "ru", "type": "PJSIP", "uniqueid": "desk1-1700000000.1",
        "version": "22.10.1", "callerid": "+79210000000",
        "calleridname": "unknown", "callingpres": "0", "callingani2": "0",
        "callington": "0", "callingtns": "0",
        "dnid": "100", "rdnis": "unknown", "context": "desk", "extension": "100", "priority": "7", "enhanced": "0.0",
        "accountcode": "", "threadid": "140000000000",
    }.items()
) + b"\n"  # fmt: skip
ARGUMENTS = ("CHANNEL(language)", "ru")
LINE = write_command("SET VARIABLE", *ARGUMENTS)
ANSWER = b"200 result=1\n"


async def _handler(session: AgiSession) -> None:
    for _ in range(COMMANDS):
        await session.command("SET VARIABLE", *ARGUMENTS)


class _Echo(asyncio.Protocol):
    """The least that asyncio can do: bytes in, the next line out."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.left = COMMANDS

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - asyncio's signature
        if self.left:
            self.left -= 1
            self.transport.write(LINE)
        else:
            self.transport.close()


async def _serve(kind: str, ready: Connection) -> None:
    loop = asyncio.get_running_loop()
    if kind == "controller":
        server = AgiServer({"bench": _handler}, port=0)
        await server.start()
        ready.send(server.port)
    else:
        echo = await loop.create_server(_Echo, "127.0.0.1", 0)
        ready.send(echo.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, ready.recv)


def _server(kind: str, loop: str, ready: Connection) -> None:
    if loop == "uvloop":
        import uvloop

        uvloop.run(_serve(kind, ready))
    else:
        asyncio.run(_serve(kind, ready))


def _load(port: int) -> float:
    """Play Asterisk; return the seconds from the first connection to the last end."""
    chooser = selectors.EpollSelector()
    begin = time.perf_counter()
    for _ in range(CONNECTIONS):
        client = socket.create_connection(("127.0.0.1", port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(HEADER)
        chooser.register(client, selectors.EVENT_READ)
    left = CONNECTIONS
    while left:
        for key, _ in chooser.select():
            client = key.fileobj
            if client.recv(4096):
                client.sendall(ANSWER)
            else:
                chooser.unregister(client)
                client.close()
                left -= 1
    chooser.close()
    return time.perf_counter() - begin


def measure(kind: str, loop: str = "asyncio") -> float:
    """Return commands a second, on the wall clock."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_server, args=(kind, loop, theirs), daemon=True)
    server.start()
    port = ours.recv()
    seconds = _load(port)
    ours.send("stop")
    server.join()
    return CONNECTIONS * COMMANDS / seconds


def run() -> list[dict[str, object]]:
    """Return one row for each loop: commands a second of the controller, of the echo, and their ratio."""
    rows: list[dict[str, object]] = []
    for loop in ("asyncio", "uvloop"):
        turns = [{kind: measure(kind, loop) for kind in ("controller", "echo")} for _ in range(TURNS)]
        best = {kind: max(turn[kind] for turn in turns) for kind in turns[0]}
        rows.append(
            {
                "name": f"AGI commands a second, {loop}",
                "value": round(best["controller"]),
                "unit": "commands/s",
                "peer": f"bare {loop} echo of the same bytes",
                "peer_value": round(best["echo"]),
                "ratio": round(best["controller"] / best["echo"], 3),
                "limit": f">= {LIMIT}",
            }
        )
    return rows


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2) + "\n")
