"""Crowds of callers and agents by SIPp: what each caller does is known by the beginning of his number."""

from __future__ import annotations

import asyncio
import csv
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr.phone.digest import Account
from ivr.phone.registration import Registration
from ivr.phone.transactions import Ears, Transactions
from ivr.phone.udp import HostPort, Wire
from tests.faults.sipp.capture import write_capture
from tests.running import RunningDesk

HERE = Path(__file__).parent
_TIMES = 6
"""Different times for which the callers of one crowd stay."""
_DESK_MAY_END = 1000
"""ms: nobody's talk ends by itself before."""


def require_sipp() -> None:
    """Skip the test, by the name of what is missing."""
    if shutil.which("sipp") is None:
        pytest.skip("SIPp is missing (Debian's sip-tester; `python setup/programs.py` installs it)")
    if os.geteuid() != 0:
        pytest.skip("root's rights are missing: SIPp sends keys through raw sockets")


@dataclass(frozen=True, slots=True)
class Step:
    """A pause of `least` to `most` ms, by chance, and then a key ("" = none)."""

    least: int
    most: int
    key: str = ""

    def xml(self, files: Path, place: int) -> str:
        """Return the commands of a scenario; `files` begins the name of the key's capture."""
        pause = f'<pause distribution="uniform" min="{self.least}" max="{max(self.most, self.least + 1)}"/>'
        return f"{pause}\n  {_play(files, place, self.key)}" if self.key else pause


def _play(files: Path, place: int, key: str = "") -> str:
    capture = write_capture(files.with_name(f"{files.name}-{place}.pcap"), place, key)
    return f'<nop><action><exec play_pcap_audio="{capture}"/></action></nop>'


def _steps(files: Path, steps: Sequence[Step]) -> str:
    """Return the commands after an answer: a little sound first, as of any telephone."""
    return "\n  ".join([_play(files, 0), *(step.xml(files, place) for place, step in enumerate(steps, 1))])


def _stay(step: Step) -> str:
    """Return a caller's last step: he hangs up after one of some times, by chance, unless the desk did before."""
    if step.most < _DESK_MAY_END:
        return step.xml(Path(), 0)
    times = [step.least + (step.most - step.least) * place // (_TIMES - 1) for place in range(_TIMES)]
    picks = [f'<nop next="stay{place}" chance="{1 / (_TIMES - place):.3f}"/>' for place in range(_TIMES)]
    awaits = [
        f'<label id="stay{place}"/>\n  <recv request="BYE" timeout="{time}" ontimeout="leave" next="gone"/>'
        for place, time in enumerate(times)
    ]
    return "\n  ".join([*picks, *awaits])


@dataclass(frozen=True, slots=True)
class Crowd:
    """Callers of one kind: `prefix` begins their numbers, the number of the call ends them; `steps` end in hang-up."""

    prefix: str
    calls: int
    steps: Sequence[Step]

    @property
    def callers(self) -> set[str]:
        """Every caller's number."""
        return {f"{self.prefix}{number}" for number in range(1, self.calls + 1)}


def start_callers(crowd: Crowd, desk: RunningDesk, number: str, port: int, seconds: float) -> subprocess.Popen[bytes]:
    """Let a crowd call the number, evenly over so many seconds. Its control and audio ports follow `port`."""
    folder = desk.home.parent
    scenario = folder / f"caller-{crowd.prefix}.xml"
    text = (HERE / "caller.xml").read_text()
    scenario.write_text(
        text.replace("{prefix}", crowd.prefix).replace(
            "{steps}", _steps(scenario.with_suffix(""), crowd.steps[:-1]) + "\n  " + _stay(crowd.steps[-1])
        )
    )
    # In calls a period, because a rate has to be whole there.
    period = round(seconds * 1000 / crowd.calls)
    words = ["-sf", scenario.name, "-s", number, "-m", str(crowd.calls), "-r", "1", "-rp", str(period), "-l", "1000"]
    # When both hang up at once, each of the two BYEs comes where only the other was awaited.
    limit = ["-timeout", f"{seconds + 60:.0f}s", "-recv_timeout", "20000", "-default_behaviors", "all,-abortunexp"]
    return _start(folder, scenario.stem, port, *words, *limit, f"127.0.0.1:{desk.settings.sip_port}")


def failures(process: subprocess.Popen[bytes], crowd: Crowd, desk: RunningDesk) -> list[str]:
    """Say what went wrong with a crowd that is done, by SIPp's own counts."""
    folder = desk.home.parent
    path = folder / f"caller-{crowd.prefix}.csv"
    with path.open(newline="") as file:
        last = list(csv.DictReader(file, delimiter=";"))[-1]
    counts = {name: int(last[name]) for name in ("TotalCallCreated", "SuccessfulCall(C)", "FailedCall(C)")}
    wrong = []
    if tuple(counts.values()) != (crowd.calls, crowd.calls, 0):
        errors = folder / f"caller-{crowd.prefix}.errors"
        told = errors.read_text(errors="replace")[:3000] if errors.exists() else ""
        wrong.append(f"{crowd.prefix}: {counts} of {crowd.calls}, exit code {process.returncode}\n{told}")
    return wrong


@contextmanager
def agents(
    desk: RunningDesk, numbers: Sequence[str], port: int, *, ring: int, talk: int, steps: Sequence[Step] = ()
) -> Iterator[None]:
    """Staff agents' places: telephones that ring `ring` ms, do their steps, and hang up after `talk` ms of talk."""
    asyncio.run(_register(desk, numbers, port))
    folder = desk.home.parent
    scenario = folder / f"agent-{port}.xml"
    text = (HERE / "agent.xml").read_text().replace("{ring}", str(ring)).replace("{talk}", str(talk))
    scenario.write_text(text.replace("{steps}", _steps(scenario.with_suffix(""), steps)))
    process = _start(folder, scenario.stem, port, "-sf", scenario.name, "-aa", "-rtp_echo")
    try:
        _await_idle(desk, numbers)
        yield
    finally:
        process.kill()
        process.wait()


async def _register(desk: RunningDesk, numbers: Sequence[str], port: int) -> None:
    """Register agents at a port that SIPp will have: the desk takes a registration's own address for the contact."""

    def arrived(datagram: bytes, sender: HostPort, at: float) -> None:
        transactions.arrived(datagram, sender, at)

    wire = Wire(("127.0.0.1", port), arrived, peer=desk.server)
    ears = Ears(
        request=lambda server: server.reply(200, "OK", tag="agent"),
        acknowledgement=lambda _: None,
        cancel=lambda server, _: server.reply(481, "Call Does Not Exist", tag="agent"),
    )
    transactions = Transactions(wire.send, ears, ("127.0.0.1", port), 8.0)
    host, sip_port = desk.server
    try:
        for number in numbers:
            account, contact = Account(number, desk.password(number)), f"sip:{number}@127.0.0.1:{port}"
            await Registration(transactions, account, server=f"sip:{host}:{sip_port}", contact=contact).register(600)
    finally:
        transactions.close()
        wire.close()


def _await_idle(desk: RunningDesk, numbers: Sequence[str], within: float = 15.0) -> None:
    end = time.monotonic() + within
    while True:
        hints = desk.asterisk("core show hints").replace(" ", "").splitlines()
        idle = {line.partition("@")[0] for line in hints if "State:Idle" in line}
        if idle >= set(numbers):
            return
        assert time.monotonic() < end, f"not idle: {sorted(set(numbers) - idle)}"
        time.sleep(0.2)


def _start(folder: Path, name: str, port: int, *words: str) -> subprocess.Popen[bytes]:
    ports = ["-i", "127.0.0.1", "-p", str(port), "-mp", str(port + 4), "-cp", str(port + 1)]
    logs = ["-nostdin", "-trace_err", "-error_file", f"{name}.errors", "-trace_stat", "-stf", f"{name}.csv", "-fd", "1"]
    with (folder / f"{name}.log").open("wb") as output:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", "sipp", *words, *ports, *logs],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"TERM": "dumb"},
        )
