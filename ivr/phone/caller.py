"""A caller who listens: presses his keys in time with the prompts, talks with the agent a while, and hangs up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ivr.phone.call import Call, End, Event
from ivr.phone.g711 import Samples
from ivr.phone.hearing import Heard, Listener
from ivr.phone.outgoing import OutgoingCall
from ivr.phone.phone import Phone
from ivr.phone.steps import Step
from ivr.phone.tones import CALLER_HZ, loudness, tone_level, voice

_TURN = 0.05
"""Seconds between two looks at what was heard."""
_REACTION = 0.2
"""Seconds between the end of a question and the key."""
_WINDOW = 0.2
"""Seconds of sound in which a voice is looked for."""
_CERTAIN = 3
"""Windows in a row that make a pitch an agent's voice when nobody tells that he answered."""
_AUDIBLE = 0.005
ASKED = "is asked"
"""A witness's word: a question has begun that may be answered in the line, until an agent cuts it."""
_THINKS = 2.0
"""Seconds from the beginning of such a question to the key: he does not wait for its end."""
_TOLD = frozenset({"pressed", "ringing", "answered"})
"""What of the call's own events a reader wants to see."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the caller does."""

    number: str
    caller: str = ""
    name: str = ""
    steps: tuple[Step, ...] = ()
    sound: Samples | None = None
    """What he says to the agent; his own tone, over and over, when None."""
    talk: float = 6.0
    """Seconds that he talks with the agent before he hangs up."""
    patience: float = 120.0
    """Seconds after the INVITE when he hangs up whatever happens."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the caller can recognise by ear."""

    prompts: Mapping[str, Samples] = field(default_factory=dict)
    asking: frozenset[str] = frozenset()
    """The prompts after which a key is expected."""
    pitches: Mapping[str, int] = field(default_factory=dict)
    """Agent → the pitch of his robot's voice in Hz."""


class Witness(Protocol):
    """Tells what cannot be heard: the line, the agent. `at` of its events is seconds after the INVITE."""

    def seen(self, call: Call) -> Sequence[Event]:
        """Return what happened to the call since the last time it was asked."""
        ...


class Nobody:
    """A witness who sees nothing: for a desk on another machine."""

    def seen(self, call: Call) -> Sequence[Event]:  # noqa: ARG002 - he does not look
        """Return nothing."""
        return ()


@dataclass(frozen=True, slots=True)
class Report:
    """A finished call."""

    events: tuple[Event, ...]
    prompts: tuple[Heard, ...]
    end: End
    sound: Samples
    """What was heard from the answer on, 8 kHz."""
    unpressed: str
    """Keys for which no question came."""


class Caller:
    """One caller's one call. `tell` gets each event as soon as it is known; `leaves` says when he has had enough."""

    def __init__(
        self,
        plan: Plan,
        knowledge: Knowledge,
        witness: Witness,
        tell: Callable[[Event], None],
        leaves: Callable[[], bool] = lambda: False,
    ) -> None:
        self._leaves = leaves
        self._plan, self._knowledge, self._witness, self._tell = plan, knowledge, witness, tell
        self._steps = list(plan.steps)
        self._events: list[Event] = []
        self._prompts: list[Heard] = []
        self._listener = Listener(knowledge.prompts)
        self._heard_until = self._voice_until = 0.0
        self._in_a_row = ("", 0)
        self._agent = ""
        self._talk_began: float | None = None
        self._hears_agent = False
        self._due: tuple[float, Step] | None = None
        """The answer to a question in the line: when, and what."""

    async def run(self, phone: Phone) -> Report:
        """Place the call and see it to its end."""
        call = await phone.call(self._plan.number, caller=self._plan.caller, name=self._plan.name)
        call.on_event = self._of_call
        while not await call.over(_TURN):
            await self._listen(call, call.media.timeline.settled(call.now))
            if self._has_had_enough(call):
                await call.hang_up()
        for heard in (*self._listen_to_rest(call), *self._listener.finish()):
            self._note_prompt(heard)
        self._look(call)
        end = call.ended or End("failed", 0, "")
        self._note(_ending(call, end))
        unanswered = [self._due[1]] if self._due else []
        left = "".join(step.key or "-" for step in (*unanswered, *self._steps))
        return Report(tuple(sorted(self._events)), tuple(self._prompts), end, call.heard(), left)

    async def _listen(self, call: OutgoingCall, until: float) -> None:
        for heard in self._feed(call, until):
            self._note_prompt(heard)
            if heard.prompt in self._knowledge.asking and not heard.cut and self._steps:
                await self._answer_question(call, heard)
        self._look(call)
        await self._answer_in_line(call)
        self._listen_for_agent(call, until)

    def _feed(self, call: OutgoingCall, until: float) -> list[Heard]:
        if until <= self._heard_until:
            return []
        block = call.media.timeline.read(self._heard_until, until)
        self._heard_until += block.size / 8000
        return self._listener.feed(block)

    def _listen_to_rest(self, call: OutgoingCall) -> list[Heard]:
        return self._feed(call, call.media.timeline.end / 8000)

    async def _answer_question(self, call: OutgoingCall, heard: Heard) -> None:
        step = self._steps.pop(0)
        due = heard.ended + _REACTION + step.pause
        if step.key and not await call.over(max(0.0, due - call.now)):
            await call.press(step.key)

    async def _answer_in_line(self, call: OutgoingCall) -> None:
        if self._due and call.now >= self._due[0] and self._talk_began is None:
            (_, step), self._due = self._due, None
            if step.key:
                await call.press(step.key)

    def _look(self, call: OutgoingCall) -> None:
        for event in self._witness.seen(call):
            self._note(event)
            if event.name == ASKED and self._steps:
                step = self._steps.pop(0)
                self._due = (event.at + _THINKS + step.pause, step)
            if event.name == "answered by" and self._talk_began is None:
                self._agent = event.detail
                self._begin_talk(call, event.at)

    def _listen_for_agent(self, call: OutgoingCall, until: float) -> None:
        """Notice the agent's voice: the first sound after we know that he is there, or his robot's lasting pitch."""
        while call.answered_at is not None and not self._hears_agent and self._voice_until + _WINDOW <= until:
            began = self._voice_until
            self._voice_until += _WINDOW
            window = call.media.timeline.read(began, self._voice_until)
            if self._talk_began is not None:
                self._hears_agent = began >= self._talk_began and loudness(window) > _AUDIBLE
            elif self._sings_on(window):
                began -= (_CERTAIN - 1) * _WINDOW
                self._hears_agent, self._agent = True, f"agent {self._in_a_row[0]}"
                self._begin_talk(call, began)
            if self._hears_agent:
                self._note(Event(round(began, 3), "hears", self._agent))

    def _sings_on(self, window: Samples) -> bool:
        """Say whether one agent's pitch has been heard long enough to be no accident of the music."""
        pitched, (agent, times) = self._pitch(window), self._in_a_row
        self._in_a_row = (pitched, times + 1 if agent == pitched else 1)
        return bool(pitched) and self._in_a_row[1] >= _CERTAIN

    def _pitch(self, window: Samples) -> str:
        if loudness(window) <= _AUDIBLE:
            return ""
        return next((agent for agent, hz in self._knowledge.pitches.items() if tone_level(window, hz) > 0.9), "")

    def _begin_talk(self, call: OutgoingCall, at: float) -> None:
        self._talk_began = at
        if self._plan.sound is None:
            call.media.repeat(voice(CALLER_HZ))
        else:
            call.say(np.asarray(self._plan.sound, np.int16))

    def _has_had_enough(self, call: OutgoingCall) -> bool:
        talked = self._talk_began is not None and call.now - self._talk_began >= self._plan.talk
        return talked or call.now >= self._plan.patience or self._leaves()

    def _note_prompt(self, heard: Heard) -> None:
        self._prompts.append(heard)
        self._note(Event(round(max(0.0, heard.began), 3), "heard", heard.prompt))
        if heard.cut:
            self._note(Event(round(heard.ended, 3), "cut", heard.prompt))

    def _of_call(self, event: Event) -> None:
        if event.name in _TOLD:
            self._note(event)

    def _note(self, event: Event) -> None:
        self._events.append(event)
        self._tell(event)


def _ending(call: Call, end: End) -> Event:
    at = next((event.at for event in call.events if event.name == "ended"), call.now)
    if end.by == "failed":
        return Event(at, "failed", f"{end.code} {end.reason}")
    return Event(at, {"us": "hung up", "them": "the desk hung up"}[end.by])
