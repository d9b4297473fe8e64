"""A turn: what one input led to. `Draft` is the turn while the machine writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ivr.engine.commands import Ask, Command, Play
from ivr.engine.session import Awaiting, Session
from ivr.flows.model import Desk
from ivr.telephony.facts import Fact


@dataclass(frozen=True, slots=True)
class Turn:
    """The session after an input, the commands to perform in order, and the facts to write before them."""

    session: Session
    commands: tuple[Command, ...]
    facts: tuple[Fact, ...]


@dataclass(slots=True)
class Draft:
    """A turn being written. Prompts are held back, so that what is spoken before a question becomes part of it."""

    desk: Desk
    session: Session
    now: datetime
    """The moment of the input; it knows its time zone."""
    steps: int = 0
    """Nodes entered in this turn."""
    _prompts: list[str] = field(default_factory=list)
    _commands: list[Command] = field(default_factory=list)
    _facts: list[Fact] = field(default_factory=list)

    def fact(self, name: str, **values: str) -> None:
        """Note that something happened."""
        self._facts.append(Fact(name, values))

    def change(self, **changes: object) -> None:
        """Change the session."""
        self.session = self.session.but(**changes)

    def speak(self, prompt: str) -> None:
        """Speak a prompt; keys pressed during it answer the question that follows."""
        self._prompts.append(prompt)

    def speak_out(self, prompt: str) -> None:
        """Speak a prompt that no key may cut short."""
        self.speak(prompt)
        self._let_speak()

    def ask(self, prompt: str, wait: float, awaiting: Awaiting) -> None:
        """Ask for a key, after all that is still to be spoken; an empty prompt waits in silence."""
        prompts = (*self._prompts, prompt) if prompt else tuple(self._prompts)
        self._prompts.clear()
        self.change(awaiting=awaiting)
        self._commands.append(Ask(prompts, self.session.language, wait, self.session))

    def command(self, command: Command, awaiting: Awaiting) -> None:
        """End the turn with a command, after all that is still to be spoken."""
        self._let_speak()
        self._commands.append(command)
        self.change(awaiting=awaiting)

    def finish(self) -> Turn:
        """Return the turn as written."""
        return Turn(self.session, tuple(self._commands), tuple(self._facts))

    def _let_speak(self) -> None:
        if self._prompts:
            self._commands.append(Play(tuple(self._prompts), self.session.language))
            self._prompts.clear()
