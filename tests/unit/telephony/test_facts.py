"""Facts travel through Asterisk's argument parser and come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.facts import LARGEST_EVENT, Fact, read_facts, write_events, write_facts
from ivr.telephony.number import clean_number, is_number

NAMES = st.sampled_from(["key", "category", "line"])
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
FACTS = st.lists(st.builds(Fact, NAMES, st.dictionaries(WORDS.filter(bool), WORDS, max_size=4)), max_size=5)


@given(FACTS)
def test_facts_come_back_as_they_were(facts):
    assert read_facts(write_facts(facts)) == tuple(facts)


@given(FACTS)
def test_their_text_holds_nothing_that_asterisk_or_agi_reads_otherwise(facts):
    assert not set(write_facts(facts)) & set(",\"'\\$\r\n\0;|()[]{}")


def test_many_facts_become_several_events_none_of_which_asterisk_would_cut():
    facts = [Fact("entered", {"node": f"node-{place}"}) for place in range(200)]
    events = write_events(facts)
    assert all(len(event) <= LARGEST_EVENT for event in events)
    assert [fact for event in events for fact in read_facts(event)] == facts
    assert len(write_events(facts[:10])) == 1


@given(st.text())
def test_any_text_in_the_journal_is_read_without_an_error(text):
    read_facts(text)


@pytest.mark.parametrize("text", ["arrived?desk=%00x", "arrived?desk=\ud800x", "arrived?desk=%ED%A0%80x"])
def test_what_no_database_can_hold_is_replaced(text):
    desk = read_facts(text)[0].values["desk"]
    assert desk.endswith("x")
    assert "\0" not in desk
    assert desk.encode().decode() == desk


def test_the_dialplans_plus_in_a_number_stays_a_plus():
    assert read_facts("arrived?number=+7812")[0].values == {"number": "+7812"}


@given(st.text())
def test_a_cleaned_number_holds_only_what_a_telephone_has(raw):
    cleaned = clean_number(raw)
    assert not cleaned or is_number(cleaned) or cleaned == "+"
    assert len(cleaned) <= 32
