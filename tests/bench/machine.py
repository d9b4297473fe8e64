"""The machine that was measured, in the words that a reader of the figures needs; and what a process has used of it."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from ivr.asterisk.private import find_asterisk

_TICK = os.sysconf("SC_CLK_TCK")


def describe() -> str:
    """Return cores, processor, Python and Asterisk."""
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    asterisk = ".".join(map(str, find_asterisk().version))
    model = found[1].strip() if found else platform.machine()
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}, Asterisk {asterisk}"


def load() -> float:
    """Return the machine's load average over the last minute."""
    return os.getloadavg()[0]


def cpu_seconds(process: int) -> float:
    """Return what a process has used, user and system, all its threads and the children that it has waited for."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / _TICK
