"""Whether what a desk says about calls to outside means something."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ivr.flows.model import Callback, Desk
from ivr.flows.scalars import possible
from ivr.written.mistake import Mistake, nearest


def dialling_mistakes(desk: Desk, agents: Collection[str]) -> Iterator[Mistake]:
    """Walk over prefixes that are there for nothing, unknown agents, and a number that nobody can call back."""
    yield from _callback_mistakes(desk)
    yield from _callback_prefixes(desk)
    outbound = desk.outbound
    if outbound is None:
        return
    for index, prefix in enumerate(outbound.allow):
        path = ("outbound", "allow", str(index))
        others = (*outbound.allow[:index], *(other for other in outbound.allow[index + 1 :] if other != prefix))
        if shorter := next((other for other in others if prefix.startswith(other)), None):
            twice = f"`{prefix}` stands here twice" if shorter == prefix else f"`{shorter}` allows `{prefix}` already"
            yield Mistake(path, twice, "delete one")
    for index, agent in enumerate(outbound.agents or ()):
        path = ("outbound", "agents", str(index))
        if agent not in agents:
            yield Mistake(path, f"`{agent}` is not in `agents`", nearest(agent, agents, "add him"))
        elif agent in (outbound.agents or ())[:index]:
            yield Mistake(path, f"`{agent}` stands here twice", "delete one")
    if outbound.caller_id and not possible(outbound.caller_id):
        wrong = f"no telephone can have the number `{outbound.caller_id}`"
        yield Mistake(("outbound", "caller id"), wrong, "check its digits; write what your provider lets you show")


def _callback_mistakes(desk: Desk) -> Iterator[Mistake]:
    for name, line in desk.lines.items():
        if line.callback and desk.outbound is None:
            wrong = f"callers of `{name}` are to be called back, and the desk has no `outbound`"
            cure = 'say which numbers may be called: `outbound: {allow: ["+7"]}`'
            yield Mistake(("lines", name, "callback"), wrong, cure, at_key=True)
    key = desk.callback.key
    if desk.calls_back and desk.source and desk.asks_while_waiting:
        taken = next((option for option in desk.source.options if option.startswith(key)), None)
        if taken:
            wrong = f"the key `{key}` answers the source question too, which is asked in the same moment"
            yield Mistake(("source", taken), wrong, "give `callback` another `key`", at_key=True)


def _callback_prefixes(desk: Desk) -> Iterator[Mistake]:
    for index, prefix in enumerate(desk.callback.allow or ()):
        if desk.outbound and not prefix.startswith(desk.outbound.allow):
            wrong = f"`outbound` does not allow `{prefix}`"
            cure = nearest(prefix, desk.outbound.allow, "add it there")
            yield Mistake(("callback", "allow", str(index)), wrong, cure)


def idle_callback(desk: Desk) -> Iterator[Mistake]:
    """Warn of a promise that no line makes."""
    if desk.callback != Callback() and not desk.calls_back:
        wrong = "no line offers to call back"
        yield Mistake(("callback",), wrong, "write `callback: true` in a line, or delete this", "warning", at_key=True)


def unreachable_caller_id(desk: Desk) -> Iterator[Mistake]:
    """Warn of a number by which who calls back does not reach the desk."""
    shown = desk.outbound.caller_id if desk.outbound else None
    if shown and shown not in desk.numbers:
        wrong = f"who calls `{shown}` back does not reach this desk"
        cure = nearest(shown, desk.numbers, "add it to `numbers`")
        yield Mistake(("outbound", "caller id"), wrong, cure, "warning")
