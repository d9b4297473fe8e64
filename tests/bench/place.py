"""Where the benchmarks run: one Asterisk with the desk's own dialplan and its peers', many agents, and controllers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from ivr.app.heartbeat import last_beat
from ivr.app.prepare import Prepared, prepare
from ivr.asterisk.private import silent
from ivr.errors import DeskError
from ivr.settings import Settings
from ivr.store.migrate import migrate
from tests.bench.sipp import Callers, start_agents, stop

REPO = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
OURS, PLAIN, PANORAMISK, PYST2 = "100", "901", "902", "903"
"""The number of each way through the same flow."""
SHIFT = 3000
NEXT_SHIFT = 3100
"""For a second place beside the first."""
_AGENTS = [str(number) for number in range(101, 141)]
_SHIPPED = "agents: [101, 102, 103]"
_AGENT_PORT, _CALLER_PORT = 15100, 15150


class Place:
    """A home with the sales desk of the demo, its first line staffed by 40 agents; Asterisk runs inside `with`."""

    def __init__(self, shift: int = SHIFT) -> None:
        self._stack = ExitStack()
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="ivr-bench-")))
        self.settings = Settings(
            home=self.folder / "home",
            desks=self.folder / "desks",
            recordings=self.folder / "recordings",
            shift=shift,
            robots=False,
            database="",
        )
        self.callers = Callers(self.folder, self.settings.sip_port, _CALLER_PORT + shift)
        self.asterisk = 0
        """Asterisk's process id."""

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def journal_size(self) -> int:
        """Return the bytes of the journal."""
        return self.settings.journal.stat().st_size

    def journal_since(self, size: int) -> bytes:
        """Return what the journal got since it had that size."""
        with self.settings.journal.open("rb") as file:
            file.seek(size)
            return file.read()

    @contextmanager
    def controller(self, wrapper: tuple[str, ...] = ()) -> Iterator[int]:
        """Run the desk's controller; gives its process id. `wrapper` goes before its command (a profiler)."""
        command = [*wrapper, sys.executable, "-m", "ivr", "controller"]
        with self._process(command, "controller", self.settings.environment()) as process:
            end = time.monotonic() + 30
            while not self._controller_ready():
                self._expect(process, "controller", end)
            time.sleep(1.0)  # AMI says what it knows when it begins
            yield process.pid

    @contextmanager
    def panoramisk(self) -> Iterator[int]:
        """Run the peer that is made of panoramisk; gives its process id."""
        command = [sys.executable, str(PEERS / "panoramisk_desk.py"), str(self._panoramisk_port)]
        with self._process(command, "panoramisk", dict(os.environ)) as process:
            time.sleep(1.5)
            yield process.pid

    @property
    def _panoramisk_port(self) -> int:
        return self.settings.agi_port + 50

    def _controller_ready(self) -> bool:
        beat = last_beat(self.settings.home, "controller")
        return beat is not None and time.time() - beat["at"] < 5

    def _start(self) -> None:
        self._write_desk()
        prepared = prepare(self.settings, silent)
        migrate(self.settings.database_url)
        self._add_peers(prepared.editions[0].name)
        agents = start_agents(self.folder, _AGENT_PORT + self.settings.shift)
        self._stack.callback(stop, agents)
        argv = prepared.installation.argv(self.settings.asterisk_etc)
        process = self._stack.enter_context(self._process(argv, "asterisk", dict(os.environ)))
        self.asterisk = process.pid
        end = time.monotonic() + 60
        while "fully booted" not in self._console(prepared, "core waitfullybooted"):
            self._expect(process, "asterisk", end)
        while "Unavail" in (told := self._console(prepared, "pjsip show contacts")) or "Avail" not in told:
            self._expect(process, "asterisk", end)

    def _write_desk(self) -> None:
        shipped = REPO / "dialplans"
        text = (shipped / "ultralight.yaml").read_text()
        if text.count(_SHIPPED) != 1:
            raise DeskError("The demo's first line has other agents than the benchmark knows.", "Mend place.py.")
        text = text.replace(_SHIPPED, f"agents: [{', '.join(_AGENTS)}]")
        named = "".join(f"  {agent}: Анна-{agent}\n" for agent in _AGENTS[3:])
        text = text.replace("\nagents:\n", f"\nagents:\n{named}")
        self.settings.desks.mkdir()
        (self.settings.desks / "ultralight.yaml").write_text(text)
        (self.settings.desks / "ultralight").symlink_to(shipped / "ultralight")

    def _add_peers(self, edition: str) -> None:
        """Put the peers beside the rendered dialplan, and the agents' telephones at fixed addresses."""
        etc = self.settings.asterisk_etc
        plain = (PEERS / "plain.conf").read_text()
        values = {
            "{recordings}": str(self.settings.recordings.absolute()),
            "{panoramisk}": str(self._panoramisk_port),
            "{python}": sys.executable,
            "{edition}": edition,
            "{pyst2}": str(PEERS / "pyst2_desk.py"),
        }
        for name, value in values.items():
            plain = plain.replace(name, value)
        with (etc / "extensions.conf").open("a") as file:
            file.write(plain)
        pjsip = (etc / "pjsip.conf").read_text()
        for agent in _AGENTS:
            section = f"\n[{agent}](agent-address)\n"
            contact = f"contact = sip:{agent}@127.0.0.1:{_AGENT_PORT + self.settings.shift}\n"
            pjsip = pjsip.replace(section, section + contact)
        (etc / "pjsip.conf").write_text(pjsip)

    def _console(self, prepared: Prepared, command: str) -> str:
        argv = prepared.installation.cli_argv(self.settings.asterisk_etc, command)
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30).stdout

    def _expect(self, process: subprocess.Popen[bytes], name: str, end: float) -> None:
        """Wait a little for a process to be ready. Raises `DeskError` when it has ended, or at `end`."""
        if process.poll() is not None or time.monotonic() > end:
            tail = (self.folder / f"{name}.log").read_text(errors="replace")[-1500:]
            raise DeskError(f"The {name} of the benchmark did not start.\n{tail}", "Its log says why.")
        time.sleep(0.2)

    @contextmanager
    def _process(self, argv: list[str], name: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=REPO,
                env=environment,
            )
        try:
            yield process
        finally:
            stop(process, 20.0)
