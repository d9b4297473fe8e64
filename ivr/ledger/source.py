"""How the caller heard of us, when he or the agent answered it by a telephone key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ivr.ledger.call import CallFact
from ivr.ledger.channels import Channel, Step
from ivr.telephony.facts import DEAF

ECHO = 500_000
"""Microseconds in which a key of the caller's has been passed on to the agent's telephone: CEL tells of it there too,
in the same words as of the agent's own keys."""
_DEAF = int(DEAF * 1_000_000)


class Question:
    """The source question of a line: a key and its source. Keys may have several digits."""

    __slots__ = ("_pressed", "_sources")

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._pressed = ""

    def press(self, digit: str) -> str:
        """Take one digit; return the source when it completes a key of the question, else ""."""
        self._pressed = (self._pressed + digit)[-4:]
        for size in range(len(self._pressed), 0, -1):
            source = self._sources.get(self._pressed[-size:])
            if source:
                return source
        return ""


def asked_source(caller: Channel, agents: Iterable[Channel]) -> str:
    """Return the source that was answered by key: by the caller while he waited, or by an agent in a talk."""
    question: Question | None = None
    opens_at = 0
    for_agent: dict[str, str] = {}
    for step in caller.steps:
        if isinstance(step, CallFact):
            values = step.fact.values
            if step.fact.name == "line":
                sources = {key[1:]: source for key, source in values.items() if _is_key(key)}
                ask = values.get("ask", "")
                # A later line asks nothing, but the question that he has heard stays open.
                if ask == "waiting":
                    question, opens_at = Question(sources), step.at + _DEAF
                for_agent = sources if ask == "agent" else for_agent
            elif step.fact.name == "entered":
                question = None  # keys are for a node again, to which the line sent him back
        elif step.kind == "enter":
            question = None  # keys are said to somebody
        elif step.kind == "key" and question and step.at >= opens_at and (source := question.press(step.word)):
            return source
    return _by_agent(for_agent, caller, agents) if for_agent else ""


def _by_agent(sources: Mapping[str, str], caller: Channel, agents: Iterable[Channel]) -> str:
    answers = []
    passed_on = [step for step in caller.steps if isinstance(step, Step) and step.kind == "key"]
    for agent in agents:
        question: Question | None = None
        for step in agent.steps:
            if isinstance(step, CallFact):
                continue
            if step.kind == "enter":
                question = Question(sources)
            elif step.kind == "exit":
                question = None
            elif step.kind != "key" or question is None or _is_echo(step, passed_on):
                continue
            elif source := question.press(step.word):
                answers.append((step.at, source))
                break
    return min(answers)[1] if answers else ""


def _is_echo(key: Step, passed_on: Iterable[Step]) -> bool:
    return any(key.word == other.word and 0 <= key.at - other.at < ECHO for other in passed_on)


def _is_key(name: str) -> bool:
    return len(name) > 1 and name[0] == "k" and not name[1:].isalpha()
