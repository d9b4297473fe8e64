"""Tell systemd how we are: ready when the desk answers, alive while our loop turns, stopping. See sd_notify(3)."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress


class Notifier:
    """Speaks to the socket that the environment names; without one it is silent.

    The names are taken out of the environment: Asterisk knows them too, and would be ready before the desk is.
    """

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        microseconds = os.environ.pop("WATCHDOG_USEC", "")
        os.environ.pop("WATCHDOG_PID", None)
        self._watched = int(microseconds) / 1e6 if microseconds.isdecimal() else 0.0

    def tell(self, *words: str) -> None:
        """Send words such as `READY=1`. A systemd that is gone is no fault of the desk."""
        if not self._address:
            return
        # A name that begins with @ has no file.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as link:
            link.sendto("\n".join(words).encode(), address)

    def stopping(self, seconds: int) -> None:
        """Say that we stop, and how long that may take: the unit may know of a shorter drain than is set now."""
        extend = f"EXTEND_TIMEOUT_USEC={seconds * 1_000_000}"
        self.tell("STOPPING=1", "STATUS=Calls in progress may end.", extend)

    async def live(self) -> None:
        """Say again and again that our loop turns, until cancelled."""
        while self._watched:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self._watched / 3)
