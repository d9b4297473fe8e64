"""`--keys`: what a caller does at each question."""

from __future__ import annotations

import pytest

from ivr.errors import DeskError
from ivr.phone.steps import Step, read_steps


def test_each_character_is_an_answer_and_w_waits_before_the_next():
    assert read_steps("2w1-ww#") == (Step("2"), Step("1", 1.0), Step(""), Step("#", 2.0))
    assert read_steps("") == ()


@pytest.mark.parametrize("text", ["x", "2 1", "1w", "w", "²"])
def test_anything_else_is_refused_with_a_cure(text):
    with pytest.raises(DeskError) as failure:
        read_steps(text)
    assert failure.value.cure
