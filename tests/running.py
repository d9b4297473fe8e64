"""A running desk for the tests: `ivr up` on a home of its own, telephones of ours as callers and agents."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from ivr.app.editions import version_at
from ivr.asterisk.private import find_asterisk
from ivr.flows.edition import edition_name
from ivr.flows.model import Desk
from ivr.flows.prompts import prompts_of
from ivr.flows.reader import read_desk, read_desks
from ivr.phone.call import CallOverError
from ivr.phone.hearing import Heard, recognise
from ivr.phone.incoming import IncomingCall
from ivr.phone.outgoing import OutgoingCall
from ivr.phone.phone import Phone
from ivr.phone.tones import tone
from ivr.phone.wav import read_sound, write_sound
from ivr.settings import Settings
from ivr.store.engine import open_database
from ivr.store.tables import call as call_table
from ivr.store.tables import recording
from tests.command import run

REPO = Path(__file__).parent.parent
DEMO = REPO / "dialplans"
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Each of pytest's processes has systems, and so ports, of its own."""
CALLER_HZ = 440
AGENT_HZ = 1000


@dataclass
class RunningDesk:
    """`ivr up` as a process. `desks` is the folder of its desk files."""

    home: Path
    shift: int
    desks: Path = DEMO
    robots: bool = False
    database: str = ""
    provider: str = ""
    shadow: bool = False
    node: str = ""
    """Of the machine; by the shift when left out."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Other settings."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> Settings:
        return Settings(
            home=self.home,
            desks=self.desks,
            recordings=self.home / "recordings",
            shift=self.shift,
            robots=self.robots,
            database=self.database,
            provider=self.provider,
            shadow=self.shadow,
            **({"node": self.node} if self.node else {}),
            **self.more,
        )

    @property
    def output(self) -> Path:
        return self.home.parent / f"{self.home.name}.log"

    @property
    def server(self) -> tuple[str, int]:
        return ("127.0.0.1", self.settings.sip_port)

    def start(self, limit: float = 90.0) -> RunningDesk:
        """Start it and wait until it says that it answers."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ivr", "up"],
                env=self.settings.environment(),
                cwd=REPO,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + limit
        while b"The desk answers." not in self.output.read_bytes():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < end, self.output.read_text()
            time.sleep(0.1)
        return self

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def part(self, name: str) -> int:
        """Return the process id of a part: asterisk, controller, loader, robots."""
        marks = {"asterisk": str(self.settings.asterisk_etc.absolute())}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except (OSError, ValueError, IndexError):
                continue
            assert self.process is not None
            if parent != self.process.pid:
                continue
            if (name in marks and any(marks[name] in word for word in words)) or words[-2:-1] == [name]:
                return int(folder.name)
        raise AssertionError(f"no {name} runs")

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a part."""
        os.kill(self.part(name), number)

    def ivr(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of ours against this desk's home."""
        done = subprocess.run(
            [sys.executable, "-m", "ivr", *words, "--home", str(self.home)],
            capture_output=True,
            text=True,
            cwd=REPO,
            timeout=60,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr + done.stdout
        return done

    def read(self, *words: str) -> str:
        """Return what a command of ours that only reads says; it runs in this process, so it may be asked often."""
        done = run(*words, "--home", str(self.home), folder=REPO)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def asterisk(self, command: str) -> str:
        """Run a command in Asterisk's console."""
        argv = find_asterisk().cli_argv(self.settings.asterisk_etc.absolute(), command)
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout

    def password(self, agent: str) -> str:
        return json.loads((self.home / "secrets.json").read_text())["agents"][agent]

    def desk(self, name: str) -> Desk:
        return read_desks(self.desks)[name]

    def edition(self, desk: str) -> str:
        """Return the name of the desk's edition that the dialplan knows."""
        return edition_name(desk, version_at(self.desks, self.desk(desk)))

    def prompts(self, desk: str, language: str) -> dict[str, Any]:
        """Return the published sound of each prompt, at 8 kHz."""
        folder = self.settings.sounds / desk / language
        return {path.stem: read_sound(path) for path in sorted(folder.glob("*.wav"))}

    def recognise(self, samples: Any, desk: str, language: str) -> list[Heard]:
        """Return the prompts in what somebody heard."""
        return recognise(samples, self.prompts(desk, language))

    async def call_of(self, caller: str, *, within: float = 6.0, settled: bool = False) -> dict[str, Any]:
        """Return the ledger's closed call of a caller's number, with its legs, as `ivr calls show --json` tells it.

        `settled`: wait also until its recording is verified.
        """
        end = time.monotonic() + within
        while not (closed := self._closed(caller, settled=settled)):
            assert time.monotonic() < end, f"no closed call of {caller} within {within} s"
            await asyncio.sleep(0.1)
        told: dict[str, Any] = json.loads((await asyncio.to_thread(self.ivr, "calls", "show", closed, "--json")).stdout)
        return told

    def _closed(self, caller: str, *, settled: bool) -> str:
        """Return the id of a caller's only call once it is closed; looked up here: a command each time is a load."""
        engine = open_database(self.settings.database_url)
        with engine.connect() as connection:
            calls = connection.execute(
                select(call_table.c.id, call_table.c.ended_at).where(call_table.c.caller == caller)
            ).all()
            assert len(calls) <= 1, f"{caller} called once and has {len(calls)} calls"
            if not calls or calls[0].ended_at is None:
                found = ""
            else:
                states = select(recording.c.state).where(recording.c.call_id == calls[0].id)
                waits = settled and "expected" in connection.execute(states).scalars().all()
                found = "" if waits else str(calls[0].id)
        engine.dispose()
        return found

    @asynccontextmanager
    async def caller(self, number: str, caller: str, *, name: str = "") -> AsyncIterator[OutgoingCall]:
        """Place a call; it is hung up at the end of the block."""
        async with Phone(server=self.server) as phone:
            call = await phone.call(number, caller=caller, name=name)
            try:
                yield call
            finally:
                await call.hang_up()

    @asynccontextmanager
    async def agent(self, number: str, **behaviour: Any) -> AsyncIterator[Agent]:
        """Register an agent's telephone for the block."""
        async with Phone(server=self.server, user=number, password=self.password(number)) as phone:
            agent = Agent(number, phone, **behaviour)
            phone.on_call = agent.take
            await phone.register()
            await self._seen(number)
            yield agent

    async def _seen(self, number: str) -> None:
        """Wait until the queues know that the telephone is there: states travel apart from registrations.

        One that was too busy to answer Asterisk's OPTIONS is asked again half a minute later.
        """
        for _ in range(450):
            if f"{number}@agents" not in (said := await asyncio.to_thread(self.asterisk, "core show hints")):
                raise AssertionError(f"no hint of {number}: {said}")
            line = next(line for line in said.splitlines() if f"{number}@agents" in line)
            if "State:Unavailable" not in line.replace(" ", ""):
                return  # idle, or ringing already: a waiting call comes at once
            await asyncio.sleep(0.1)
        raise AssertionError(f"the telephone of {number} is not seen")


@dataclass
class Agent:
    """An agent's telephone: rings, answers, decides, speaks a tone, and keeps what he heard."""

    number: str
    phone: Phone
    ring: float = 0.5
    decision: str = ""
    """A key pressed once the whisper has been heard (`after` seconds)."""
    after: float = 3.0
    hangs_up_after: float | None = None
    answers: bool = True
    rejects: int = 0
    hz: float = AGENT_HZ
    calls: list[IncomingCall] = field(default_factory=list)

    async def take(self, call: IncomingCall) -> None:
        """Take a call as this agent would."""
        self.calls.append(call)
        try:
            call.ring()
            await asyncio.sleep(self.ring)
            if self.rejects:
                call.reject(self.rejects)
            elif self.answers:
                await self._talk(call)
        except CallOverError:
            return

    async def _talk(self, call: IncomingCall) -> None:
        call.answer()
        if self.decision:
            await asyncio.sleep(self.after)
            await call.press(self.decision)
        call.say(tone(self.hz, 40))
        if self.hangs_up_after is not None:
            await asyncio.sleep(self.hangs_up_after)
            await call.hang_up()


async def eventually(condition: Callable[[], Any], within: float = 10.0) -> Any:
    """Wait until the condition is true and return what it said."""
    end = time.monotonic() + within
    while not (said := condition()):
        assert time.monotonic() < end, f"not within {within} s"
        await asyncio.sleep(0.05)
    return said


def spoken(seed: str, seconds: float = 0.7) -> Any:
    """Return a sound that no other seed gives: a melody of eight tones, told apart by the ear that we test with."""
    notes = np.random.default_rng(list(seed.encode())).choice(np.arange(300, 1500, 37), 8)
    return np.concatenate([tone(float(note), seconds / 8, 0.2) for note in notes])


def desk_folder(folder: Path, desks: Mapping[str, str]) -> Path:
    """Write desk files with a short recorded sound for every prompt, so that a test need not wait for long ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in desks.items():
        path = folder / f"{name}.yaml"
        path.write_text(text)
        for prompt in prompts_of(read_desk(path)):
            sound = folder / name / "recorded" / prompt.language / f"{prompt.id}.wav"
            write_sound(sound, spoken(f"{name}/{prompt.language}/{prompt.id}"))
    return folder
