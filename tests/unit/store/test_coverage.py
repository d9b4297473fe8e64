"""The totals of recordings follow every word on a recording, in whatever order it comes."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from sqlalchemy import select

from ivr.desk.explain_report import explain_report
from ivr.desk.made_report import Ask
from ivr.desk.recordings import Verdict
from ivr.desk.report import make_report
from ivr.reports.recorded import recorded_talks
from ivr.reports.standard import REPORTS
from ivr.store.books import SqlBooks
from ivr.store.coverage import coverage_tallies
from ivr.store.rebuild import rebuild, verify
from ivr.store.recordings import SqlRecordings
from ivr.store.stored import closed_calls
from ivr.store.sums import Wanted, sums
from ivr.store.tables import call, leg, recording
from tests.made_journal import made_journal
from tests.unit.store.test_missed import loaded

pytestmark = pytest.mark.slow

BEGIN = 1_795_000_000
EVER = Ask(0, 4_000_000_000_000_000 // 900_000_000 * 900_000_000)
KEYS = ("desk", "line", "agent")


def kept(engine):
    with engine.connect() as connection:
        return sums(connection, Wanted("recording", 0, 1 << 61, by=KEYS))


def plain(engine):
    """Return the totals as the calls and recordings give them now."""
    with engine.connect() as connection:
        calls = closed_calls(connection, connection.execute(select(call.c.id)).scalars().all())
        found: dict[tuple[str, ...], Counter[str]] = {}
        for one in coverage_tallies(connection, calls):
            found.setdefault(one.keys, Counter())[one.measure] += one.value
    return {keys: {name: value for name, value in own.items() if value} for keys, own in found.items()}


def judge(engine, seed):
    """Give a verdict on every recording, some of them twice, and let some expire."""
    chance, store = random.Random(seed), SqlRecordings(engine)
    with engine.connect() as connection:
        names = connection.execute(select(recording.c.name).order_by(recording.c.name)).scalars().all()
    for name in [*names, *names[::3]]:
        state = chance.choice(["ok", "partial", "failed", "recovered"])
        store.settle(
            Verdict(name, state, f"{name}.wav", chance.uniform(0, 200) if state != "failed" else 0.0, reason="why")
        )
    store.expire(dict.fromkeys(names[::5], "kept 1 day"))
    return names


def test_totals_follow_verdicts_and_expiry_and_are_the_same_after_a_rebuild(tmp_path, database_url):
    engine = loaded(tmp_path, database_url, [made_journal(30, begin=BEGIN, per_second=0.01)])
    assert kept(engine) == plain(engine)
    assert sum(own.get("state.expected", 0) for own in kept(engine).values()) > 10
    judge(engine, 1)
    assert kept(engine) == plain(engine)
    assert sum(own.get("state.expected", 0) for own in kept(engine).values()) == 0
    assert verify(engine).differences == []
    before = kept(engine)
    rebuild(engine)
    assert kept(engine) == before
    engine.dispose()


def test_a_verdict_while_the_call_goes_on_counts_when_it_is_over_and_a_late_record_changes_nothing(tmp_path):
    data = made_journal(30, begin=BEGIN, per_second=0.01)
    lines = data.splitlines(keepends=True)
    path = f"sqlite:///{tmp_path}/ledger.sqlite"
    engine = loaded(tmp_path, path, [b"".join(lines[: len(lines) // 2])])
    judge(engine, 2)
    assert kept(engine) == plain(engine)
    engine.dispose()
    engine = loaded(tmp_path, path, [b"".join(lines[len(lines) // 2 :])])
    assert kept(engine) == plain(engine)
    judge(engine, 3)
    engine.dispose()
    engine = loaded(tmp_path, path, [lines[0]])
    assert kept(engine) == plain(engine)
    assert verify(engine).differences == []
    engine.dispose()


def test_the_report_lists_the_talks_that_lack_audio_with_state_and_reason(tmp_path, database_url):
    engine = loaded(tmp_path, database_url, [made_journal(30, begin=BEGIN, per_second=0.0005)])
    store = SqlRecordings(engine)
    with engine.connect() as connection:
        calls = closed_calls(connection, connection.execute(select(call.c.id)).scalars().all())
        talks = [(one.id, talk) for one in calls for talk in recorded_talks(one)]
        assert len(talks) == len({talk.recording for _, talk in talks}) > 10
        assert connection.execute(select(leg.c.call_id).where(leg.c.recording != "")).all()
    bad = {talk.recording for _, talk in talks[:4]}
    for _, talk in talks:
        length = (talk.ended_at - talk.began_at) / 1e6
        lost = talk.recording in bad
        store.settle(
            Verdict(talk.recording, "failed" if lost else "ok", "", 0.0 if lost else length, reason="full" * lost)
        )
    books = SqlBooks(database_url)
    made = make_report(books, REPORTS["recordings"], EVER)
    heads = [head.id for head in made.tables[0].heads]
    total = made.tables[0].total or made.tables[0].rows[0]
    assert total[heads.index("talks_lacking")] == total[heads.index("recordings_failed")] == 4
    spoken = [(talk.ended_at - talk.began_at) for _, talk in talks]
    assert total[heads.index("record_coverage")] == pytest.approx(1 - sum(spoken[:4]) / sum(spoken))
    rows = made.tables[-1].rows
    assert {(row[8], row[7], row[9]) for row in rows} == {(name, "failed", "full") for name, _ in talks[:4]}
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    opened = explain_report(books, REPORTS["recordings"], "record_coverage", EVER._replace(limit=1000))
    parts = [row[3:6] for one in opened.tables if not one.title.startswith("Not") for row in one.rows]
    assert sum(part for part, _, _ in parts) == pytest.approx(sum(spoken[4:]) / 1e6)
    assert sum(below for _, below, _ in parts) == pytest.approx(sum(spoken) / 1e6)
    assert sum("0.0 s of audio: failed, full" in why for *_, why in parts) == 4
    short = make_report(books, REPORTS["recordings"], EVER._replace(limit=2)).tables[-1]
    assert short.rows == rows[:2]
    assert "--limit" in short.note
    agent = rows[0][3]
    mine = make_report(books, REPORTS["recordings"], EVER._replace(where={"agent": frozenset({agent})})).tables[-1]
    assert mine.rows == tuple(row for row in rows if row[3] == agent)
    books.close()
    engine.dispose()
