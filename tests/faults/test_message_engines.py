"""The loader writes messages out while the engine hangs or crashes, is killed itself, and loses and doubles nothing.

The engine is a package of the test's own in the place of vosk: all else is the real loader and its processes.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select, update

from ivr.desk.recordings import Verdict
from ivr.speech.models import VOSK
from ivr.speech.wav import wav_bytes
from ivr.store.engine import open_database
from ivr.store.recordings import SqlRecordings
from ivr.store.tables import call, journal_record, recording
from ivr.store.tables_texts import message_text
from tests.faults.test_loader_killed import start, stop, until_it_beats
from tests.made_journal import made_journal
from tests.unit.store.test_message_texts import NOON, SECOND, _call

LIMIT = 60.0
ENGINE = """
import json, os, time

def SetLogLevel(_):
    pass

class Model:
    def __init__(self, path):
        place = os.environ["TEST_PLACE"]
        os.mkdir(f"{place}/{os.getpid()}")
        fault = open(f"{place}/fault").read()
        if fault == "hang":
            time.sleep(600)
        if fault == "crash":
            os.abort()

class KaldiRecognizer:
    def __init__(self, model, rate):
        pass

    def SetWords(self, _):
        pass

    def AcceptWaveform(self, _):
        return False

    def FinalResult(self):
        return json.dumps({"result": [{"word": "please", "conf": 0.5}, {"word": "call", "conf": 1.0}]})
"""
DESK = """
desk: shop
numbers: ["100"]
language: en
time zone: UTC
agents: {101: Emily}
categories: {}
lines:
  first: {agents: [101]}
flow:
  hello: {say: "Hello.", then: first}
voicemail: {limit: 2m}
"""


class Place:
    """A home with two messages, a model, and an engine whose fault can be chosen."""

    def __init__(self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.url = folder / "home", url
        self.pids = folder / "pids"
        packages = folder / "packages"
        for path, text in {
            packages / "vosk.py": ENGINE,
            packages / "vosk-0.3.45.dist-info/METADATA": "Metadata-Version: 2.1\nName: vosk\nVersion: 0.3.45\n",
            folder / "desks/shop.yaml": DESK,
            self.pids / "fault": "",
            **{self.home / "models/en/small" / mark: "x" for mark in VOSK.marks},
        }.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.setenv("PYTHONPATH", f"{packages}:{os.environ.get('PYTHONPATH', '')}")
        monkeypatch.setenv("TEST_PLACE", str(self.pids))
        monkeypatch.setenv("IVR_DESKS", str(folder / "desks"))
        self.engine: Engine = open_database(url)
        with self.engine.execution_options(writes=True).begin() as connection:
            for place, name in enumerate(("d-1", "d-2")):
                connection.execute(insert(call).values(_call(name, "en", place)))
                connection.execute(insert(recording).values(name=f"{name}-message", call_id=name, state="expected"))
        folder = self.home / "recordings" / time.strftime("%Y/%m/%d", time.gmtime(NOON))
        folder.mkdir(parents=True)
        for name in ("d-1-message", "d-2-message"):
            (folder / f"{name}.wav").write_bytes(wav_bytes(bytes(16000), 8000))
            path = f"{time.strftime('%Y/%m/%d', time.gmtime(NOON))}/{name}.wav"
            SqlRecordings(self.engine).settle(Verdict(name, "ok", path, 1.0, "ab", 16044))

    def fault(self, name: str) -> None:
        (self.pids / "fault").write_text(name)

    def begun(self) -> list[int]:
        return [int(one.name) for one in self.pids.iterdir() if one.name.isdecimal()]

    def rows(self) -> dict[str, tuple[str, int, str]]:
        with self.engine.connect() as connection:
            found = connection.execute(select(message_text))
            return {row.name: (row.state, row.tries, row.text) for row in found}

    def let_time_pass(self) -> None:
        """Let the last try be long ago."""
        with self.engine.execution_options(writes=True).begin() as connection:
            connection.execute(update(message_text).values(tried_at=NOON * SECOND))


@pytest.fixture
def place(tmp_path, database_url, monkeypatch):
    place = Place(tmp_path, database_url, monkeypatch)
    yield place
    place.engine.dispose()


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, f"{what} within {LIMIT:.0f} s"
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


WRITTEN = {"d-1-message": ("written", 1, "please call"), "d-2-message": ("written", 1, "please call")}


def test_messages_are_written_out_once_whatever_is_started_again(place):
    loader = start(place.home, place.url)
    until(lambda: place.rows() == WRITTEN, "both texts")
    assert stop(loader) == 0
    before = time.time()
    loader = start(place.home, place.url)
    until_it_beats(place.home, before)
    assert stop(loader) == 0
    assert len(place.begun()) == 2
    assert place.rows() == WRITTEN


def test_a_loader_killed_in_the_middle_takes_the_engine_with_it_and_the_message_has_its_text_later(place):
    place.fault("hang")
    loader = start(place.home, place.url)
    until(place.begun, "an engine")
    loader.send_signal(signal.SIGKILL)
    loader.wait()
    until(lambda: not any(map(lives, place.begun())), "no engine")
    assert place.rows() == {"d-1-message": ("awaiting", 0, ""), "d-2-message": ("awaiting", 1, "")}
    place.fault("")
    place.let_time_pass()
    loader = start(place.home, place.url)
    until(lambda: all(state == "written" for state, _, _ in place.rows().values()), "both texts")
    assert stop(loader) == 0
    assert place.rows()["d-2-message"] == ("written", 2, "please call")


def test_a_loader_that_is_stopped_does_not_wait_for_a_hung_engine_and_counts_no_try(place):
    place.fault("hang")
    before = time.time()
    loader = start(place.home, place.url)
    until(place.begun, "an engine")
    until_it_beats(place.home, before)
    assert stop(loader) == 0
    assert not any(map(lives, place.begun()))
    assert {tries for _, tries, _ in place.rows().values()} == {0}


def test_a_hung_engine_holds_up_no_record_of_the_journal(place):
    place.fault("hang")
    loader = start(place.home, place.url)
    until(place.begun, "an engine")
    journal = place.home / "asterisk/log/cel-custom/journal.csv"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(made_journal(20))

    def loaded() -> int:
        with place.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(journal_record)).scalar_one()

    until(lambda: loaded() >= journal.read_bytes().count(b"CHAN_START"), "the journal")
    assert any(map(lives, place.begun())), "the engine was to hang meanwhile"
    stop(loader)


def test_an_engine_that_crashes_at_every_message_is_tried_three_times_each_and_no_more(place):
    place.fault("crash")
    loader = start(place.home, place.url)
    for tries in (1, 2, 3):
        until(lambda tries=tries: {done for _, done, _ in place.rows().values()} == {tries}, f"{tries} tries")
        place.let_time_pass()
    until(lambda: {state for state, _, _ in place.rows().values()} == {"failed"}, "the end of it")
    before = time.time()
    until_it_beats(place.home, before)
    stop(loader)
    assert len(place.begun()) == 6
