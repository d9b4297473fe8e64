"""Answer a call: turn the engine until the call is handed over, hung up or gone.

Ports: `Conversation` is the telephone side (FastAGI, a pyst2 process, a fake), `Callers` what the ledger knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol, assert_never

from ivr.engine.commands import Ask, Command, HandOver, HangUp, LookUp, Play, RunScript, TakeMessage
from ivr.engine.inputs import Arrived, Caller, HungUp, Input, Key, ScriptAnswer, Silence
from ivr.engine.machine import advance
from ivr.engine.session import Session
from ivr.flows.model import Desk
from ivr.telephony.facts import Fact

HEAD_START = 0.05
"""Seconds in which the first prompt has the processor for itself; nobody wants the answer before a key is pressed."""
_QUESTIONS = (Ask, RunScript)
LOOK_UP_LIMIT = 0.2
"""Seconds that a caller is kept for what the ledger knows of him."""


class CallerLeft(Exception):  # noqa: N818 — it is what happened, not an error
    """The caller hung up, or the channel is gone."""


class Conversation(Protocol):
    """A call as the controller holds it. Every method raises `CallerLeft` when the caller is gone."""

    async def note(self, facts: Sequence[Fact]) -> None:
        """Write facts into the journal."""

    def lasts(self, command: Play | Ask) -> float:
        """Return the seconds that pass until the command's question begins; of a `Play`, until it is spoken."""

    async def play(self, command: Play) -> None:
        """Speak the prompts to their end."""

    async def ask(self, command: Ask) -> str:
        """Speak the prompts and return the key, or "" when none came."""

    async def run_script(self, command: RunScript) -> ScriptAnswer:
        """Run a pyst2 handler over this call."""

    async def hand_over(self, command: HandOver) -> None:
        """Set the way on and the completion token."""

    async def take_message(self, command: TakeMessage) -> None:
        """Set the way to the voicemail and the completion token."""

    async def hang_up(self) -> None:
        """Let the dialplan end the call."""


class Callers(Protocol):
    """What the ledger knows of a number."""

    async def known(self, desk: str, number: str) -> Caller:
        """Return whether the desk has answered the number before, and how he heard of us."""


async def answer(
    desk: Desk,
    session: Session,
    arrival: Input,
    conversation: Conversation,
    callers: Callers,
    clock: Callable[[], datetime],
) -> Session:
    """Turn the engine until the call leaves it. Returns the last session."""
    look_up = _LookUp(callers, desk.desk, arrival)
    happened: Input = arrival
    facts: tuple[Fact, ...] = ()
    unasked = isinstance(arrival, Arrived)
    try:
        while True:
            turn = advance(desk, session, happened, clock())
            session = turn.session
            facts += turn.facts
            if unasked and any(isinstance(command, _QUESTIONS) for command in turn.commands):
                facts += (_first_question(turn.commands, conversation),)
                unasked = False
            # What the ledger has said already costs no time: the facts of before and behind it are one note.
            if facts and not (look_up.ready and _only_looks_up(turn.commands)):
                await conversation.note(facts)
                facts = ()
            answered = await _perform(turn.commands, conversation, look_up)
            if answered is None:
                return session
            happened = answered
    except CallerLeft:
        return advance(desk, session, HungUp(), clock()).session
    finally:
        look_up.cancel()


def _first_question(commands: Sequence[Command], conversation: Conversation) -> Fact:
    """Tell when the call's first question begins: all that is said before it is spoken with it, in one command."""
    lasts = sum(conversation.lasts(command) for command in commands if isinstance(command, Play | Ask))
    return Fact("question", {"after": f"{lasts * 1000:.0f}"})


def _only_looks_up(commands: Sequence[Command]) -> bool:
    return len(commands) == 1 and isinstance(commands[0], LookUp)


async def _perform(commands: Sequence[Command], conversation: Conversation, look_up: _LookUp) -> Input | None:
    """Perform a turn's commands in order; return the last one's answer, None when the call leaves the engine."""
    answered: Input | None = None
    for command in commands:
        match command:
            case Play():
                await conversation.play(command)
            case Ask():
                digit = await conversation.ask(command)
                answered = Key(digit) if digit else Silence()
            case LookUp():
                answered = await look_up.result()
            case RunScript():
                answered = await conversation.run_script(command)
            case HandOver():
                await conversation.hand_over(command)
            case TakeMessage():
                await conversation.take_message(command)
            case HangUp():
                await conversation.hang_up()
            case _:
                assert_never(command)
    return answered


class _LookUp:
    """Asks the ledger when the call arrives, so that the answer is there when the engine wants it."""

    def __init__(self, callers: Callers, desk: str, arrival: Input) -> None:
        self._task: asyncio.Task[Caller] | None = None
        if isinstance(arrival, Arrived) and arrival.caller:
            self._task = asyncio.create_task(_ask_ledger(callers, desk, arrival.caller))

    @property
    def ready(self) -> bool:
        """Whether the result is there without waiting."""
        return self._task is None or self._task.done()

    async def result(self) -> Caller:
        """Return what the ledger said within its time, or that nothing is known."""
        if self._task is None:
            return Caller()
        return await self._task

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


async def _ask_ledger(callers: Callers, desk: str, number: str) -> Caller:
    await asyncio.sleep(HEAD_START)
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_UP_LIMIT):
            return await callers.known(desk, number)
    return Caller()
