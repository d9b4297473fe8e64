"""What the agent hears before the caller."""

from __future__ import annotations

import pytest

from ivr.engine.session import Session
from ivr.engine.whisper import whisper
from tests.unit.engine.test_machine import SMALL, desk

KNOWN = Session("small", "v", category="claim", looked_up=True, known=True)


def test_it_tells_category_source_wait_and_whether_he_is_known():
    told = whisper(desk(), "second", KNOWN, source="friends", waited=45.0)
    assert told == ("whisper.category.claim", "whisper.source.friends", "whisper.waited.30", "whisper.known")


@pytest.mark.parametrize(
    ("waited", "prompt"),
    [(9.9, None), (10, "10"), (19, "10"), (20, "20"), (59, "30"), (60, "60"), (299, "120"), (9000, "300")],
)
def test_the_wait_is_rounded_down_to_a_spoken_step(waited, prompt):
    told = whisper(desk(), "second", Session("small", "v"), source="", waited=waited)
    assert told == ((f"whisper.waited.{prompt}",) if prompt else ())


def test_a_caller_who_was_not_looked_up_is_called_neither_new_nor_known():
    assert whisper(desk(), "second", Session("small", "v"), source="", waited=0) == ()


def test_the_agent_is_asked_for_a_decision_where_the_line_wants_one():
    assert whisper(desk(), "third", Session("small", "v"), source="", waited=0) == ("whisper.accept",)


def test_the_agent_is_told_to_ask_the_source_where_nobody_else_does():
    its = desk(source=SMALL["source"] | {"ask": "by agent"})
    assert whisper(its, "second", Session("small", "v"), source="", waited=0) == ("whisper.ask-source",)


def test_an_agent_who_calls_back_is_told_so_first():
    told = whisper(desk(), "second", KNOWN, source="", waited=0, back=True)
    assert told == ("whisper.callback", "whisper.category.claim", "whisper.known")
