"""Try a scenario with a real call into the running desk, and read in its ledger what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from ivr.app.ears import knowledge_of
from ivr.app.witness import JournalWitness
from ivr.desk.walk_scenario import ANYBODY
from ivr.errors import DeskError
from ivr.flows.model import Desk
from ivr.flows.scenario import GOODBYE, HUNG_UP, LINE, MESSAGE, SORRY, Scenario, Way
from ivr.phone.call import Event
from ivr.phone.caller import Caller, Plan
from ivr.phone.phone import Phone
from ivr.phone.steps import Step
from ivr.settings import Settings
from ivr.store.queries import Calls, CallStory

PATIENCE = 60.0
"""Seconds after which a caller of a scenario hangs up: by then he is in a line, or somewhere else for good."""
TALK = 1.0
"""Seconds that he talks with an agent."""
_LEDGER = 15.0
_ENDS = {
    "goodbye": GOODBYE,
    "closed": GOODBYE,
    "gave up": SORRY,
    "abandoned in the menu": HUNG_UP,
}


async def try_for_real(scenario: Scenario, desk: Desk, desks: Mapping[str, Desk], settings: Settings) -> Way:
    """Place the call, and return what came of it. Raises `DeskError` when it is not answered."""
    number, caller = scenario.number or desk.numbers[0], scenario.caller or ANYBODY
    steps = tuple(Step(key) for key in scenario.keys)
    witness = JournalWitness(settings.journal, number, caller)
    leaves = _Leaver(scenario.hangs_up_at)
    async with Phone(server=(settings.bind, settings.sip_port)) as phone:
        plan = Plan(number=number, caller=caller, steps=steps, talk=TALK, patience=PATIENCE)
        telephone = Caller(plan, knowledge_of(desk, desks, settings.sounds), witness, leaves.told, leaves.leaves)
        report = await telephone.run(phone)
    if report.end.by == "failed":
        raise DeskError(f"The call was refused: {report.end.code} {report.end.reason}.", "`ivr status` says why.")
    story = await _story(settings, witness.uniqueid)
    heard = [prompt.prompt.rpartition("/")[2] for prompt in report.prompts]
    return _came(story, heard)


class _Leaver:
    """Hangs up when a prompt has begun."""

    def __init__(self, prompt: str) -> None:
        self._prompt = prompt
        self._heard = False

    def told(self, event: Event) -> None:
        self._heard |= bool(self._prompt) and event.name == "heard" and event.detail.rpartition("/")[2] == self._prompt

    def leaves(self) -> bool:
        return self._heard


async def _story(settings: Settings, uniqueid: str) -> CallStory:
    calls = Calls(settings.database_url)
    try:
        for _ in range(round(_LEDGER / 0.2)):
            await asyncio.sleep(0.2)
            story = await asyncio.to_thread(_kept, calls, uniqueid)
            if story is not None and story.call["ended_at"] is not None:
                return story
    finally:
        calls.close()
    raise DeskError(f"The ledger has no closed call {uniqueid} after {_LEDGER:.0f} s.", "`ivr status` says why.")


def _kept(calls: Calls, uniqueid: str) -> CallStory | None:
    try:
        return calls.story(uniqueid) if uniqueid else None
    except DeskError:
        return None


def _came(story: CallStory, heard: Sequence[str]) -> Way:
    call, facts = story.call, story.facts
    return Way(
        hears=tuple(heard),
        category=str(call["category"]),
        source=str(call["source"]),
        lines=tuple(str(fact["details"].get("line", "")) for fact in facts if fact["name"] == "line"),
        notes=tuple(_note(fact) for fact in facts),
        ends=_end(story),
    )


def _end(story: CallStory) -> str:
    outcome = str(story.call["outcome"])
    # To the ledger he who says nothing behind the tone has called in vain; he was taken there all the same.
    if outcome != "answered" and any(leg["kind"] == "voicemail" for leg in story.legs):
        return MESSAGE
    return _ENDS.get(outcome, LINE)


def _note(fact: Mapping[str, Any]) -> str:
    details: Mapping[str, str] = fact["details"]
    return f"{fact['name']} {' '.join(f'{key}={value}' for key, value in details.items())}".rstrip()
