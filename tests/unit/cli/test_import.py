"""`ivr ledger import`, `imports` and `compare` as a user meets them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from ivr.store.migrate import migrate
from tests.command import run

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "history"
REPO = Path(__file__).parents[3]


@pytest.fixture
def home(tmp_path):
    migrate(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    return tmp_path


def ivr(home: Path, *words: str, code: int = 0) -> str:
    done = run("ledger", *words, "--home", str(home), folder=REPO, COLUMNS="160")
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_an_import_tells_what_it_took_what_it_set_aside_and_what_cannot_be_known(home):
    said = ivr(home, "import", str(SAMPLES / "queue_log.freepbx"), "--map", str(SAMPLES / "map.yaml"))
    for part in (
        "queue_log.freepbx: a queue_log",
        "23 rows taken, 2 set aside, 2026-02-17T07:00:00 to 2026-02-17T07:30:00 UTC",
        "6 new calls",
        "4 rows tell of agents' pauses and sign-ins",
        "line 22: may be forged",
        "The last line is not whole: copy the file again and import it; what is in is not taken twice.",
        "6 calls: stamps of one second",
        "1 call: passed on, and what followed is unknown",
    ):
        assert part in said


@pytest.mark.slow
def test_the_same_file_given_twice_changes_nothing_and_is_told(home):
    words = ("import", str(SAMPLES / "master.csv"), "--desk", "ultralight", "--zone", "Europe/Moscow")
    ivr(home, *words)
    listed = ivr(home, "imports", "--json")
    assert "this very file was imported before; nothing was changed." in ivr(home, *words)
    assert ivr(home, "imports", "--json") == listed
    assert [row["taken"] for row in json.loads(listed)] == [3]
    assert ", 0 rows different" in ivr(home, "verify")


def test_a_proposed_map_is_a_map_that_can_be_given(home, tmp_path):
    files = [str(SAMPLES / "queue_log.freepbx"), str(SAMPLES / "freepbx_cdr.sql")]
    proposed = ivr(home, "import", *files, "--propose", "--zone", "Europe/Moscow", "--system", "pbx1")
    path = tmp_path / "map.yaml"
    path.write_text(proposed)
    told = json.loads(ivr(home, "import", *files, "--map", str(path), "--json"))
    assert told["system"] == "pbx1"
    assert [file["rows"] for file in told["files"]] == [23, 6]


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (("import", "queue_log.freepbx"), "--desk NAME"),
        (("import", "queue_log.freepbx", "--desk", "shpo"), "Desks: homecare, ultralight."),
        (("import", "queue_log.freepbx", "--desk", "ultralight", "--kind", "cdr"), "--kind queue_log"),
        (("import", "queue_log.freepbx", "--desk", "ultralight", "--kind", "xls"), "Say --kind queue_log, cdr, cel"),
        (("import", "master.csv", "--desk", "ultralight"), "--zone Europe/Moscow"),
        (("import", "master.csv", "--desk", "ultralight", "--zone", "UTC"), "Give the zone"),
        (("import", "master.csv", "--desk", "ultralight", "--zone", "Mars"), "Zones have names"),
        (("import", "absent.csv", "--desk", "ultralight"), "Check the name"),
        (("import", "master.csv", "--desk", "ultralight", "--system", "../x"), "small letters"),
        (("import", "map.yaml", "--desk", "ultralight"), "Known are"),
        (("import", "master.csv", "--map", "master.csv"), "mistake"),
    ],
)
def test_every_refusal_is_one_sentence_and_its_cure_and_nothing_is_kept(home, words, cure):
    place = [str(SAMPLES / word) if "." in word and "/" not in word else word for word in words]
    assert cure in ivr(home, *place, code=2)
    with sqlite3.connect(home / "ledger.sqlite") as database:
        assert database.execute("SELECT (SELECT count(*) FROM imported_row), count(*) FROM call").fetchone() == (0, 0)
    database.close()


def test_a_comparison_of_calls_that_the_ledger_never_had_fails_and_names_them(home):
    said = ivr(home, "compare", str(SAMPLES / "queue_log.freepbx"), "--map", str(SAMPLES / "map.yaml"), code=2)
    assert "6 calls in the files; 0 are the same here, 6 differ." in said
    assert "1771311655.104" in said
