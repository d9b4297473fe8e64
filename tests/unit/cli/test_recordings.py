"""`ivr recordings` as a person and a program use it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sqlalchemy import insert

from ivr.desk.recordings import ExpectedRecording, verify
from ivr.speech.recording import DiskAudio
from ivr.store.engine import open_database
from ivr.store.migrate import migrate
from ivr.store.recordings import SqlRecordings
from ivr.store.tables import call, leg, recording
from tests.command import run

pytestmark = pytest.mark.slow

NOON = 1_795_262_400
SECOND = 1_000_000


@pytest.fixture
def home(tmp_path):
    """Give a home with one recorded call of 3 s and one without a file."""
    url = f"sqlite:///{tmp_path}/var/ledger.sqlite"
    migrate(url)
    engine = open_database(url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        for name in ("d-1", "d-2"):
            texts = (
                "node",
                "number",
                "category",
                "source",
                "source_how",
                "language",
                "version",
                "caller_name",
                "outcome",
            )
            texts += ("end_reason", "first_line", "last_line", "answered_by", "fallback")
            values = dict.fromkeys(texts, "") | {"id": name, "desk": "shop", "caller": "+79001234567", "known": False}
            values |= {
                "began_at": NOON * SECOND,
                "ended_at": (NOON + 9) * SECOND,
                "connected_at": None,
                "crashed": False,
            }
            connection.execute(insert(call).values(**values, talked=3 * SECOND))
            connection.execute(insert(recording).values(name=name, call_id=name, state="expected"))
        values = {"call_id": "d-1", "place": 1, "kind": "talk", "party": "d-5", "line": "first", "agent": "101"}
        values["recording"] = "d-1"
        times = {"began_at": (NOON + 5) * SECOND, "answered_at": None, "ended_at": (NOON + 8) * SECOND}
        connection.execute(insert(leg).values(**values, **times, reason="agent hung up"))
    live = tmp_path / "recordings/live"
    live.mkdir(parents=True)
    sides = np.stack([np.full(24000, 16384), np.zeros(24000)], axis=1)
    (live / "d-1.raw").write_bytes(sides.astype("<i2").tobytes())
    store = SqlRecordings(engine)
    for name in ("d-1", "d-2"):
        expected = ExpectedRecording(name, name, NOON, 3.0, call_open=False, crashed=False)
        store.settle(verify(expected, tmp_path / "recordings", DiskAudio()))
    engine.dispose()
    return tmp_path


def _run(home, *words, code=0):
    environment = {"IVR_HOME": str(home / "var"), "IVR_RECORDINGS": str(home / "recordings"), "COLUMNS": "200"}
    done = run("recordings", *words, folder=home, **environment)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_the_list_tells_state_length_agent_and_the_reason_of_a_failure(home):
    told = _run(home, "list").splitlines()
    assert len(told) == 2
    assert "failed" in told[0]
    assert "writable" in told[0]
    assert "ok" in told[1]
    assert "shop first/101" in told[1]
    assert [each["name"] for each in json.loads(_run(home, "list", "--json", "--state", "ok"))] == ["d-1"]
    assert json.loads(_run(home, "list", "--json", "--since", "2100-01-01")) == []


def test_a_recording_is_shown_with_the_talks_it_covers_its_levels_and_whether_it_is_untouched(home):
    shown = json.loads(_run(home, "show", "d-1", "--json"))[0]
    assert [(talk["agent"], talk["at"], talk["seconds"]) for talk in shown["covers"]] == [("101", 0.0, 3.0)]
    assert shown["file"] == {"untouched": True, "caller_peak_db": -6.0, "agent_peak_db": None}
    path = home / "recordings" / shown["path"]
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    assert "CHANGED since it was verified" in _run(home, "show", "d-1")


def test_an_export_has_a_readable_name_and_the_callers_number_only_when_asked_for(home):
    first = _run(home, "export", "d-1", "--to", "out").strip()
    assert Path(first).name == "2026-11-21_12-00-00Z_shop_first_101_d-1.wav"
    told = json.loads(_run(home, "export", "d-1", "--to", "out", "--with-number", "--format", "flac", "--json"))
    assert Path(told[0]["file"]).name == "2026-11-21_12-00-00Z_shop_first_101_+79001234567_d-1.flac"
    assert soundfile.info(home / told[0]["file"]).channels == 2


@pytest.mark.slow
def test_an_expired_recording_is_told_in_words_and_listed_only_when_asked_for(home):
    engine = open_database(f"sqlite:///{home}/var/ledger.sqlite")
    SqlRecordings(engine).expire({"d-1": "kept 180 days"})
    engine.dispose()
    assert "d-1" not in _run(home, "list")
    assert "kept 180 days" in _run(home, "list", "--state", "expired")
    told = _run(home, "show", "d-1")
    assert "d-1  expired: kept 180 days" in told
    assert "there is nothing to hear" in told
    assert "d-1 is expired: kept 180 days" in _run(home, "export", "d-1", "--to", "out", code=2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "nobody"), "no recording 'nobody'"),
        (("show", "../../etc/passwd"), "no recording"),
        (("export", "d-2", "--to", "out"), "d-2 is failed"),
        (("export", "d-1", "--to", "out", "--format", "ogg"), "no format 'ogg'"),
        (("list", "--state", "lost"), "no state 'lost'"),
        (("list", "--since", "yesterday-ish"), "no moment"),
        (("list", "--home", "elsewhere"), "no ledger"),
    ],
)
def test_every_mistake_is_one_sentence_with_a_cure_and_leaves_nothing(home, words, told):
    error = _run(home, *words, code=2)
    assert told in error
    assert len(error.strip().splitlines()) == 2
    assert "Traceback" not in error
    assert not (home / "out").exists()
    assert not (home / "elsewhere").exists()


def test_a_second_export_refuses_to_write_over_the_first(home):
    _run(home, "export", "d-1", "--to", "out")
    assert "is there already" in _run(home, "export", "d-1", "--to", "out", code=2)
