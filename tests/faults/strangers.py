"""A process that abuses a TCP port: `python strangers.py PORT KIND COUNT`; prints one JSON line of what it saw.

Kinds: `close` connects and closes; `silent` says nothing; `slow` says one byte a second; `large` sends a header of
1 MB. It gives up 8 s after its last connection.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import sys
import time

HEADER = b"agi_request: agi://127.0.0.1/desk\n"
PATIENCE = 8.0


def connect(port: int) -> socket.socket:
    """Return a connection whose later work does not block."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.setblocking(False)
    return connection


def large(connection: socket.socket) -> float:
    """Send a header line of 1 MB, or as much of it as the other side takes; return the seconds until it has closed."""
    begin = time.monotonic()
    connection.settimeout(PATIENCE)
    with contextlib.suppress(ConnectionError):
        connection.sendall(b"agi_callerid: " + b"7" * 1_000_000)
        connection.recv(100)
    connection.close()
    return time.monotonic() - begin


def watch(began: dict[socket.socket, float], *, slow: bool) -> list[float]:
    """Return the age at which the other side closed each connection; `slow` says a byte a second meanwhile."""
    chooser = selectors.EpollSelector()
    for connection in began:
        chooser.register(connection, selectors.EVENT_READ)
    ages: list[float] = []
    end = time.monotonic() + PATIENCE
    said, next_byte = 0, time.monotonic()
    while began and time.monotonic() < end:
        for key, _ in chooser.select(0.05):
            connection = key.fileobj
            with contextlib.suppress(ConnectionError):
                if connection.recv(100):
                    continue
            ages.append(time.monotonic() - began.pop(connection))
            chooser.unregister(connection)
            connection.close()
        if slow and time.monotonic() >= next_byte:
            for connection in began:
                with contextlib.suppress(OSError):
                    connection.send(HEADER[said : said + 1])
            said, next_byte = said + 1, next_byte + 1
    return ages


def run(port: int, kind: str, count: int) -> dict[str, float]:
    """Open the connections and wait until the other side has closed them all."""
    if kind == "close":
        for _ in range(count):
            connect(port).close()
        return {"closed": count, "first": 0.0, "last": 0.0}
    if kind == "large":
        ages = [large(connect(port)) for _ in range(count)]
    else:
        ages = watch({connect(port): time.monotonic() for _ in range(count)}, slow=kind == "slow")
    return {"closed": len(ages), "first": min(ages, default=0.0), "last": max(ages, default=0.0)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))) + "\n")
