"""What callers said into the voicemail, wherever a message is told of; and nowhere else."""

from __future__ import annotations

import json
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from ivr.app.mailer import ReportWriter
from ivr.desk.ports_recognizer import Heard, Word
from ivr.desk.recordings import Verdict
from ivr.reports.mail_file import MailFile, Sending
from ivr.speech.models import POCKETSPHINX
from ivr.store.books import SqlBooks
from ivr.store.engine import open_database
from ivr.store.message_texts import SqlMessageTexts
from ivr.store.migrate import migrate
from ivr.store.recordings import SqlRecordings
from ivr.store.tables import call, recording
from ivr.store.tables_missed import missed
from tests.command import run
from tests.running import DEMO
from tests.unit.store.test_message_texts import NOON, SECOND, _call

pytestmark = pytest.mark.slow

TEXT = "Здравствуйте, это Анна с Садовой улицы, люстра пришла разбитой, перезвоните мне, пожалуйста, сегодня до шести"
WORDS = [Word(word, 0.8) for word in TEXT.split()]


@pytest.fixture
def home(tmp_path):
    """Give a ledger with a message that was written out and one that waits; the caller is owed a talk."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    migrate(url)
    engine = open_database(url)
    owed = {"number": "+79001234567", "first_at": NOON * SECOND, "last_at": (NOON + 120) * SECOND, "calls": 2}
    owed |= {"last_call": "d-2", "desk": "shop", "line": "", "tries": 0, "returned_by": "", "returned_call": ""}
    with engine.execution_options(writes=True).begin() as connection:
        for place, name in enumerate(("d-1", "d-2")):
            connection.execute(insert(call).values(_call(name, "ru", place)))
            connection.execute(insert(recording).values(name=f"{name}-message", call_id=name, state="expected"))
        connection.execute(insert(missed).values(owed))
    for name in ("d-1-message", "d-2-message"):
        SqlRecordings(engine).settle(Verdict(name, "ok", f"2026/11/21/{name}.wav", 7.5, "ab", 120_044))
    SqlMessageTexts(engine, "desk1").keep("d-1-message", "ru", Heard(WORDS, "vosk 0.3.45", "small-ru"))
    engine.dispose()
    return tmp_path


def ivr(home, *words, code=0):
    done = run(*words, "--home", str(home), COLUMNS="300")
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_call_is_shown_with_what_was_said_or_with_one_sentence_why_it_is_not(home):
    assert f"“{TEXT}” (vosk 0.3.45, small-ru, 80% sure)" in ivr(home, "calls", "show", "d-1")
    assert "not written out yet; `ivr doctor` says whether this machine can" in ivr(home, "calls", "show", "d-2")
    (told,) = json.loads(ivr(home, "calls", "show", "d-1", "--json"))["recordings"]
    assert (told["text"]["text"], told["text"]["language"]) == (TEXT, "ru")
    assert told["text"]["written_at"].endswith("+00:00")


def test_messages_are_listed_with_their_first_words_and_shown_with_all_of_them(home):
    lines = ivr(home, "recordings", "list", "--kind", "voicemail").splitlines()
    assert "“Здравствуйте, это Анна с Садовой улицы, люстра пришла разбитой, перезвоните …”" in lines[1]
    assert "“" not in lines[0]
    assert f"said     “{TEXT}”" in ivr(home, "recordings", "show", "d-1-message")
    (told,) = json.loads(ivr(home, "recordings", "show", "d-1-message", "--json"))
    assert (told["said"]["text"], told["said"]["engine"]) == (TEXT, "vosk 0.3.45")


def test_the_debt_list_begins_with_what_the_caller_wants(home):
    assert "Здравствуйте, это Анна" in ivr(home, "report", "missed", "--format", "csv")
    tables = json.loads(ivr(home, "report", "missed", "--format", "json"))["tables"]
    (row,) = next(table["rows"] for table in tables if table["title"].startswith("Still owed"))
    assert row[-1].startswith("Здравствуйте, это Анна")


def test_where_nobody_said_anything_the_debt_list_on_the_screen_is_as_it_was(home):
    ivr(home, "recordings", "again", "d-1")
    assert "+79001234567" in (told := ivr(home, "report", "missed"))
    assert "what he said" not in told


def test_no_letter_tells_what_callers_said(home):
    """It leaves the machine; what a caller said does not."""
    books = SqlBooks(f"sqlite:///{home}/ledger.sqlite")
    for form in ("csv", "json", "html"):
        sending = Sending("debts", "missed", "day", time(8), ("a@example.com",), form)
        file = MailFile("127.0.0.1", 25, "none", "", "Desk <desk@example.com>", ZoneInfo("UTC"), (sending,))
        letter = ReportWriter(books, file).write("debts", date(2026, 11, 21), date(2026, 11, 22), "a@example.com")
        told = letter.text + letter.html + letter.attachments[0].content.decode()
        assert "+79001234567" in told
        assert "Анна" not in told
        assert "what he said" not in told
    books.close()


def test_a_message_is_let_wait_once_more_by_its_call_or_its_name(home):
    assert "d-1-message waits" in ivr(home, "recordings", "again", "d-1")
    assert "not written out yet" in ivr(home, "recordings", "show", "d-1")
    assert "There is no message d-9-message" in ivr(home, "recordings", "again", "d-9", code=2)


def test_a_sound_file_is_tried_without_keeping_anything(home):
    if POCKETSPHINX.version() is None:
        pytest.skip("pocketsphinx is not installed: pip install pocketsphinx")
    sound = str(DEMO / "homecare/prompts/en/voicemail.wav")
    told = json.loads(ivr(home, "recordings", "recognize", sound, "--language", "en", "--json"))
    assert "number" in told["text"].split()
    assert {word["text"] for word in told["words"]} == set(told["text"].split())
    assert "Nothing on this machine hears ru" in ivr(home, "recordings", "recognize", sound, "--language", "ru", code=2)


def test_what_is_no_message_is_refused_with_a_sentence(home):
    if POCKETSPHINX.version() is None:
        pytest.skip("pocketsphinx is not installed: pip install pocketsphinx")
    (home / "odd.wav").write_text("hello")
    assert "was not written out" in ivr(
        home, "recordings", "recognize", str(home / "odd.wav"), "--language", "en", code=2
    )
