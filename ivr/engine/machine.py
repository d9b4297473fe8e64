"""The heart: `advance(desk, session, happened, now) -> Turn`. No clock, socket, database or log.

The machine never loses a caller: whatever goes wrong in a flow (too many turns, a loop, a way into nothing) ends on
the first line, with a fact that says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from ivr.engine.commands import HandOver, HangUp, LookUp, TakeMessage
from ivr.engine.inputs import Arrived, Caller, HungUp, Input, Key, LineLeft, ScriptAnswer, Silence
from ivr.engine.limits import STEPS_PER_TURN, TURNS_PER_CALL
from ivr.engine.nodes import KINDS, menu, script
from ivr.engine.session import Session
from ivr.engine.turn import Draft, Turn
from ivr.flows.callers import prompt_of, treatment
from ivr.flows.hours import is_open
from ivr.flows.model import HANG_UP, VOICEMAIL, Desk, Menu, Script, Source, Way, way_to
from ivr.flows.prompts import sources_of, tells_notice


def advance(desk: Desk, session: Session, happened: Input, now: datetime) -> Turn:
    """Return what the input leads to. `now` must know its time zone."""
    draft = Draft(desk, session.but(turns=session.turns + 1), now)
    if draft.session.turns > TURNS_PER_CALL and not isinstance(happened, HungUp | Caller):
        _to_first_line(draft)
        return draft.finish()
    match happened:
        case Arrived():
            _arrive(draft, happened, now)
        case Key(digit=digit):
            _key(draft, digit)
        case Silence():
            _silence(draft)
        case Caller():
            _caller(draft, happened)
        case ScriptAnswer():
            _script_answered(draft, happened)
        case LineLeft(line=line):
            _go(draft, way_to(desk.lines[line].then if line in desk.lines else ""), "")
        case HungUp():
            draft.change(awaiting="nothing")
        case _:
            assert_never(happened)
    return draft.finish()


def _arrive(draft: Draft, call: Arrived, now: datetime) -> None:
    desk = draft.desk
    own = "" if call.caller else call.call
    draft.change(number=call.number, caller=call.caller, call=own, language=desk.languages[0])
    draft.fact("began", version=draft.session.version)
    if desk.source and (source := desk.source.by_number.get(call.number)):
        draft.fact("source", source=source, how="dialled")
        draft.change(source=source)
    treated = treatment(desk.callers, call.caller)
    if treated.language and treated.language != draft.session.language:
        draft.fact("language", language=treated.language)
        draft.change(language=treated.language)
    if treated.priority:
        draft.fact("priority", priority=str(treated.priority))
    if treated.way and treated.blocked:
        draft.fact("blocked")
        _go(draft, treated.way, prompt_of(treated.rule))
    elif desk.hours and (call.closed or not is_open(desk.hours, desk.time_zone, now)):
        draft.fact("closed")
        _go(draft, desk.hours.closed, "closed")
    elif treated.way:
        _go(draft, treated.way, prompt_of(treated.rule))
    else:
        _go(draft, way_to(desk.first_node), "")


def _key(draft: Draft, digit: str) -> None:
    if draft.session.awaiting == "source":
        _source_answered(draft, digit)
    elif isinstance(node := draft.desk.flow.get(draft.session.node), Menu):
        way = menu.key_pressed(draft, draft.session.node, node, digit)
        _on(draft, way, menu.key_name(draft.session.digits + digit))
    else:
        _to_first_line(draft)


def _silence(draft: Draft) -> None:
    if draft.session.awaiting == "source":
        draft.fact("silent", node="source")
        _to_line(draft)
    elif isinstance(node := draft.desk.flow.get(draft.session.node), Menu):
        _on(draft, menu.no_key(draft, draft.session.node, node), "no-answer")
    else:
        _to_first_line(draft)


def _script_answered(draft: Draft, result: ScriptAnswer) -> None:
    if isinstance(node := draft.desk.flow.get(draft.session.node), Script):
        answer, way = script.answered(draft, draft.session.node, node, result)
        _on(draft, way, answer)
    else:
        _to_first_line(draft)


def _on(draft: Draft, way: Way | None, answer: str) -> None:
    """Go the way that a node's answer gave; None means that the node still asks."""
    if way is not None:
        _go(draft, way, f"{draft.session.node}.{answer}")


def _go(draft: Draft, way: Way | None, prompt: str) -> None:
    """Go a way, and on through all nodes that need no input. `prompt` is the id of the way's own text."""
    while way is not None:
        _take(draft, way, prompt)
        if way.then == HANG_UP:
            draft.fact("ended", reason="goodbye")
            return draft.command(HangUp("goodbye"), "nothing")
        if way.then == VOICEMAIL and draft.desk.voicemail:
            return draft.command(TakeMessage(draft.session.language), "nothing")
        if way.then in draft.desk.lines:
            draft.change(line=way.then)
            return _to_line(draft)
        draft.steps += 1
        node = draft.desk.flow.get(way.then)
        if node is None or draft.steps > STEPS_PER_TURN:
            return _to_first_line(draft)
        draft.change(node=way.then, tries=0, digits="")
        draft.fact("entered", node=way.then)
        way, prompt = KINDS[type(node)](draft, draft.session.node, node), ""
    return None


def _take(draft: Draft, way: Way, prompt: str) -> None:
    """Note what a way says of the call, and speak its text."""
    if way.category:
        draft.fact("category", category=way.category)
        draft.change(category=way.category)
    if way.language and way.language != draft.session.language:
        draft.fact("language", language=way.language)
        draft.change(language=way.language)
    if way.say is not None and prompt:
        draft.speak(prompt)


def _to_first_line(draft: Draft) -> None:
    draft.fact("limit")
    draft.change(line=next(iter(draft.desk.lines)), asked=True)
    _to_line(draft)


def _to_line(draft: Draft) -> None:
    """Do what comes between the flow and the line: caller known? source? notice? Then hand over."""
    if draft.session.line not in draft.desk.lines:
        return _to_first_line(draft)
    desk, session = draft.desk, draft.session
    if not session.asked_ledger and _wants_caller(desk, session):
        return draft.command(LookUp(session.caller), "caller")
    if desk.source and desk.source.ask == "before the line" and desk.source.menu and _asks(session):
        draft.change(asked=True)
        return draft.ask("source", desk.source.wait.total_seconds(), "source")
    if tells_notice(desk, session.line) and not session.noticed:
        draft.fact("notice")
        draft.change(noticed=True)
        draft.speak_out("notice")
    draft.fact("handover", line=session.line)
    return _hand_over(draft)


def _hand_over(draft: Draft) -> None:
    ask = _question(draft.desk.source, draft.session)
    draft.change(asked=True, awaiting="line")
    session = draft.session
    draft.command(
        HandOver(
            line=session.line,
            language=session.language,
            category=session.category,
            source=session.source,
            ask=ask,
            known=session.known,
            agent=session.own_agent if _offers_own_agent(draft.desk, session) else "",
            session=session.pack(),
        ),
        "line",
    )


def _caller(draft: Draft, caller: Caller) -> None:
    draft.change(
        asked_ledger=True, looked_up=caller.known is not None, known=bool(caller.known), own_agent=caller.agent
    )
    if caller.known is not None:
        draft.fact("caller", known="1" if caller.known else "0")
    if caller.source in sources_of(draft.desk) and not draft.session.source:
        draft.fact("source", source=caller.source, how="known")
        draft.change(source=caller.source)
    _to_line(draft)


def _source_answered(draft: Draft, digit: str) -> None:
    options = draft.desk.source.options if draft.desk.source else {}
    if digit in options:
        draft.fact("source", source=options[digit], how="asked")
        draft.change(source=options[digit])
    else:
        draft.fact("wrong", node="source", key=digit)
    _to_line(draft)


def _wants_caller(desk: Desk, session: Session) -> bool:
    """Say whether anybody would use the answer: the source question, a whisper, a line that has him to his agent."""
    wanted = any(line.whisper or line.own_agent_first for line in desk.lines.values())
    return bool(session.caller) and (wanted or (desk.source is not None and _asks(session)))


def _offers_own_agent(desk: Desk, session: Session) -> bool:
    line = desk.lines[session.line]
    return line.own_agent_first and session.own_agent in line.agents


def _asks(session: Session) -> bool:
    return not session.source and not session.asked


def _question(source: Source | None, session: Session) -> str:
    """Return how the source is still to be asked: "waiting", "agent" or ""."""
    if source is None or not source.options or not _asks(session):
        return ""
    return {"while waiting": "waiting", "by agent": "agent"}.get(source.ask, "")
