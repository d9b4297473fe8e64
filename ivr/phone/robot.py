"""A robot agent: registers while no real telephone does, answers, accepts what is whispered, and speaks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import structlog

from ivr.errors import DeskError
from ivr.phone.digest import Account
from ivr.phone.g711 import Samples
from ivr.phone.hearing import Listener
from ivr.phone.incoming import IncomingCall
from ivr.phone.phone import Phone
from ivr.phone.registration import NotRegisteredError, Registration
from ivr.phone.tones import voice
from ivr.phone.udp import HostPort

_LOOK = 10.0
"""Seconds between two looks for a real telephone."""
_KEPT = 60
"""Seconds that a registration lasts: soon gone when we are."""
_TURN = 0.05
_LONGEST_PAUSE = 10.0
_BROWSER = "-web"
"""An agent's telephone in the browser registers as `<agent>-web`."""
_NAME = "robot-"
"""Begins the name in a robot's contact: what a killed robot left behind must not be taken for a real telephone."""
_ASKS = "whisper.accept"

_log = structlog.get_logger("ivr.robots")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a robot does with a call; the defaults are a good agent."""

    ring: float | None = None
    """Seconds until it answers; three to four and a half, by chance, when None."""
    answer: Literal["accept", "refuse", "silence", "busy", "never"] = "accept"
    """`refuse` and `silence` answer, and then press 2, or nothing, when they are asked."""
    tone: int | None = None
    """Hz; the agent's own pitch when None."""
    talk: float = 60.0
    """Seconds after which it hangs up."""


@dataclass(frozen=True, slots=True)
class Post:
    """The place that a robot takes: an agent, and what is known there."""

    agent: str
    password: str
    pitch: int
    """Hz."""
    prompts: Mapping[str, Samples]
    """What may be whispered to it."""
    speech: Samples | None = None
    """Spoken once, before its tone."""


class Robot:
    """One robot. `behave` is asked anew at every call; `ready` is set once its first look is done."""

    def __init__(self, post: Post, server: HostPort, behave: Callable[[], Behaviour]) -> None:
        self.ready = asyncio.Event()
        self.on_duty = False
        """Whether it holds its agent's place."""
        self._post, self._server, self._behave = post, server, behave

    async def run(self) -> None:
        """Serve until cancelled."""
        agent, password = self._post.agent, self._post.password
        async with Phone(server=self._server, user=agent, password=password, contact_user=_NAME + agent) as phone:
            phone.on_call = self.take
            browser = phone.account_of(Account(agent + _BROWSER, password))
            pause = 1.0
            try:
                while True:
                    try:
                        await self._look(phone, browser)
                        pause, wait = 1.0, _LOOK
                    except DeskError as failure:
                        _log.warning("robot.waits", agent=self._post.agent, reason=failure.sentence, again_s=pause)
                        self.on_duty = False
                        pause, wait = min(pause * 2, _LONGEST_PAUSE), pause
                    self.ready.set()
                    phone.forget_ended()
                    await asyncio.sleep(wait)
            finally:
                await self._step_aside(phone)

    async def _look(self, phone: Phone, browser: Registration) -> None:
        """Register, or keep aside for a real telephone."""
        bound = [*await phone.registration.bindings(), *await _bindings(browser)]
        if not all(contact.startswith(f"sip:{_NAME}") for contact in bound):
            if self.on_duty:
                _log.info("robot.steps_aside", agent=self._post.agent)
            await self._step_aside(phone)
            return
        await phone.registration.register(_KEPT)
        if not self.on_duty:
            _log.info("robot.on_duty", agent=self._post.agent)
        self.on_duty = True

    async def _step_aside(self, phone: Phone) -> None:
        if self.on_duty:
            self.on_duty = False
            try:
                await phone.registration.unregister()
            except DeskError:
                return  # the server is gone, and our registration with it

    async def take(self, call: IncomingCall) -> None:
        """Take a call as this agent would."""
        behaviour = self._behave()
        if behaviour.answer == "busy":
            call.reject(486)
            return
        call.ring()
        ring = random.uniform(3.0, 4.5) if behaviour.ring is None else behaviour.ring  # noqa: S311 - no secret
        if await call.over(None if behaviour.answer == "never" else ring):
            return
        call.answer()
        _log.info("robot.answered", agent=self._post.agent, caller=call.caller.user)
        await self._talk(call, behaviour)
        _log.info("robot.finished", agent=self._post.agent, talked_s=round(call.now, 1))

    async def _talk(self, call: IncomingCall, behaviour: Behaviour) -> None:
        if self._post.speech is not None:
            call.say(self._post.speech)
        call.media.repeat(voice(behaviour.tone or self._post.pitch))
        listener, until = Listener(self._post.prompts), 0.0
        while not await call.over(_TURN) and call.now < behaviour.talk:
            block = call.media.timeline.read(until, call.media.timeline.settled(call.now))
            until += block.size / 8000
            asked = any(heard.prompt == _ASKS and not heard.cut for heard in listener.feed(block))
            key = {"accept": "1", "refuse": "2"}.get(behaviour.answer)
            if asked and key:
                await call.press(key)
        await call.hang_up()


async def _bindings(registration: Registration) -> list[str]:
    try:
        return await registration.bindings()
    except NotRegisteredError as refusal:
        if refusal.code:
            return []  # this desk has no telephones in the browser
        raise
