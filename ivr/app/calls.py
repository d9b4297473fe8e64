"""The controller's handlers: what each `agi://…/<path>` of the dialplan does with a call."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog

from ivr.app.editions import Editions
from ivr.asterisk.agi_dialogue import Dialogue
from ivr.asterisk.conversation import AgiConversation
from ivr.asterisk.pyst2_seat import HandlerFailed, run_handler
from ivr.asterisk.render import ANSWER_DEADLINE
from ivr.asterisk.whispering import whisper_to_agent
from ivr.desk.answer import Callers, answer
from ivr.engine.commands import RunScript
from ivr.engine.inputs import Arrived, LineLeft, ScriptAnswer
from ivr.engine.session import Session, unpack
from ivr.engine.whisper import whisper
from ivr.flows.edition import Edition, edition_name
from ivr.flows.model import Desk
from ivr.telephony.facts import DEAF

Keys = Callable[[str, float], str]
"""The keys that a channel (uniqueid) pressed since a moment, in order."""
Length = Callable[[str, str, str], float]
"""Seconds that a prompt lasts: (edition, prompt id, language)."""

_log = structlog.get_logger("ivr.calls")


@dataclass(frozen=True, slots=True)
class Calls:
    """All that a call needs from this controller."""

    editions: Editions
    callers: Callers
    length: Length
    keys: Keys

    def handlers(self) -> dict[str, Callable[[Dialogue], Awaitable[None]]]:
        """Return the path of each handler."""
        return {"answer": self.answer, "resume": self.resume, "whisper": self.whisper}

    async def answer(self, agi: Dialogue) -> None:
        """`answer,<edition or desk>,<number>,<closed>`: a call arrived; `closed` is 1 when the desk is for now."""
        name, number, closed = _arguments(agi, 3)
        edition = await self.editions.find(name)
        desk, caller = edition.desk.desk, agi.request.caller_number
        _log.info(
            "call", call_id=agi.request.uniqueid, desk=desk, number=number, caller=caller, version=edition.version
        )
        arrival = Arrived(number, caller, agi.request.uniqueid, closed=closed == "1")
        await self._turn(agi, edition, Session(desk, edition.version), arrival)

    async def resume(self, agi: Dialogue) -> None:
        """`resume,<packed session>,<line>,<QUEUESTATUS>,<asked at>`: a line ended without a talk, its `then` is a node.

        What he has answered to the source question is kept now: keys that he presses from here on answer the node.
        """
        packed, line, status, asked_at = _arguments(agi, 4)
        session = unpack(packed)
        edition = await self.editions.find(edition_name(session.desk, session.version))
        source = session.source or self._answered(edition.desk, agi.request.uniqueid, asked_at)
        await self._turn(agi, edition, session.but(source=source), LineLeft(line, status))

    async def whisper(self, agi: Dialogue) -> None:
        """`whisper,<edition>,<line>,<agent>,<since>,<call>,<asked at>,<packed session>,<category>,<source>,<back>`.

        An agent has answered; `back` is 1 when he is to call somebody back. A call that the dialplan served alone has
        no session, but may have a category and source.
        """
        name, line, agent, since, call, asked_at, packed, category, source, back = _arguments(agi, 10)
        edition = await self.editions.find(name)
        desk = edition.desk
        session = unpack(packed) if packed else Session(desk.desk, "", category=category, source=source)
        source = session.source or self._answered(desk, call, asked_at)
        waited = max(0.0, time.time() - float(since or time.time()))
        prompts = whisper(desk, line, session, source=source, waited=waited, back=back == "1")
        language = desk.languages[0]
        lasts = sum(self.length(edition.name, prompt, language) for prompt in prompts)
        files = [f"{edition.name}/{language}/{prompt}" for prompt in prompts]
        _log.info("whisper", call_id=call, agent=agent, line=line, prompts=list(prompts))
        await whisper_to_agent(agi, agent, files, lasts, accept=desk.lines[line].whisper == "accept")

    async def _turn(self, agi: Dialogue, edition: Edition, session: Session, arrival: Arrived | LineLeft) -> None:
        desk = edition.desk
        language = session.language or desk.languages[0]
        conversation = AgiConversation(
            agi, edition.name, self.length, partial(self._run_script, edition), ANSWER_DEADLINE, language
        )
        last = await answer(desk, session, arrival, conversation, self.callers, _now)
        _log.info(
            "call.turned", call_id=agi.request.uniqueid, category=last.category, line=last.line, source=last.source
        )

    async def _run_script(self, edition: Edition, agi: Dialogue, command: RunScript) -> ScriptAnswer:
        file, function = command.script.split(":")
        try:
            told = await run_handler(agi, self.editions.scripts(edition) / file, function, command.limit)
        except HandlerFailed as failure:
            _log.warning("script.failed", call_id=agi.request.uniqueid, script=command.script, reason=str(failure))
            return ScriptAnswer("", failed=True)
        return ScriptAnswer(told)

    def _answered(self, desk: Desk, call: str, asked_at: str) -> str:
        """Return what the caller said to the source question while he waited."""
        if not asked_at or desk.source is None:
            return ""
        pressed = self.keys(call, float(asked_at) + DEAF)
        return next((desk.source.options[key] for key in pressed if key in desk.source.options), "")


def _arguments(agi: Dialogue, count: int) -> tuple[str, ...]:
    """Return the dialplan's arguments; missing ones at the end are empty, as Asterisk drops them."""
    given = agi.request.args
    return (*given, *("",) * count)[:count]


def _now() -> datetime:
    return datetime.now(UTC)
