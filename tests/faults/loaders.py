"""Loaders that are killed, each a fresh process, forked from one that has read the program: so it begins at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.running import REPO

_PROGRAM = """
import ctypes, json, os, signal, sys
from ivr.cli.main import main
import ivr.app.loader, ivr.app.logs, ivr.cli.loader, ivr.store.migrate

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    home, environment, output = json.loads(line)
    child = os.fork()
    if not child:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # it must not outlive us
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.update(environment)
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        sys.argv = ["ivr", "loader", "--home", home]
        try:
            main()
        finally:
            os._exit(1)
    print(child, flush=True)
"""


class Loaders:
    """Starts and kills loaders, as a context."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._nursery: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._nursery = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM], cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._nursery
        self._nursery.kill()
        self._nursery.communicate()

    def start(self, home: Path, environment: Mapping[str, str]) -> tuple[int, Path]:
        """Start a loader on the home; return its process id, and the file of what it prints."""
        assert self._nursery
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._count += 1
        output = self._folder / f"loader{self._count}.log"
        self._nursery.stdin.write(json.dumps([str(home), dict(environment), str(output)]) + "\n")
        self._nursery.stdin.flush()
        return int(self._nursery.stdout.readline()), output

    @staticmethod
    def kill(loader: int) -> None:
        """Kill it, and wait until it is gone."""
        os.kill(loader, signal.SIGKILL)
        while Path(f"/proc/{loader}").exists():
            time.sleep(0.002)
