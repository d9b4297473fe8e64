"""Play a desk without a telephone: the engine's turns with a clock that runs as long as the prompts last."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from ivr.engine.commands import Ask, Command, HandOver, HangUp, LookUp, Play, RunScript, TakeMessage
from ivr.engine.inputs import Arrived, Caller, Input, Key, LineLeft, ScriptAnswer, Silence
from ivr.engine.machine import advance
from ivr.engine.session import Session, unpack
from ivr.engine.turn import Turn
from ivr.engine.whisper import whisper
from ivr.flows.model import VOICEMAIL, Desk

NextKey: TypeAlias = Callable[[str], str]
"""Asks the player for what the caller does at a prompt: a key, a script's answer, or "" for nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the caller, the agent or the ledger would notice."""

    at: float
    """Seconds from the answer."""
    what: str
    """says, asks, presses, silent, notes, script, line, hears in the line, whispers, takes a message, hangs up."""
    subject: str
    """Prompt id, key, fact, line or reason."""
    text: str = ""


@dataclass(slots=True)
class Playing:
    """One play of a desk."""

    desk: Desk
    texts: Mapping[tuple[str, str], str]
    """(prompt id, language) → what is spoken."""
    length: Callable[[str, str], float]
    """Seconds of (prompt id, language)."""
    next_key: NextKey
    caller: Caller = field(default_factory=Caller)
    at: float = 0.0
    nobody_at: frozenset[str] = frozenset()
    """Lines that no agent works on."""
    _empty: int = 0
    """Lines with nobody that he has met."""

    def run(self, number: str, caller: str, moment: datetime) -> Iterator[Step]:
        """Play one call that arrives at the moment (which knows its zone); yield its steps as they happen."""
        session = Session(self.desk.desk, "play")
        happened: Input | None = Arrived(number, caller)
        while happened is not None:
            turn = advance(self.desk, session, happened, moment + timedelta(seconds=self.at))
            session = turn.session
            yield from self._told(turn)
            happened = None
            for command in turn.commands:
                happened = yield from self._perform(command)

    def _told(self, turn: Turn) -> Iterator[Step]:
        for fact in turn.facts:
            yield Step(self.at, "notes", fact.name, " ".join(f"{key}={value}" for key, value in fact.values.items()))

    def _perform(self, command: Command) -> Generator[Step, None, Input | None]:
        match command:
            case Play():
                yield from self._speak("says", command.prompts, command.language)
            case Ask():
                yield from self._speak("asks", command.prompts, command.language)
                return (yield from self._take_key(command))
            case LookUp():
                return self.caller
            case RunScript():
                answer = self.next_key(f"the answer of {command.script}")
                yield Step(self.at, "script", command.script, answer)
                return ScriptAnswer(answer, failed=not answer)
            case HandOver():
                return (yield from self._go_to_line(command))
            case TakeMessage():
                yield from self._take_message(command.language)
            case HangUp():
                yield Step(self.at, "hangs up", command.reason)
            case _:
                assert_never(command)
        return None

    def _speak(self, what: str, prompts: tuple[str, ...], language: str) -> Iterator[Step]:
        for prompt in prompts:
            yield Step(self.at, what, prompt, self.texts.get((prompt, language), ""))
            self.at += self.length(prompt, language)

    def _take_key(self, command: Ask) -> Generator[Step, None, Input]:
        key = self.next_key(command.prompts[-1] if command.prompts else "the next digit")[:1]
        if not key:
            self.at += command.wait
            yield Step(self.at, "silent", command.prompts[-1] if command.prompts else "")
            return Silence()
        yield Step(self.at, "presses", key)
        return Key(key)

    def _take_message(self, language: str) -> Iterator[Step]:
        yield from self._speak("says", ("voicemail",), language)
        if self.desk.voicemail:
            most = self.desk.voicemail.limit.total_seconds()
            yield Step(self.at, "takes a message", "voicemail", f"{most:.0f} s at most, after the tone")

    def _go_to_line(self, command: HandOver) -> Generator[Step, None, Input | None]:
        """Pass the lines with nobody, as the dialplan does: to the next one, back into the flow, or to the end."""
        lines, name = self.desk.lines, command.line
        while self._empty < len(lines):
            if name not in self.nobody_at:
                yield from self._wait_in_line(command, name)
                return None
            yield Step(self.at, "line", name, "nobody is there")
            self._empty += 1
            then = lines[name].then
            if then in self.desk.flow:
                return LineLeft(name, "JOINEMPTY")
            if then == VOICEMAIL:
                yield from self._take_message(command.language)
                return None
            if then not in lines:
                break
            name = then
        yield Step(self.at, "notes", "exhausted")
        if self.desk.voicemail and self.desk.voicemail.instead_of_sorry:
            yield from self._take_message(command.language)
        else:
            yield from self._speak("says", ("sorry",), command.language)
            yield Step(self.at, "hangs up", "gave up")
        return None

    def _wait_in_line(self, command: HandOver, name: str) -> Iterator[Step]:
        line = self.desk.lines[name]
        yield Step(self.at, "line", name, f"agents {', '.join(line.agents)}")
        source = command.source
        if command.ask == "waiting" and self.desk.source is not None:
            yield from self._speak("hears in the line", ("source",), command.language)
            key = self.next_key("source")[:1]
            source = self.desk.source.options.get(key, "")
            yield Step(self.at, "presses" if key else "silent", key or "source", f"source={source}" if source else "")
        if line.whisper:
            language = self.desk.languages[0]
            for prompt in whisper(self.desk, name, unpack(command.session), source=source, waited=0):
                yield Step(self.at, "whispers", prompt, self.texts.get((prompt, language), ""))
