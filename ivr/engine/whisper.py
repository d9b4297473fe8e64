"""The whisper: which prompts tell an agent who is about to be connected."""

from __future__ import annotations

from ivr.engine.limits import WAITS
from ivr.engine.session import Session
from ivr.flows.model import Desk

ACCEPT_PROMPT = "whisper.accept"


def whisper(
    desk: Desk, line: str, session: Session, *, source: str, waited: float, back: bool = False
) -> tuple[str, ...]:
    """Return the prompt ids: category, source, waited, new or known caller, and the question of `accept` lines.

    `source` is what is known by now (the caller may have answered while waiting); `waited` is in seconds. `back`: the
    agent is to call him back.
    """
    prompts = ["whisper.callback"] if back else []
    if session.category:
        prompts.append(f"whisper.category.{session.category}")
    if source:
        prompts.append(f"whisper.source.{source}")
    elif desk.source and desk.source.ask == "by agent" and desk.source.options:
        prompts.append("whisper.ask-source")
    if step := next((step for step in WAITS if waited >= step), 0):
        prompts.append(f"whisper.waited.{step}")
    if session.looked_up:
        prompts.append("whisper.known" if session.known else "whisper.new")
    if desk.lines[line].whisper == "accept":
        prompts.append(ACCEPT_PROMPT)
    return tuple(prompts)
