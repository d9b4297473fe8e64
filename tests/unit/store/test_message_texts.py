"""What callers said into the voicemail, in the database: which waits, what was written, and when it is gone."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from ivr.desk.ports_recognizer import MOST_TRIES, Heard, Word
from ivr.desk.recordings import Verdict
from ivr.store.books import SqlBooks
from ivr.store.engine import open_database
from ivr.store.message_texts import RETRY, SqlMessageTexts
from ivr.store.queries import Calls
from ivr.store.rebuild import rebuild, verify
from ivr.store.recordings import SqlRecordings
from ivr.store.tables import call, recording
from ivr.store.tables_missed import missed
from ivr.store.tables_texts import message_text

SECOND = 1_000_000
NOON = 1_795_262_400
SPOKEN = {"shop": "ru"}
BOTH = ("ru", "en")
HEARD = Heard([Word("please", 0.5), Word("call", 1.0)], "parrot 1.0", "small-en")


class Clock:
    """Stands still until it is moved. Seconds."""

    def __init__(self) -> None:
        self.now = NOON + 3600.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def engine(database_url):
    """Give a ledger with an older message of a caller who picked English, a newer Russian one, and a talk."""
    engine = open_database(database_url)
    with engine.execution_options(writes=True).begin() as connection:
        for place, (name, language) in enumerate((("d-1", "en"), ("d-2", ""), ("d-3", ""))):
            connection.execute(insert(call).values(_call(name, language, place)))
            kept = name if name == "d-3" else f"{name}-message"
            connection.execute(insert(recording).values(name=kept, call_id=name, state="expected"))
    SqlRecordings(engine).settle(*(_verdict(name) for name in ("d-1-message", "d-2-message", "d-3")))
    yield engine
    engine.dispose()


def _call(name, language, place):
    texts = ("number", "category", "source", "source_how", "version", "caller_name", "outcome")
    texts += ("end_reason", "first_line", "last_line", "answered_by", "fallback")
    began = (NOON + 60 * place) * SECOND
    values = dict.fromkeys(texts, "") | {"id": name, "desk": "shop", "caller": "89001234567", "node": "desk1"}
    values |= {"began_at": began, "ended_at": began + 30 * SECOND, "language": language, "direction": "in"}
    return values | {"known": False, "connected_at": None, "talked": 0, "crashed": False}


def _verdict(name):
    return Verdict(name, "ok", f"2026/11/21/{name}.wav", 7.5, "ab", 120_044)


def rows(engine):
    with engine.connect() as connection:
        return {row.name: row for row in connection.execute(select(message_text))}


def test_a_verified_message_waits_to_be_written_out_and_a_talk_does_not(engine):
    assert {name: row.state for name, row in rows(engine).items()} == {
        "d-1-message": "awaiting",
        "d-2-message": "awaiting",
    }


def test_the_newest_comes_first_in_the_language_of_its_call_else_its_desk_s(engine, clock):
    texts = SqlMessageTexts(engine, "desk1", clock)
    found = texts.next(BOTH, SPOKEN)
    assert (found.name, found.call_id, found.language, found.seconds) == ("d-2-message", "d-2", "ru", 7.5)
    texts.begin(found.name)
    found = texts.next(BOTH, SPOKEN)
    assert (found.name, found.language, found.path) == ("d-1-message", "en", "2026/11/21/d-1-message.wav")


def test_a_language_that_nothing_hears_and_another_machine_s_messages_are_left_waiting(engine, clock):
    assert SqlMessageTexts(engine, "desk1", clock).next(["en"], SPOKEN).name == "d-1-message"
    assert SqlMessageTexts(engine, "desk1", clock).next(["de"], SPOKEN) is None
    assert SqlMessageTexts(engine, "desk1", clock).next(["ru"], {}) is None
    assert SqlMessageTexts(engine, "desk2", clock).next(BOTH, SPOKEN) is None


def test_a_text_is_kept_once_with_its_engine_model_and_moment(engine, clock):
    texts = SqlMessageTexts(engine, "desk1", clock)
    texts.begin("d-1-message")
    assert texts.keep("d-1-message", "en", HEARD)
    assert not texts.keep("d-1-message", "en", Heard([Word("other", 1.0)], "x", "y")), "it is written already"
    said = SqlRecordings(engine).find("d-1")[0].said
    assert (said.state, said.text, said.confidence, said.language) == ("written", "please call", 0.75, "en")
    assert (said.engine, said.model, said.written_at) == ("parrot 1.0", "small-en", clock.now)
    assert texts.next(["en"], SPOKEN) is None
    assert SqlRecordings(engine).find("d-3")[0].said is None


def test_a_try_that_gave_nothing_is_made_again_later_and_a_few_times_at_most(engine, clock):
    texts = SqlMessageTexts(engine, "desk1", clock)
    for turn in range(1, MOST_TRIES + 1):
        assert texts.next(["en"], SPOKEN).tries == turn - 1
        texts.begin("d-1-message")
        assert texts.fail("d-1-message", "the engine died: SIGSEGV") is (turn == MOST_TRIES)
        assert texts.next(["en"], SPOKEN) is None
        clock.now += RETRY + 1
    assert texts.next(["en"], SPOKEN) is None
    said = SqlRecordings(engine).find("d-1-message")[0].said
    assert (said.state, said.reason, said.text) == ("failed", "the engine died: SIGSEGV", "")


def test_a_message_at_which_the_program_died_each_time_is_given_up_but_not_another_machine_s(engine, clock):
    texts = SqlMessageTexts(engine, "desk1", clock)
    for _ in range(MOST_TRIES):
        texts.begin("d-1-message")
    SqlMessageTexts(engine, "desk2", clock).next(BOTH, SPOKEN)
    assert rows(engine)["d-1-message"].state == "awaiting"
    texts.next(BOTH, SPOKEN)
    assert rows(engine)["d-1-message"].state == "failed"
    assert "in the middle" in rows(engine)["d-1-message"].reason


def test_a_try_that_our_own_stop_broke_off_does_not_count(engine, clock):
    texts = SqlMessageTexts(engine, "desk1", clock)
    texts.begin("d-1-message")
    texts.give_back("d-1-message")
    assert texts.next(["en"], SPOKEN).tries == 0


def test_a_message_can_be_let_wait_once_more(engine, clock):
    texts = SqlMessageTexts(engine, "desk1", clock)
    texts.begin("d-1-message")
    texts.keep("d-1-message", "en", HEARD)
    assert texts.again("d-1-message")
    assert texts.next(["en"], SPOKEN).tries == 0
    assert rows(engine)["d-1-message"].text == ""
    assert not texts.again("d-3")
    assert not texts.again("stranger-message")


def test_the_text_goes_with_its_recording_and_none_comes_after_it(engine, clock):
    texts = SqlMessageTexts(engine, "desk1", clock)
    texts.begin("d-1-message")
    texts.keep("d-1-message", "en", HEARD)
    texts.begin("d-2-message")
    SqlRecordings(engine).expire({"d-1-message": "kept 90 days", "d-2-message": "kept 90 days", "d-3": "kept 90 days"})
    assert rows(engine) == {}
    assert not texts.keep("d-2-message", "ru", HEARD), "it was removed while it was heard"
    assert rows(engine) == {}
    assert not texts.again("d-1-message")


def test_the_ledger_is_made_anew_and_every_text_is_still_there(engine, clock):
    texts = SqlMessageTexts(engine, "desk1", clock)
    texts.begin("d-1-message")
    texts.keep("d-1-message", "en", HEARD)
    before = rows(engine)
    rebuild(engine)
    assert verify(engine).rows == 0
    assert rows(engine) == before


def test_a_call_is_told_with_what_was_said(engine, clock, database_url):
    texts = SqlMessageTexts(engine, "desk1", clock)
    texts.keep("d-1-message", "en", HEARD)
    calls = Calls(database_url)
    assert [one["text"]["text"] for one in calls.story("d-1").recordings] == ["please call"]
    assert [one["text"] for one in calls.story("d-3").recordings] == [None]
    calls.close()


def test_the_debt_list_tells_what_a_number_said_last_while_it_was_owed(engine, clock, database_url):
    """In whichever spelling the number came; what was said before the debt began is not told."""
    texts = SqlMessageTexts(engine, "desk1", clock)
    texts.keep("d-1-message", "en", HEARD)
    texts.keep("d-2-message", "ru", Heard([Word("перезвоните", 0.9)], "parrot 1.0", "small-ru"))
    owed = {"number": "+79001234567", "last_at": (NOON + 120) * SECOND, "calls": 2, "last_call": "d-2", "desk": "shop"}
    owed |= {"line": "", "tries": 0, "returned_by": "", "returned_call": ""}
    books = SqlBooks(database_url)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(insert(missed).values(owed | {"first_at": NOON * SECOND}))
    assert [debt.said for debt in books.debts({}, 9)] == ["перезвоните"]
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(update(missed).values(last_at=(NOON + 30) * SECOND))
    assert [debt.said for debt in books.debts({}, 9)] == ["please call"]
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(update(missed).values(first_at=(NOON + 20) * SECOND))
    assert [debt.said for debt in books.debts({}, 9)] == [""]
    books.close()
