"""Recordings in SQLite: awaited, settled, listed with their calls."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import insert, select, update

from ivr.desk.expire_recordings import Keeps
from ivr.desk.recordings import Covered, Verdict
from ivr.store.coverage import lacking_between
from ivr.store.engine import open_database
from ivr.store.migrate import migrate
from ivr.store.recordings import SqlRecordings
from ivr.store.tables import call, leg, recording

SECOND = 1_000_000
NOON = 1_795_262_400


@pytest.fixture
def engine(tmp_path):
    """Give a database with three calls: one talked twice, one open, one cut by a crash."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    migrate(url)
    engine = open_database(url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        for name, began, ended, talked, crashed in (
            ("d-1", 0, 90, 12, False),
            ("d-2", 60, None, 0, False),
            ("d-3", 120, 150, 5, True),
        ):
            connection.execute(insert(call).values(_call(name, began, ended, talked, crashed)))
            connection.execute(insert(recording).values(name=name, call_id=name, state="expected"))
        for place, (kind, line, agent, began, ended) in enumerate(
            (
                ("queue", "first", "", 1, 10),
                ("talk", "first", "101", 10, 15),
                ("offer", "second", "201", 15, 20),
                ("talk", "second", "201", 20, 27),
                ("offer", "third", "301", 27, 30),
            )
        ):
            values = {"call_id": "d-1", "place": place, "kind": kind, "party": "d-9", "line": line, "agent": agent}
            times = {"began_at": (NOON + began) * SECOND, "answered_at": None, "ended_at": (NOON + ended) * SECOND}
            recorded = "d-1" if kind == "talk" else ""
            connection.execute(insert(leg).values(**values, **times, reason="", recording=recorded))
    yield engine
    engine.dispose()


def _call(name, began, ended, talked, crashed):
    texts = ("node", "desk", "number", "category", "source", "source_how", "language", "version")
    texts += ("caller_name", "outcome", "end_reason", "first_line", "last_line", "answered_by", "fallback")
    values = dict.fromkeys(texts, "") | {"id": name, "desk": "shop", "caller": "+7900"}
    values |= {"began_at": (NOON + began) * SECOND, "ended_at": ended and (NOON + ended) * SECOND}
    return values | {"known": False, "connected_at": None, "talked": talked * SECOND, "crashed": crashed}


def test_expected_recordings_come_with_what_their_calls_tell(engine):
    found = {each.name: each for each in SqlRecordings(engine).awaiting()}
    assert list(found) == ["d-1", "d-2", "d-3"]
    assert (found["d-1"].talk_seconds, found["d-1"].call_open, found["d-1"].began_at) == (12.0, False, NOON)
    assert found["d-2"].call_open
    assert found["d-3"].crashed


def test_a_verdict_is_kept_with_its_moment_and_is_awaited_no_more(engine):
    store = SqlRecordings(engine)
    before = time.time() - 1
    store.settle(Verdict("d-1", "partial", "2026/11/21/d-1.wav", 9.5, "ab", 152044, "short"))
    kept = store.find("d-1")[0]
    assert (kept.state, kept.seconds, kept.talk_seconds, kept.bytes) == ("partial", 9.5, 12.0, 152044)
    assert kept.verified_at is not None
    assert kept.verified_at > before
    assert [each.name for each in store.awaiting()] == ["d-2", "d-3"]


def test_an_expected_recording_comes_with_the_talks_that_it_is_to_hold(engine):
    """Both were begun at its beginning here, for these rows tell nothing of their place in it."""
    found = {each.name: each.talks for each in SqlRecordings(engine).awaiting()}
    assert found["d-1"] == [Covered("101", 0, 5.0), Covered("201", 0, 7.0)]
    assert not found["d-2"]


def test_talks_in_which_the_agent_cannot_be_heard_lack_audio(engine):
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        later = leg.update().where(leg.c.kind == "talk", leg.c.agent == "201")
        connection.execute(later.values(recorded_from=5 * SECOND))
    store = SqlRecordings(engine)
    reason = "no sound of agent 201 from 5.0 s to 12.0 s"
    store.settle(Verdict("d-1", "partial", "2026/11/21/d-1.wav", 12.0, "ab", 192044, reason, [5 * SECOND]))
    with engine.connect() as connection:
        found = lacking_between(connection, NOON * SECOND, (NOON + 90) * SECOND, {}, 9)
    assert [(one.agent, one.missing, one.reason) for one in found] == [("201", 7 * SECOND, reason)]


def test_a_failed_recording_is_awaited_for_a_week(engine):
    store = SqlRecordings(engine)
    store.settle(Verdict("d-1", "failed", reason="the disk was full"))
    assert [each.state for each in store.awaiting()] == ["failed", "expected", "expected"]
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(recording.update().where(recording.c.name == "d-1").values(verified_at=NOON))
    assert [each.name for each in store.awaiting()] == ["d-2", "d-3"]


def test_a_settled_name_that_nobody_expected_makes_no_row(engine):
    SqlRecordings(engine).settle(Verdict("stranger", "ok"))
    with engine.connect() as connection:
        assert connection.execute(select(recording.c.name).where(recording.c.name == "stranger")).all() == []


def test_a_list_is_of_the_latest_calls_first_by_state_and_moment(engine):
    store = SqlRecordings(engine)
    store.settle(Verdict("d-3", "recovered", "2026/11/21/d-3.wav", 4.0, "ab", 1, "died"))
    assert [each.name for each in store.listed()] == ["d-3", "d-2", "d-1"]
    assert [each.name for each in store.listed(limit=1)] == ["d-3"]
    assert [each.name for each in store.listed(["recovered"])] == ["d-3"]
    assert [each.name for each in store.listed(since=NOON + 30)] == ["d-3", "d-2"]


def test_a_recording_stands_once_in_the_list_with_the_line_and_agent_of_its_last_talk(engine):
    found = SqlRecordings(engine).find("d-1")
    assert [(each.line, each.agent, each.desk, each.caller) for each in found] == [("second", "201", "shop", "+7900")]
    assert [(each.line, each.agent) for each in SqlRecordings(engine).find("d-2")] == [("", "")]


def test_the_talks_of_a_call_are_told_in_order(engine):
    talks = SqlRecordings(engine).talks("d-1")
    assert [(talk.agent, talk.began_at - NOON, talk.seconds) for talk in talks] == [("101", 10, 5), ("201", 20, 7)]


def _private(engine, *agents):
    """Let talks not be recorded."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(update(leg).where(leg.c.agent.in_(agents)).values(recording=""))


def test_only_talks_that_are_to_be_recorded_are_counted_and_covered(engine):
    _private(engine, "201")
    store = SqlRecordings(engine)
    assert {each.name: each.talk_seconds for each in store.awaiting()}["d-1"] == pytest.approx(5.0)
    assert [(talk.agent, talk.seconds) for talk in store.talks("d-1")] == [("101", 5)]
    store.settle(Verdict("d-1", "ok", "2026/11/21/d-1.wav", 5.0, "ab", 80044, ""))
    kept = store.find("d-1")[0]
    assert (kept.line, kept.agent, kept.talk_seconds) == ("first", "101", pytest.approx(5.0))


def test_a_call_of_which_no_talk_is_to_be_recorded_has_no_talk_to_cover(engine):
    _private(engine, "101", "201")
    store = SqlRecordings(engine)
    assert {each.name: each.talk_seconds for each in store.awaiting()}["d-1"] == 0.0
    assert store.talks("d-1") == []
    assert (store.find("d-1")[0].line, store.find("d-1")[0].agent) == ("", "")


def test_a_talk_that_is_not_to_be_recorded_is_told_with_its_place_in_the_recording(engine):
    silenced = update(leg).where(leg.c.agent == "201").values(recording="", how="silenced", recorded_from=5 * SECOND)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(silenced)
    found = {each.name: each.private for each in SqlRecordings(engine).awaiting()}
    assert found == {"d-1": [(5.0, 12.0)], "d-2": (), "d-3": ()}


def test_a_failed_recording_keeps_the_talk_time_that_it_was_measured_against(engine):
    store = SqlRecordings(engine)
    store.settle(Verdict("d-1", "failed", reason="the disk was full"))
    assert next(each.talk_seconds for each in store.awaiting() if each.name == "d-1") == pytest.approx(12.0)


def test_what_is_older_than_its_desk_keeps_it_is_found_once_its_call_is_over_and_it_was_verified(engine):
    store = SqlRecordings(engine)
    keeps = Keeps({"shop": 3600.0}, 7200.0)
    store.settle(*(Verdict(name, "ok", f"2026/11/21/{name}.wav") for name in ("d-2", "d-3")))
    assert [store.find(name)[0].path for name in ("d-2", "d-3")] == ["2026/11/21/d-2.wav", "2026/11/21/d-3.wav"]
    assert store.outlived(keeps, NOON + 3600) == []
    assert [each.name for each in store.outlived(keeps, NOON + 3600 + 121)] == ["d-3"]
    store.settle(Verdict("d-1", "ok", "2026/11/21/d-1.wav"))
    assert [each.name for each in store.outlived(keeps, NOON + 3600 + 1)] == ["d-1"]
    assert store.outlived(Keeps({}, 7200.0), NOON + 3700) == []
    assert [each.name for each in store.outlived(Keeps({}, 3600.0), NOON + 3601)] == ["d-1"]


def test_an_expired_recording_has_no_file_keeps_what_was_measured_and_is_awaited_no_more(engine):
    store = SqlRecordings(engine)
    store.settle(Verdict("d-1", "ok", "2026/11/21/d-1.wav", 12.0, "ab", 192044))
    store.expire({"d-1": "kept 180 days"})
    kept = store.find("d-1")[0]
    assert (kept.state, kept.path, kept.reason) == ("expired", "", "kept 180 days")
    assert (kept.seconds, kept.sha256, kept.bytes) == (12.0, "ab", 192044)
    assert [each.name for each in store.awaiting()] == ["d-2", "d-3"]
    assert [each.name for each in store.outlived(Keeps({}, 1.0), NOON + 9999)] == []


@pytest.fixture
def with_message(engine):
    """Let the first call, after its talks, leave a message of 4 s."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(insert(recording).values(name="d-1-message", call_id="d-1", state="expected"))
        values = {"call_id": "d-1", "place": 5, "kind": "voicemail", "party": "d-1", "line": "", "agent": ""}
        times = [(NOON + at) * SECOND for at in (30, 33, 37)]
        moments = dict(zip(("began_at", "answered_at", "ended_at"), times, strict=True))
        connection.execute(insert(leg).values(**values, **moments, reason="left"))
    return SqlRecordings(engine)


def test_a_message_is_expected_as_long_as_the_stay_after_the_tone_and_talks_as_before(with_message):
    expected = {each.name: each.talk_seconds for each in with_message.awaiting()}
    assert (expected["d-1-message"], expected["d-1"]) == (4.0, 12.0)
    with_message.settle(Verdict("d-1-message", "ok", "2026/11/21/d-1-message.wav", 4.0, "ab", 1))
    (kept,) = with_message.find("d-1-message")
    assert (kept.kind, kept.talk_seconds, kept.line, kept.agent) == ("voicemail", 4.0, "", "")
    assert [(one.began_at, one.seconds) for one in with_message.messages("d-1")] == [(NOON + 33, 4.0)]
    assert [one.agent for one in with_message.talks("d-1")] == ["101", "201"]


def test_messages_and_talks_can_be_listed_apart(with_message):
    assert [each.name for each in with_message.listed(kind="voicemail")] == ["d-1-message"]
    assert [each.name for each in with_message.listed(kind="talk")] == ["d-3", "d-2", "d-1"]
    assert len(with_message.listed()) == 4


def test_a_recording_is_as_long_as_the_talks_that_name_it_when_a_call_has_several(engine):
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(insert(recording).values(name="d-1.asked", call_id="d-1", state="expected"))
        connection.execute(update(leg).where(leg.c.agent == "101").values(recording="d-1"))
        connection.execute(update(leg).where(leg.c.agent == "201").values(recording="d-1.asked"))
    assert {one.name: one.talk_seconds for one in SqlRecordings(engine).awaiting() if one.call_id == "d-1"} == {
        "d-1": 5.0, "d-1.asked": 7.0,
    }  # fmt: skip
