"""The desk of the fault tests: a short informer, a menu of three categories, a line of each kind."""

from __future__ import annotations

NUMBER = "500"
FIRST, SECOND, THIRD = 1100, 1200, 1300
"""Before the first agent of each line: a first line of two is 1101 and 1102."""

_TEXT = """\
desk: rush
numbers: ["500"]
language: en
recording: {notice: once, say: Recorded.}
patience: 60s
agents:
AGENTS
categories: {simple: simple, product: product, claim: claim}
lines:
  first: {agents: [LINE1], ring: 5s, wait: 15s, then: second}
  second: {agents: [LINE2], ring: 5s, wait: 15s, then: third, whisper: true}
  third: {agents: [LINE3], ring: 5s, wait: 15s, then: hang up, whisper: accept}
flow:
  informer: {say: Hello., then: category}
  category:
    menu: One, two or three.
    wait: 2s
    tries: 2
    1: {category: simple, then: first}
    2: {category: product, then: second}
    3: {category: claim, then: third}
    wrong key: No such key.
    no answer: {then: first}
source:
  ask: while waiting
  menu: Where from? Four or five.
  4: internet
  5: friends
  names: {internet: the internet, friends: friends}
"""


def line_agents(line: int, count: int) -> list[str]:
    """Return the agents of a line, whose number is `FIRST`, `SECOND` or `THIRD`."""
    return [str(line + place) for place in range(1, count + 1)]


def desk_text(agents: int) -> str:
    """Return the desk file, with so many agents a line."""
    lines = [line_agents(line, agents) for line in (FIRST, SECOND, THIRD)]
    text = _TEXT.replace("AGENTS", "\n".join(f"  {agent}: Agent {agent}" for line in lines for agent in line))
    for place, line in enumerate(lines, 1):
        text = text.replace(f"LINE{place}", ", ".join(line))
    return text


HANDLER = """\
def listen(agi):
    agi.get_data("kinds/en/hello", 1500, 1)
    agi.set_variable("HEARD", "yes")
    return "done"
"""
"""A pyst2 handler that keeps a caller for a while."""


def kinds_text() -> str:
    """Return a desk on whose way each kind of command keeps the caller: prompts, a question, a handler, a way on."""
    return """\
desk: kinds
numbers: ["600"]
language: en
agents: {1401: Nobody}
categories: {other: other}
lines:
  only: {agents: [1401], ring: 5s, wait: 10s, then: hang up}
flow:
  hello: {say: Hello again., then: handler}
  handler: {script: "wait.py:listen", answers: {done: pick}, otherwise: pick}
  pick:
    menu: Press one.
    wait: 1s
    tries: 2
    1: {category: other, then: only}
    no answer: {say: Goodbye., then: hang up}
"""
