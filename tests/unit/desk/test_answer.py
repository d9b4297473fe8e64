"""The turns of a call through its ports."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ivr.desk.answer import HEAD_START, answer
from ivr.engine.inputs import Arrived, Caller
from ivr.engine.session import Session
from tests.unit.engine.test_machine import desk

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Conversation:
    """A caller who presses 1 after so many seconds; keeps what was done, in order."""

    def __init__(self, thinks: float) -> None:
        self.thinks = thinks
        self.done: list[str] = []
        self.facts = []
        self.asked = []

    async def note(self, facts):
        self.done.append(" ".join(fact.name for fact in facts))
        self.facts += facts

    def lasts(self, command):
        return 1.5 * len(command.prompts)

    async def play(self, _command):
        self.done.append("(play)")

    async def ask(self, command):
        self.done.append("(ask)")
        self.asked.append(command.prompts)
        await asyncio.sleep(self.thinks)
        return "1"

    async def hand_over(self, _command):
        self.done.append("(hand over)")


class Callers:
    """A ledger that knows everybody, after so many seconds."""

    def __init__(self, thinks: float = 0.0) -> None:
        self.thinks = thinks

    async def known(self, _desk, _number):
        await asyncio.sleep(self.thinks)
        return Caller(known=True, source="friends")


async def told(conversation, callers):
    session = await answer(
        desk(hours=None), Session("small", "1"), Arrived("100", "+79210000001"), conversation, callers, lambda: NOON
    )
    assert session.line
    return [one for one in conversation.done if not one.startswith("(")]


async def test_what_the_ledger_has_said_meanwhile_is_noted_with_the_key_before_it():
    first, *rest = await told(Conversation(HEAD_START + 0.1), Callers())
    assert first.startswith("began")
    assert len(rest) == 1
    assert rest[0].startswith("key category")
    assert "caller" in rest[0]
    assert rest[0].endswith("handover")


async def test_it_is_noted_once_when_the_first_question_begins():
    conversation = Conversation(0.0)
    await told(conversation, Callers())
    (question,) = (fact for fact in conversation.facts if fact.name == "question")
    assert int(question.values["after"]) == 1500 * len(conversation.asked[0])
    names = [fact.name for fact in conversation.facts]
    assert names.index("entered") < names.index("question") < names.index("key")


async def test_a_key_is_noted_before_a_ledger_that_is_slow_is_waited_for():
    """Should the controller die meanwhile, the key is in the journal."""
    _, key, behind = await told(Conversation(0.0), Callers(0.1))
    assert key == "key category"
    assert "caller" in behind
