"""What a newcomer does: two terminals, the commands that the desk itself tells him, and Ctrl-C.

His folder has a blank in its name, and everything is left at its default but the ports.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import soundfile

from ivr.asterisk.private import cache_dir
from ivr.phone.phone import Phone
from ivr.phone.tones import tone_level
from tests.running import DEMO, RunningDesk

pytestmark = pytest.mark.asterisk

IVR = Path(sys.executable).with_name("ivr")
SHIFT = 4100
CALLER = "+79215550301"
LIMIT = 90.0


@dataclass
class Terminal:
    """The newcomer's folder, and what runs in it."""

    folder: Path
    shift: int = SHIFT
    up: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        return self.folder / "var"

    @property
    def said(self) -> str:
        return (self.folder / "up.txt").read_text()

    def start(self, *options: str) -> None:
        """Type `ivr up`, and wait for its welcome."""
        with (self.folder / "up.txt").open("wb") as output:
            self.up = subprocess.Popen(
                [IVR, "up", "--shift", str(self.shift), *options],
                cwd=self.folder,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + LIMIT
        while "Ctrl-C drains" not in self.said:
            assert self.up.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.1)

    def interrupt(self) -> None:
        """Press Ctrl-C: the terminal tells its whole foreground group."""
        assert self.up is not None
        os.killpg(self.up.pid, signal.SIGINT)

    def ended(self) -> int:
        """Wait for the end and return the exit code."""
        assert self.up is not None
        return self.up.wait(60)

    def close(self) -> None:
        """Leave nothing running, whatever the test did."""
        if self.up is not None and self.up.poll() is None:
            self.up.kill()
            self.up.wait()

    def ivr(self, *words: str, code: int = 0) -> str:
        """Type a command in the second terminal; return what it printed, or its complaint when it has to fail."""
        done = self.run(*words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr if code else done.stdout

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [IVR, *words],
            cwd=self.folder,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def processes(self) -> list[int]:
        """Return the processes that belong to this home."""
        mine = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                told = (entry / "environ").read_bytes() + b"\0" + (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if f"IVR_HOME={self.home}".encode() in told.split(b"\0") or os.fsencode(self.home) in told:
                mine.append(int(entry.name))
        return mine


def soon(condition: Callable[[], Any], within: float = 10.0) -> Any:
    """Wait until the condition is true and return what it said."""
    end = time.monotonic() + within
    while not (said := condition()):
        assert time.monotonic() < end, f"not within {within} s"
        time.sleep(0.2)
    return said


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("IVR_")} | {"COLUMNS": "200"}


def checkout(folder: Path) -> Path:
    """Return a folder where a newcomer stands: the desks are there, and nothing else yet."""
    folder.mkdir(parents=True)
    (folder / "dialplans").symlink_to(DEMO)
    return folder


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Run a desk with its robots, as `ivr up` starts it in a fresh folder."""
    terminal = Terminal(checkout(tmp_path_factory.mktemp("newcomer") / "my front desk"))
    terminal.start()
    yield terminal
    terminal.close()


@pytest.fixture(scope="module")
def called(terminal: Terminal) -> dict[str, Any]:
    """Place the first call; return what `ivr call --json` tells, once its recording has its verdict."""
    told = json.loads(terminal.ivr("call", "100", "--keys", "2", "--from", CALLER, "--hang-up-after", "3s", "--json"))
    soon(lambda: json.loads(terminal.ivr("recordings", "list", "--state", "ok", "--json")), within=15)
    return told


def one_sentence(said: str, *words: str) -> None:
    """Assert that a complaint is a sentence and its cure, and no traceback."""
    assert re.fullmatch(r"ivr: [^\n]+\.\n {5}[^\n]+\.?\n", said), said
    for word in words:
        assert word in said


def test_up_tells_the_address_the_numbers_and_the_next_commands(terminal: Terminal) -> None:
    assert f"sip:100@127.0.0.1:{5060 + SHIFT}" in terminal.said
    assert f"sip:400@127.0.0.1:{5060 + SHIFT}" in terminal.said
    assert "+78124483455" in terminal.said
    commands = re.findall(r"^ +\.venv/bin/ivr (.*)$", terminal.said, re.MULTILINE)
    assert commands == ["call 100 --keys 2", "calls show last"]


def test_the_running_desk_tells_programs_where_it_is(terminal: Terminal) -> None:
    told = json.loads((terminal.home / "run.json").read_text())
    assert terminal.up is not None
    assert told["pid"] == terminal.up.pid
    assert told["ports"]["sip"] == 5060 + SHIFT


def test_the_call_hears_the_desk_presses_its_key_and_reaches_a_robot_of_the_second_line(
    called: dict[str, Any],
) -> None:
    prompts = [(prompt["prompt"], prompt["cut"]) for prompt in called["prompts"]]
    assert prompts[:3] == [("informer", False), ("category", False), ("notice", False)]
    events = [(event["name"], event["detail"]) for event in called["events"]]
    agent = next(detail for name, detail in events if name == "answered by")
    assert agent in ("agent 201", "agent 202")
    way = [("pressed", "2"), ("category", "product"), ("line", "second"), ("rings", agent), ("answered by", agent)]
    assert [event for event in events if event in way] == way
    assert ("hears", agent) in events
    assert called["ended"]["by"] == "us"
    assert called["unpressed"] == ""


def test_calls_lists_it_and_show_last_draws_its_legs(terminal: Terminal, called: dict[str, Any]) -> None:
    [row] = json.loads(terminal.ivr("calls", "--json"))["calls"]
    assert (row["id"], row["caller"], row["category"]) == (called["call"], CALLER, "product")
    assert (row["outcome"], row["last_line"]) == ("answered", "second")
    told = json.loads(terminal.ivr("calls", "show", "last", "--json"))
    agent = row["answered_by"]
    assert [(leg["kind"], leg["line"], leg["agent"], leg["reason"]) for leg in told["legs"]] == [
        ("ivr", "", "", "handed over"),
        ("queue", "second", "", "answered"),
        ("offer", "second", agent, "answered"),
        ("talk", "second", agent, "caller hung up"),
    ]
    assert told["recordings"][0]["state"] == "ok"
    assert CALLER in terminal.ivr("calls")
    shown = terminal.ivr("calls", "show", "last")
    assert all(word in shown for word in ("ultralight", CALLER, "product", agent))


def test_recordings_are_listed_shown_and_exported(terminal: Terminal, called: dict[str, Any]) -> None:
    [row] = json.loads(terminal.ivr("recordings", "list", "--json"))
    assert (row["call_id"], row["state"], row["line"]) == (called["call"], "ok", "second")
    [shown] = json.loads(terminal.ivr("recordings", "show", row["name"], "--json"))
    assert shown["file"]["untouched"] is True
    assert row["agent"] in terminal.ivr("recordings", "show", str(called["call"]))
    file = Path(terminal.ivr("recordings", "export", row["name"], "--to", "my exports").strip())
    assert file.parent == Path("my exports")
    kept = terminal.folder / "recordings" / row["path"]
    assert (terminal.folder / file).read_bytes() == kept.read_bytes()
    sound, rate = soundfile.read(kept, always_2d=True)
    assert (rate, sound.shape[1]) == (8000, 2)
    one_sentence(terminal.ivr("recordings", "export", row["name"], "--to", "my exports", code=2), "there already")


def test_a_question_answered_while_waiting_is_the_source_of_the_call(terminal: Terminal) -> None:
    """Key 3 is product and prices' neighbour, orders; the second key answers the question in the line."""
    caller = "+79215550302"
    told = json.loads(terminal.ivr("call", "100", "--keys", "31", "--from", caller, "--hang-up-after", "2s", "--json"))
    assert [event["detail"] for event in told["events"] if event["name"] == "pressed"] == ["3", "1"]
    assert told["unpressed"] == ""
    row = soon(lambda: _closed(terminal, told["call"]))
    assert (row["category"], row["source"], row["source_how"]) == ("order", "internet", "asked")


def _closed(terminal: Terminal, call: str) -> dict[str, Any] | None:
    row = json.loads(terminal.ivr("calls", "show", call, "--json"))
    return row if row["ended_at"] else None


def test_what_the_caller_heard_is_kept_and_his_next_command_can_be_pasted(terminal: Terminal, tmp_path: Path) -> None:
    """Also when the home has a blank in its path."""
    heard = tmp_path / "heard.wav"
    said = terminal.ivr(
        "call", "400", "--keys", "5-", "--hang-up-after", "1s", "--heard", str(heard), "--home", str(terminal.home)
    )
    command = re.search(r"^its legs: ivr (.*)$", said, re.MULTILINE)
    assert command, said
    assert re.search(r"^answered by agent 431 at \d+\.\d s$", said, re.MULTILINE), said
    assert "complaint" in terminal.ivr(*shlex.split(command[1]))
    sound, rate = soundfile.read(heard)
    assert rate == 8000
    assert len(sound) > 8000 * 10


def test_agents_shows_credentials_with_which_a_telephone_registers(terminal: Terminal) -> None:
    rows = {row["agent"]: row for row in json.loads(terminal.ivr("agents", "--json"))}
    assert set(rows) == {"101", "102", "103", "201", "202", "301", "411", "412", "421", "422", "431"}
    host, _, port = rows["301"]["server"].partition(":")
    assert rows["301"]["lines"] == ["third"]

    async def register() -> None:
        async with Phone(server=(host, int(port)), user="301", password=rows["301"]["password"]) as phone:
            await phone.register()

    asyncio.run(register())
    assert rows["301"]["password"] in terminal.ivr("agents")
    assert (terminal.home / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_status_says_that_every_part_is_well(terminal: Terminal) -> None:
    told = json.loads(terminal.ivr("status", "--json"))
    assert told["parts"].keys() == {"supervisor", "asterisk", "controller", "loader", "robots"}
    assert {part["state"] for part in told["parts"].values()} == {"well"}
    assert told["parts"]["robots"]["on_duty"] == told["parts"]["robots"]["agents"] == 11
    assert told["lines"]["ultralight-second"] == {"waiting": 0, "agents": {"201": "free", "202": "free"}}


def test_a_number_that_no_desk_has_is_told_with_those_that_there_are(terminal: Terminal) -> None:
    one_sentence(terminal.ivr("call", "999", code=1), "999", "100", "400")
    assert terminal.run("call", "999", "--json").returncode == 1


def test_a_second_desk_on_the_same_home_is_refused_and_the_first_goes_on(terminal: Terminal) -> None:
    assert terminal.up is not None
    before = (terminal.home / "run.json").read_bytes()
    one_sentence(terminal.ivr("up", "--shift", str(SHIFT + 50), code=2), str(terminal.up.pid), "--home")
    assert (terminal.home / "run.json").read_bytes() == before
    terminal.ivr("status")


def test_a_desk_on_taken_ports_is_refused_before_anything_is_written(terminal: Terminal, tmp_path: Path) -> None:
    other = tmp_path / "other"
    said = terminal.ivr("up", "--shift", str(SHIFT), "--home", str(other), code=2)
    one_sentence(said, str(5060 + SHIFT), "--shift")
    assert [path.name for path in other.iterdir()] == ["lock"]


def test_commands_for_a_home_where_nothing_runs_say_how_to_start_one(terminal: Terminal, tmp_path: Path) -> None:
    for words in (["status"], ["calls"], ["recordings", "list"], ["agents"], ["asterisk", "cli", "core show uptime"]):
        done = terminal.run(*words, "--home", str(tmp_path / "nothing"))
        assert done.returncode == 2, (words, done.stdout)
        one_sentence(done.stderr)
    assert not (tmp_path / "nothing").exists()


def test_control_c_lets_a_talk_end_and_leaves_nothing_behind(terminal: Terminal) -> None:
    """The caller hangs up himself, his call is in the ledger, and no process and no run.json remain."""
    told = asyncio.run(_talk_over_control_c(terminal))
    assert terminal.ended() == 0, terminal.said
    assert "Traceback" not in terminal.said
    soon(lambda: not terminal.processes())
    assert not (terminal.home / "run.json").exists()
    assert not (terminal.home / "asterisk/run/asterisk.ctl").exists()
    row = next(row for row in json.loads(terminal.ivr("calls", "--json"))["calls"] if row["caller"] == "+79215550305")
    assert row["outcome"] == "answered"
    assert row["end_reason"] == "caller hung up"
    assert abs(row["talked"] - told) < 0.5


async def _talk_over_control_c(terminal: Terminal) -> float:
    """Press Ctrl-C in the middle of a talk, hang up three seconds later; return how long the talk was."""
    async with Phone(server=("127.0.0.1", 5060 + SHIFT)) as phone:
        call = await phone.call("100", caller="+79215550305")
        await call.answered()
        await asyncio.sleep(0.5)
        await call.press("1")
        while not _hears_robot(call.media.timeline.read(max(0.0, call.now - 0.8), call.now - 0.4)):
            await asyncio.sleep(0.1)
            assert call.ended is None
        began = call.now - 0.8
        terminal.interrupt()
        assert not await call.over(3.0), "the talk was cut"
        await call.hang_up()
        return call.now - began


def _hears_robot(sound: Any) -> bool:
    """Say whether a robot of the first line sings: the lowest pitches of the desk."""
    return max(tone_level(sound, hz) for hz in (600, 620, 640)) > 0.9


def test_a_second_start_fetches_nothing_and_writes_nothing_anew(terminal: Terminal) -> None:
    """Not the private Asterisk, no sound, no configuration, no secret; what it had kept is there."""
    made = [terminal.home / "secrets.json", *(terminal.home / "asterisk" / part for part in PREPARED), cache_dir()]
    before = [stamps(place) for place in made]
    calls = json.loads(terminal.ivr("calls", "--json"))["calls"]
    terminal.start()
    assert [stamps(place) for place in made] == before
    assert json.loads(terminal.ivr("calls", "--json"))["calls"] == calls
    soon(lambda: not json.loads(terminal.ivr("recordings", "list", "--state", "expected", "--json")), within=15)
    states = [row["state"] for row in json.loads(terminal.ivr("recordings", "list", "--json"))]
    assert states == ["ok"] * len(calls)
    terminal.interrupt()
    assert terminal.ended() == 0


MAIL = """\
server: smtp://127.0.0.1:1
security: none
from: desk@example.com
time zone: Europe/Moscow
reports:
  morning: {report: lines, every: day, at: "08:00", to: [owner@example.com]}
"""
PREPARED = ("etc", "sounds", "music", "data")


def stamps(place: Path) -> dict[Path, tuple[int, int, int]]:
    """Return each file's inode, size and time of its last change; locks are touched by those who look."""
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.name != "lock"]
    told = {path: path.lstat() for path in files if not path.is_dir() or path.is_symlink()}
    return {path: (one.st_ino, one.st_size, one.st_mtime_ns) for path, one in told.items()}


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Listen where systemd would."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind(f"\0ivr-newcomer-{os.getpid()}")
        there.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@ivr-newcomer-{os.getpid()}")
        yield there


def test_a_deep_home_that_mails_reports_works_like_any_other_and_stops(tmp_path: Path, systemd: socket.socket) -> None:
    """Its control socket would have a path that is longer than a socket may have; the mailer is one part more.

    It is a service of systemd meanwhile, which hears that it is ready, and that it stops.
    """
    deep = tmp_path / ("deep " * 8).strip()
    room = 190 - len(os.fsencode(deep / "home"))
    desk = RunningDesk(deep / ("x" * room) / "home", SHIFT, robots=True)
    desk.home.mkdir(parents=True)
    desk.settings.mail_file.write_text(MAIL)
    try:
        desk.start()
        assert systemd.recv(100).startswith(b"READY=1")
        assert "mailer" in json.loads(desk.ivr("status", "--json").stdout)["parts"]
        link = desk.home / "asterisk/run"
        assert len(os.fsencode(link / "asterisk.ctl")) > 107
        assert "Asterisk" in desk.ivr("asterisk", "cli", "core show version").stdout
        told = json.loads(desk.ivr("call", "100", "--keys", "1", "--hang-up-after", "2s", "--json").stdout)
        assert any(event["name"] == "hears" for event in told["events"])
        soon(lambda: json.loads(desk.ivr("recordings", "list", "--state", "ok", "--json").stdout), within=15)
    finally:
        assert desk.stop() == 0, desk.output.read_text()
    assert systemd.recv(100).startswith(b"STOPPING=1")
    shutil.rmtree(link.resolve())


def test_a_home_that_is_too_deep_is_refused_before_it_is_made(terminal: Terminal, tmp_path: Path) -> None:
    home = tmp_path / ("x" * 200)
    one_sentence(terminal.ivr("up", "--home", str(home), code=2), "200", "shorter")
    assert not home.exists()
