"""A call over AGI: the engine's commands as Asterisk's.

One turn costs few round trips on purpose: the prompts before a question and the question are one command, all facts
of a turn are one user event, the whole way on is one MSet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from ivr.asterisk.agi_dialogue import CallerGone, Dialogue
from ivr.asterisk.keys import MARGIN, take_key
from ivr.desk.answer import CallerLeft
from ivr.engine.commands import Ask, HandOver, Play, RunScript, TakeMessage
from ivr.engine.inputs import ScriptAnswer
from ivr.engine.session import Session
from ivr.telephony.facts import EVENT_NAME, Fact, write_events

Length = Callable[[str, str, str], float]
"""Seconds that a prompt lasts: (edition, prompt id, language)."""
RunHandler = Callable[[Dialogue, RunScript], Awaitable[ScriptAnswer]]
"""Run a desk's pyst2 handler over the session."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


class AgiConversation:
    """`ivr.desk.answer.Conversation` over one AGI session."""

    def __init__(
        self,
        agi: Dialogue,
        edition: str,
        length: Length,
        run_handler: RunHandler,
        first_deadline: float,
        language: str = "",
    ) -> None:
        """`edition`: the name under which its prompts lie; `language`: the channel's, as the dialplan has set it."""
        self._agi = agi
        self._edition = edition
        self._length = length
        self._run_handler = run_handler
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + first_deadline
        self._told = {"CHANNEL(language)": language, "IVR_TRIES": "1"}
        """What the dialplan knows of the call, by variable, should it have to go on without us; others are empty."""

    async def note(self, facts: Sequence[Fact]) -> None:
        """Write facts into the journal, as one event unless they are many."""
        for event in write_events(facts):
            await self._exec("CELGenUserEvent", EVENT_NAME, event)

    def lasts(self, command: Play | Ask) -> float:
        """Return the seconds until the question, which is the last of its prompts, begins; of a `Play`, its own."""
        prompts = command.prompts[:-1] if isinstance(command, Ask) else command.prompts
        return self._lasts(prompts, command.language)

    async def play(self, command: Play) -> None:
        """Speak the prompts to their end."""
        lasts = self.lasts(command)
        await self._allow(lasts)
        await self._exec("Playback", self._files(command.prompts, command.language), lasts=lasts)

    async def ask(self, command: Ask) -> str:
        """Speak the prompts and take one key, at any moment of them."""
        lasts = self._lasts(command.prompts, command.language)
        await self._allow(lasts + command.wait, _step(command.session) if command.session else {})
        try:
            return await take_key(self._agi, self._files(command.prompts, command.language), command.wait, lasts)
        except CallerGone as gone:
            raise CallerLeft from gone

    async def run_script(self, command: RunScript) -> ScriptAnswer:
        """Run a pyst2 handler over this call, within its limit."""
        await self._allow(command.limit, _step(command.session) if command.session else {})
        try:
            return await self._run_handler(self._agi, command)
        except CallerGone as gone:
            raise CallerLeft from gone

    async def hand_over(self, command: HandOver) -> None:
        """Set the way on; the token is the last word."""
        await self._exec(
            "MSet",
            f"IVR_GO={command.line}",
            f"IVR_ASK={command.ask}",
            *([f"IVR_OWN={command.agent}"] if command.agent else []),
            f"__IVR_CATEGORY={command.category}",
            f"__IVR_SOURCE={command.source}",
            f"__IVR_SESSION={command.session}",
            f"CHANNEL(language)={command.language}",
            "IVR_TOKEN=handed",
        )

    async def take_message(self, command: TakeMessage) -> None:
        """Send him to the voicemail; the token is the last word."""
        await self._exec("MSet", f"CHANNEL(language)={command.language}", "IVR_TOKEN=message")

    async def hang_up(self) -> None:
        """Let the dialplan hang up."""
        await self._exec("MSet", "IVR_TOKEN=ended")

    def _lasts(self, prompts: Sequence[str], language: str) -> float:
        return sum(self._length(self._edition, prompt, language) for prompt in prompts)

    def _files(self, prompts: Sequence[str], language: str) -> str:
        return "&".join(f"{self._edition}/{language}/{prompt}" for prompt in prompts)

    async def _exec(self, application: str, *arguments: str, lasts: float = 0.0) -> None:
        try:
            await self._agi.exec(application, *arguments, limit=lasts + MARGIN)
        except CallerGone as gone:
            raise CallerLeft from gone

    async def _allow(self, lasts: float, step: Mapping[str, str] = _NOTHING) -> None:
        """Move Asterisk's own deadline on, so that it takes the call back should we stop answering; tell it from where.

        The first time it also tells the dialplan that we have begun: AGISTATUS does not tell a controller that was
        never there from one that died.
        """
        now = self._loop.time()
        news = {name: value for name, value in step.items() if value != self._told.get(name, "")}
        begun = "IVR_BEGAN" in self._told
        if begun and not news and self._deadline >= now + lasts + MARGIN:
            return
        if news and "IVR_AT" in self._told:
            news |= {"IVR_KEY": "", "READSTATUS": ""}  # of the question before
        if not begun:
            news |= {"IVR_BEGAN": "1"}
        self._told |= news
        self._deadline = max(self._deadline, now + lasts + 2 * MARGIN)
        variables = (f"{name}={value}" for name, value in news.items())
        await self._exec("MSet", f"TIMEOUT(absolute)={round(self._deadline - now)}", *variables)


def _step(session: Session) -> dict[str, str]:
    """Return the variables with which the compiled flow goes on from here: see `ivr.asterisk.compiled`."""
    return {
        "IVR_AT": "source" if session.awaiting == "source" else session.node,
        "IVR_TRIES": str(session.tries),
        "IVR_DIGITS": session.digits,
        "IVR_GO": session.line,
        "IVR_ASKED": "1" if session.asked else "",
        "IVR_NOTICED": "1" if session.noticed else "",
        "__IVR_CATEGORY": session.category,
        "__IVR_SOURCE": session.source,
        "CHANNEL(language)": session.language,
    }
