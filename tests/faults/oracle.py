"""The oracle of the fault tests: the ledger against the calls that the test placed, and against the journal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.tables import call, fact, journal_record, leg, recording, rejected_record
from tests.running import RunningDesk

Row = dict[str, Any]
TABLES = (journal_record, rejected_record, call, leg, fact)


class Ledger:
    """What a database holds, read once."""

    def __init__(self, url: str) -> None:
        engine = open_database(url)
        with engine.connect() as connection:
            self.rows = {
                table.name: [dict(row._mapping) for row in connection.execute(select(table))]
                for table in (*TABLES, recording)
            }
        engine.dispose()
        self.legs: dict[str, list[Row]] = {}
        for row in sorted(self.rows["leg"], key=lambda row: row["place"]):
            self.legs.setdefault(row["call_id"], []).append(row)

    @property
    def calls(self) -> list[Row]:
        """The calls of desks; not the self-test's."""
        return [row for row in self.rows["call"] if row["desk"]]

    @property
    def by_caller(self) -> Mapping[str, Row]:
        """The calls by their callers, who called once each."""
        return {row["caller"]: row for row in self.calls}

    def unlike(self, other: Ledger) -> list[str]:
        """Say which tables differ, with the first rows that do."""
        found = []
        for table in TABLES:
            mine, theirs = (Counter(_frozen(row) for row in each.rows[table.name]) for each in (self, other))
            if mine != theirs:
                found.append(
                    f"{table.name}: {(mine - theirs).total()} rows only here, {(theirs - mine).total()} only there: "
                    f"{list(mine - theirs)[:2]} {list(theirs - mine)[:2]}"
                )
        names = [{(row["name"], row["call_id"]) for row in each.rows["recording"]} for each in (self, other)]
        if names[0] != names[1]:
            found.append(f"recording: {names[0] ^ names[1]}")
        return found


def ledger(desk: RunningDesk) -> Ledger:
    """Read the desk's ledger as it is now."""
    return Ledger(desk.settings.database_url)


def fresh_load(desk: RunningDesk, folder: Path) -> Ledger:
    """Load the desk's journal into an empty database."""
    database = folder / "fresh.sqlite"
    for old in folder.glob("fresh.sqlite*"):
        old.unlink()
    url = f"sqlite:///{database}"
    migrate(url)
    engine = open_database(url)
    loader = Loader(Journal(desk.settings.journal, desk.settings.node), SqlLedger(engine), desk.settings.node)
    while loader.step() is not None:
        pass
    engine.dispose()
    return Ledger(url)


def check(desk: RunningDesk, callers: Collection[str], folder: Path, *, within: float = 30.0, torn: int = 0) -> Ledger:
    """Prove the oracle: one closed call a caller, every leg closed with a reason, and the same when loaded afresh.

    `callers`: everybody who called a desk since its home was made, once each; `torn`: how many
    pieces of the journal were set aside. Waits until all calls are closed.
    """
    kept = _settled(desk, set(callers), within)
    assert Counter(row["caller"] for row in kept.calls) == Counter(dict.fromkeys(callers, 1)), "twice, or a stranger"
    for row in kept.calls:
        legs = kept.legs.get(row["id"], [])
        assert legs, f"no leg: {row}"
        assert row["outcome"], f"no outcome: {row}"
        assert all(each["ended_at"] is not None and each["reason"] for each in legs), f"unclosed leg: {row} {legs}"
        assert all(each["began_at"] <= each["ended_at"] for each in legs), f"ends before it begins: {row} {legs}"
    assert len(kept.rows["rejected_record"]) == torn, kept.rows["rejected_record"]
    end = time.monotonic() + within
    while unlike := kept.unlike(fresh_load(desk, folder)):
        # The journal is never quiet for long: telephones come and go, and are noted.
        assert time.monotonic() < end, unlike
        kept = ledger(desk)
    return kept


def check_channels(kept: Ledger) -> None:
    """Prove that every channel which began has ended, in the journal itself: only where Asterisk was never killed."""
    counts = Counter((row["event"], row["uniqueid"]) for row in kept.rows["journal_record"])
    began, ended = ({name for event, name in counts if event == wanted} for wanted in ("CHAN_START", "CHAN_END"))
    assert began == ended
    doubled = [key for key, count in counts.items() if key[0] in ("CHAN_START", "CHAN_END") and count != 1]
    assert doubled == []


def _settled(desk: RunningDesk, callers: set[str], within: float) -> Ledger:
    engine = open_database(desk.settings.database_url)
    known = select(call.c.caller, call.c.ended_at).where(call.c.desk != "")
    end = time.monotonic() + within
    try:
        while True:
            with engine.connect() as connection:
                rows = connection.execute(known).all()
            missing = callers - {row.caller for row in rows if row.ended_at is not None}
            if not missing:
                return ledger(desk)
            lost = missing - {row.caller for row in rows}
            assert time.monotonic() < end, f"{len(lost)} lost: {sorted(lost)[:9]}; not closed: {sorted(missing)[:9]}"
            time.sleep(0.2)
    finally:
        engine.dispose()


def _frozen(row: Row) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(row.items()))
