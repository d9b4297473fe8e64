"""A desk's flow as a list of ways in words, to be held against the one that is read back from the dialplan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from math import ceil
from typing import NamedTuple

from ivr.flows.callers import prompt_of
from ivr.flows.edition import Edition
from ivr.flows.model import HANG_UP, VOICEMAIL, Desk, Line, Node, Say, Script, Source, Split, Way, When, way_to
from ivr.flows.prompts import key_prompt, tells_notice
from ivr.flows.split import edges, way_name
from ivr.flows.when import spans_of


class Told(NamedTuple):
    """One way: where to, and what happens on it."""

    then: str
    """A node, a line (`in` it: its queue, behind question and notice), `voicemail` or `hang up`; of a question's own
    steps those that may come, in order."""
    category: str = ""
    language: str = ""
    says: str = ""
    """Prompt ids."""

    def __str__(self) -> str:
        more = (("category", self.category), ("language", self.language), ("says", self.says))
        return " ".join((f"→ {self.then}", *(f"{name} {value}" for name, value in more if value)))


class Wanted(NamedTuple):
    """All that a dialplan is held against: a desk without its texts."""

    edition: str
    """Its name."""
    desk: str
    diallers: Collection[str]
    """Agents who may call outside, in the order of their numbers."""
    flow: Mapping[str, Told]
    back: Collection[str] = ()
    """How the numbers begin that may be called back; empty when the desk offers that to nobody."""


def wanted_of(edition: Edition) -> Wanted:
    """Return what an edition's dialplan is held against."""
    desk = edition.desk
    return Wanted(edition.name, desk.desk, tuple(sorted(desk.diallers)), told_flow(desk), desk.called_back)


def told_flow(desk: Desk) -> dict[str, Told]:
    """Return every way of a desk by its place: `category 1`, `category no answer`, `line first`, `number 100`."""
    asks = desk.asks_before_line
    found = {f"number {number}": Told(desk.desk) for number in desk.numbers}
    found |= {f"door {name}": Told(name) for name in ("arrive", "went")}
    ahead = ["blocked"] * any(rule.then == HANG_UP for rule in desk.callers) + ["hours", "closed"] * (
        desk.hours is not None
    )
    ahead += ["caller"] * any(rule.then not in {None, HANG_UP} for rule in desk.callers)
    found["begin"] = Told(" ".join((*ahead, desk.first_node)))
    for place, rule in enumerate(desk.callers):
        if rule.way:
            found[f"{'blocked' if rule.then == HANG_UP else 'caller'}{place}"] = _way(rule.way, prompt_of(place))
    if desk.hours:
        found["closed"] = _way(desk.hours.closed, "closed")
    for name, node in desk.flow.items():
        found |= {f"node {name} {place}": told for place, told in _node(name, node).items()}
    if asks and desk.source:
        found |= _source(desk.source)
    found["limit"] = Told(next(iter(desk.lines)))
    found["asked before the line"] = Told("source" if asks else "")
    for name, line in desk.lines.items():
        found[f"to {name}"] = Told(f"in {name}", says="notice" if tells_notice(desk, name) else "")
        found[f"line {name}"] = _line(desk, name, line)
    if desk.outbound:
        found |= {f"outside {prefix}": Told(desk.desk) for prefix in desk.outbound.allow}
    arrive = ("clean,s", *("callers",) * bool(desk.callers), "announcement,s", HANG_UP, "went")
    found["arrive"], found["T"] = Told(" ".join(arrive), language=desk.languages[0]), Told("fallback")
    found["went"] = Told(f"handed {'voicemail ' if desk.voicemail else ''}fallback {HANG_UP}")
    questions = ("source asked",) * asks + ("asked",) * desk.asks_in_flow
    found["fallback"] = Told(" ".join((*questions, "back begin")))
    if desk.voicemail:
        found["voicemail"] = Told("voicemail,s")
    found["sorry"] = Told(VOICEMAIL if desk.voicemail and desk.voicemail.instead_of_sorry else HANG_UP)
    return found


def _way(way: Way, prompt: str) -> Told:
    return Told(way.then, way.category or "", way.language or "", prompt if way.say is not None and prompt else "")


def _node(name: str, node: Node) -> dict[str, Told]:
    if isinstance(node, Say):
        return {"enter": Told(node.then, says=name)}
    if isinstance(node, Split):
        shares = " ".join(f"below {edge}" for _, edge in edges(node)[:-1])
        ways = {target: f"to-{way_name(target)}" for target in node.split}
        return {"enter": Told(" ".join(f"{name} {way}" for way in ways.values()), says=shares)} | {
            way: Told(target) for target, way in ways.items()
        }
    if isinstance(node, When):
        spans = spans_of(node)
        led = [f"{name} to-{way_name(target)}" for target in (*(target for *_, target in spans), node.otherwise)]
        when = " ".join(f"from {start} below {end}" for start, end, _ in spans)
        return {"enter": Told(" ".join(("week", *led)), says=when)} | {
            f"to-{way_name(target)}": Told(target) for target in node.targets
        }
    if isinstance(node, Script):
        return {"enter": Told("again"), "again": _way(node.otherwise, f"{name}.otherwise")}
    found = {f"key{key}": _way(way, key_prompt(name, key)) for key, way in node.options.items()}
    wrong = f"{name}.wrong-key" if node.wrong_key is not None else ""
    beginnings = {key[:size] for key in node.options for size in range(1, len(key))} - node.options.keys()
    return (
        found
        | {f"more{digits}": Told("limit pressed") for digits in beginnings}
        | {
            "enter": Told("ask"),
            "again": Told("pressed ask"),
            "ask": Told("limit pressed", says=f"{name} wait {node.wait.total_seconds():g}"),
            "pressed": Told("silent key more wrong"),
            "wrong": Told("unanswered ask", says=" ".join(filter(None, (f"tries {node.tries}", wrong)))),
            "silent": Told("wrong unanswered ask", says=f"tries {node.tries}"),
            "unanswered": _way(node.no_answer or way_to(HANG_UP), f"{name}.no-answer"),
        }
    )


def _source(source: Source) -> dict[str, Told]:
    keys = {f"source key{key}": Told("line", says=name) for key, name in source.options.items()}
    return keys | {
        "source source": Told("limit answered", says=f"source wait {source.wait.total_seconds():g}"),
        "source again": Told("answered source"),
        "source answered": Told("silent key line"),
        "source silent": Told("line"),
    }


def _line(desk: Desk, name: str, line: Line) -> Told:
    kept = {"tier": desk.tier(name), "wait": _seconds(line.wait), "ring": _seconds(line.ring)}
    then = f"in {line.then}" if line.then in desk.lines else line.then
    agents = (agent if line.rank.get(agent, 1) == 1 else f"{agent}/{line.rank[agent] - 1}" for agent in line.agents)
    return Told(then, says=" ".join((*(f"{what} {value}" for what, value in kept.items()), *agents)))


def _seconds(length: timedelta) -> int:
    return ceil(length.total_seconds())
