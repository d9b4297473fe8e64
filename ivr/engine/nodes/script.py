"""A node that runs an existing pyst2 handler; its answer picks the way."""

from __future__ import annotations

from ivr.engine.commands import RunScript
from ivr.engine.inputs import ScriptAnswer
from ivr.engine.turn import Draft
from ivr.flows.model import Script, Way


def enter(draft: Draft, name: str, node: Script) -> None:
    """Hand the call's conversation to the handler."""
    del name
    draft.command(RunScript(node.script, node.limit.total_seconds(), draft.session), "script")


def answered(draft: Draft, name: str, node: Script, result: ScriptAnswer) -> tuple[str, Way]:
    """Return the answer's name for prompts, and its way."""
    draft.fact("script", node=name, answer=result.answer[:64], failed="1" if result.failed else "0")
    if not result.failed and result.answer in node.answers:
        return result.answer, node.answers[result.answer]
    return "otherwise", node.otherwise
