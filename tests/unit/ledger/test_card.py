"""Call cards: what is written comes back, whole, in the order of its entries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import DeskError
from ivr.ledger.card import LARGEST_FACT, LONGEST_FIELD, Card, Entry, card_facts, cards_of, hundredths, read_entries
from ivr.telephony.facts import read_facts, write_facts

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,39}", fullmatch=True)
TEXTS = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=LONGEST_FIELD)
ENTRIES = st.builds(
    Entry,
    call=st.just("desk1-1795282540.53"),
    agent=st.just("201"),
    at=st.integers(min_value=1, max_value=10**16),
    codes=st.dictionaries(NAMES, st.sampled_from(["", "lead", "win"]), min_size=1, max_size=5),
    taken_back=st.frozensets(NAMES, max_size=3),
    fields=st.dictionaries(NAMES, TEXTS, max_size=6),
    project=st.just("telemarketing"),
)


@given(ENTRIES)
def test_an_entry_comes_back_whole_through_the_journals_text(entry):
    events = [write_facts([fact]) for fact in card_facts(entry)]
    assert all(len(text) <= LARGEST_FACT for text in events)
    (back,) = read_entries(fact for text in events for fact in read_facts(text))
    assert back == entry


def test_a_long_field_of_any_script_goes_on_in_more_facts_and_comes_back_whole():
    entry = Entry("desk1-1795282540.53", "20100001", 10**16, fields={"a" * 40: "𝔸" * LONGEST_FIELD}, project="p" * 40)
    facts = card_facts(entry)
    assert len(facts) > 10
    assert max(len(write_facts([fact])) for fact in facts) <= LARGEST_FACT
    assert read_entries(facts) == [entry]


def test_a_later_entry_adds_codes_takes_them_back_and_sets_fields_anew():
    cards = cards_of(
        [
            Entry("c", "202", 9, {"paid-contract": "win"}, frozenset({"deferred"}), {"paid": "500", "note": ""}),
            Entry("c", "201", 5, {"deferred": "", "meeting": "lead"}, fields={"company": "Ромашка", "note": "later"}),
        ]
    )
    assert cards["c"] == Card(
        "c", "202", 9, "", {"meeting": "lead", "paid-contract": "win"}, {"company": "Ромашка", "paid": "500"}
    )
    assert cards["c"].kind == "win"
    assert cards["c"].amount("paid") == 500_00


@pytest.mark.parametrize(
    ("text", "value"),
    [("1200", 120_000), ("0.5", 50), ("-3,25", -325), ("1e5", None), ("", None), ("1 200", None), ("NaN", None)],
)
def test_amounts_are_read_exactly_or_not_at_all(text, value):
    assert hundredths(text) == value


@pytest.mark.parametrize(
    "wrong",
    [
        Entry("c", "201", 1),
        Entry("c", "201", 1, {"Sale!": "win"}),
        Entry("c", "201", 1, fields={"note": "x" * (LONGEST_FIELD + 1)}),
        Entry("c", "201", 1, fields={"note": "two\nlines"}),
    ],
)
def test_an_entry_that_cannot_be_is_refused(wrong):
    with pytest.raises(DeskError):
        card_facts(wrong)


def test_a_hostile_fact_is_no_entry_or_a_harmless_one():
    text = "card?call=c&entry=1e9 card?entry=5 card?call=c&entry=7&is.a%20b=win&is.ok=evil&f.x=%00"
    (entry,) = read_entries(read_facts(text))
    assert entry == Entry("c", "", 7, {"ok": ""}, fields={"x": "\ufffd"})
