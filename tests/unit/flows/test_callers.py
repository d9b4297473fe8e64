"""Who is treated otherwise: by the beginning of his number, in whichever spelling a network sent it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ivr.flows.callers import CallerRule, pattern, treatment
from ivr.telephony.number import same_number

DIGITS = st.text("0123456789", min_size=1, max_size=12)
BEFORE = st.sampled_from(["", "+", "00", "810", "8", "7"])


def rule(*who, **does):
    return CallerRule(who=who, **does)


@pytest.mark.parametrize("number", ["+79217770101", "79217770101", "89217770101", "0079217770101", "81079217770101"])
def test_a_number_is_found_in_each_of_its_spellings(number):
    assert treatment((rule("+7921777", priority=5),), number).priority == 5
    assert treatment((rule("+79217770101", priority=5),), number).priority == 5
    assert treatment((rule("+7922", priority=5),), number).priority == 0


@given(DIGITS, DIGITS, BEFORE, st.booleans())
def test_a_number_fits_the_beginning_that_its_one_spelling_has(begins, goes_on, before, without_code):
    """The expressions, which the dialplan has too, say what `same_number` says."""
    number = f"{before}{begins[without_code:]}{goes_on}"
    assert bool(re.search(pattern(f"+{begins}"), number)) == same_number(number).startswith(f"+{begins}")


def test_who_hides_his_number_has_a_rule_of_his_own():
    rules = (rule("hidden", then="hang up"),)
    assert treatment(rules, "").blocked
    assert not treatment(rules, "+79217770101").blocked


def test_of_each_thing_the_first_rule_that_says_it_counts():
    rules = (
        rule("+4917", priority=7),
        rule("+49", language="de"),
        rule("+49", language="en", priority=2, then="sales"),
        rule("+4", then="hang up"),
    )
    found = treatment(rules, "+491711")
    assert (found.language, found.priority, found.rule, found.way.then) == ("de", 7, 2, "sales")
    assert treatment(rules, "+3511")[:3] == ("", 0, -1)


@pytest.mark.parametrize("does", [{}, {"say": "Hello."}, {"category": "sale", "language": "en"}])
def test_a_rule_that_does_nothing_is_refused_with_its_cure(does):
    with pytest.raises(ValidationError, match=r"add `(language|then):`"):
        rule("+49", **does)
