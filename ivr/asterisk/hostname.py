"""Whether the machine knows its own name."""

from __future__ import annotations

import socket
from threading import Thread

_PATIENCE = 1.0
"""Seconds. Asterisk looks the name up for every audio session and blocks meanwhile."""


def check_hostname(name: str = "") -> str | None:
    """Say why the host's name (this machine's when empty) does not resolve, with the cure; None = it does.

    A name that does not resolve brings SIP down to a few calls a second.
    """
    wanted = name or socket.gethostname()
    answers: list[str] = []
    # A thread, because a look-up cannot be interrupted; a daemon, because one that hangs must not keep the desk alive.
    looker = Thread(target=_look_up, args=(wanted, answers), daemon=True)
    looker.start()
    looker.join(_PATIENCE)
    if answers == [""]:
        return None
    wrong = answers[0] if answers else f"no answer within {_PATIENCE:g} s"
    return (
        f"This machine does not know its own name, {wanted} ({wrong}): every call would wait for the look-up. "
        f"As root, run: echo '127.0.1.1 {wanted}' >> /etc/hosts"
    )


def _look_up(name: str, answers: list[str]) -> None:
    try:
        socket.getaddrinfo(name, None)
    except (OSError, UnicodeError) as mistake:
        answers.append(str(mistake))
    else:
        answers.append("")
