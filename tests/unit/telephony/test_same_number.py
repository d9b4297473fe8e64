"""One number, however networks and people spell it; never two numbers for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.number import same_number, spellings


@pytest.mark.parametrize("written", ["+79215550102", "79215550102", "89215550102", "0079215550102", "81079215550102"])
def test_a_number_of_country_7_is_one_in_all_its_spellings(written):
    assert same_number(written) == "+79215550102"
    assert written in spellings("+79215550102")


@pytest.mark.parametrize("written", ["+442079460000", "00442079460000", "810442079460000"])
def test_the_beginning_of_a_number_abroad_is_one_in_all_its_spellings(written):
    assert same_number(written) == "+442079460000"


@pytest.mark.parametrize(
    "written",
    ["", "0", "00", "112", "4483454", "9215550102", "02079460000", "81312345678", "*62", "8921555010", "892155501022"],
)
def test_a_number_that_could_be_anybodys_is_only_itself(written):
    assert same_number(written) == written
    assert spellings(written) == {written}


@given(st.from_regex(r"\+?[0-9*#]{1,17}", fullmatch=True))
def test_each_spelling_leads_back_and_no_number_has_two(written):
    one = same_number(written)
    assert same_number(one) == one
    assert written in spellings(one)
    assert {same_number(way) for way in spellings(one)} == {one}
