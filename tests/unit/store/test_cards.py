"""Call cards in the ledger: kept once, counted with their calls, whenever they are written."""

from __future__ import annotations

import random

import pytest

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.ledger.card import Entry, card_facts
from ivr.store.cards import cards_of_calls, project_cards
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.rebuild import rebuild, verify
from ivr.store.sums import Wanted, sums
from ivr.telephony.facts import write_facts
from tests.made_calls import JOURNALS

CALLS = ("caller_ends_talk", "first_agent_refuses")


def act(at: int, entry: Entry) -> str:
    """Return the journal of the act that writes an entry."""
    rows = []
    for place, fact in enumerate(card_facts(entry)):
        uniqueid = f"desk1-{at}.{9000 + place}"
        for event, extra in (("CHAN_START", ""), ("IVR", f'{{"extra":"{write_facts([fact])}"}}'), ("LINKEDID_END", "")):
            fields = (event, f"{at}.{place:06}", uniqueid, uniqueid, "Local/card@acts-1;2", "", "", "s", "acts")
            quoted = extra.replace('"', '""')
            rows.append(",".join(f'"{field}"' for field in (*fields, "", "", "", quoted)) + "\n")
    return "".join(rows)


class Desk:
    def __init__(self, folder, url):
        folder.mkdir(exist_ok=True)
        migrate(url)
        self.path = folder / "journal.csv"
        self.engine = open_database(url)
        self.journal = Journal(self.path, "desk1")
        self.loader = Loader(self.journal, SqlLedger(self.engine), "desk1")

    def load(self, text):
        with self.path.open("a") as file:
            file.write(text)
        while self.loader.step():
            pass

    def wins(self, subject="call", by=()):
        with self.engine.connect() as connection:
            found = sums(connection, Wanted(subject, 0, 2**62 // 900_000_000 * 900_000_000, by=by))
        return {keys: own["card.win"] for keys, own in found.items() if own.get("card.win")}

    def cards(self, *ids):
        with self.engine.connect() as connection:
            return cards_of_calls(connection, ids)

    def close(self):
        self.journal.close()
        self.engine.dispose()


@pytest.fixture
def desk(tmp_path, database_url):
    desk = Desk(tmp_path / "home", database_url)
    yield desk
    desk.close()


def told(name):
    """Return a recorded call: its journal, its id, the second after its end."""
    text = (JOURNALS / f"{name}.csv").read_text()
    first = text.splitlines()[0].split('","')
    return text, first[3], int(float(text.splitlines()[-1].split('","')[1])) + 1


def test_a_card_written_after_its_call_is_a_win_and_another_entry_makes_it_none(desk):
    text, call, after = told(CALLS[0])
    desk.load(text)
    assert desk.wins() == {}
    desk.load(act(after, Entry(call, "201", 1, {"sale": "win"}, fields={"company": "Ромашка"}, project="p")))
    assert desk.wins() == {(): 1}
    assert desk.wins("agent", ("agent",)) == {("201",): 1}
    desk.load(act(after + 5, Entry(call, "202", 2, {"deferred": ""}, frozenset({"sale"}), project="p")))
    assert desk.wins() == {}
    assert desk.cards(call)[call].fields == {"company": "Ромашка"}
    assert verify(desk.engine).differences == []


def test_a_card_written_while_the_call_goes_on_counts_once_when_it_is_over(desk):
    text, call, _ = told(CALLS[0])
    rows = text.splitlines(keepends=True)
    half = len(rows) // 2
    at = int(float(rows[half].split('","')[1]))
    desk.load("".join(rows[:half]) + act(at, Entry(call, "201", 1, {"sale": "win"})))
    assert desk.wins() == {}
    desk.load("".join(rows[half:]))
    assert desk.wins() == {(): 1}
    assert verify(desk.engine).differences == []


def test_wherever_the_reading_is_cut_the_totals_and_cards_are_the_same(desk, tmp_path):
    pieces = []
    for number, name in enumerate(CALLS):
        text, call, after = told(name)
        pieces += [text, act(after + number, Entry(call, "201", number + 1, {"sale": "win"}, fields={"paid": "7"}))]
    whole = "".join(pieces)
    chance = random.Random(3)
    cuts = sorted(chance.sample(range(len(whole.encode())), 12))
    data = whole.encode()
    for since, until in zip([0, *cuts], [*cuts, len(data)], strict=True):
        with desk.path.open("ab") as file:
            file.write(data[since:until])
        while desk.loader.step():
            pass
    assert desk.wins() == {(): 2}
    assert verify(desk.engine).differences == []
    rebuild(desk.engine)
    assert desk.wins() == {(): 2}


def test_a_projects_cards_come_with_their_calls_and_no_others(desk):
    text, call, after = told(CALLS[0])
    other, other_call, other_after = told(CALLS[1])
    desk.load(text + act(after, Entry(call, "201", 1, {"sale": "win"}, project="p")))
    desk.load(other + act(other_after, Entry(other_call, "201", 1, {"sale": "win"}, project="q")))
    with desk.engine.connect() as connection:
        (found,) = project_cards(connection, "p", 0, 2**62)
        assert project_cards(connection, "p", 0, 1) == []
    assert (found.call.id, found.card.kind, found.call.talked > 0) == (call, "win", True)


def test_a_card_of_a_call_that_never_was_is_kept_and_counts_for_nothing(desk):
    text, _, after = told(CALLS[0])
    desk.load(text + act(after, Entry("desk1-1.1", "201", 1, {"sale": "win"})))
    assert desk.wins() == {}
    assert "desk1-1.1" in desk.cards("desk1-1.1")
    assert verify(desk.engine).differences == []
