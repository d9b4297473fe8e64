"""The whisper over AGI: speak to the agent before he is connected, and take his decision on `accept` lines."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.asterisk.agi_dialogue import CallerGone, Dialogue
from ivr.asterisk.keys import MARGIN, take_key
from ivr.engine.limits import ACCEPT_KEY, DECISION_WAIT
from ivr.telephony.facts import EVENT_NAME, Fact, write_facts


async def whisper_to_agent(agi: Dialogue, agent: str, files: Sequence[str], lasts: float, *, accept: bool) -> None:
    """Speak the files (`lasts` seconds). Without `accept` the talk begins then; with it only after the agent's key.

    No key, or any other than 1, offers the call to the next agent; the dialplan reads that from GOSUB_RESULT.
    """
    if not accept:
        if files:
            await agi.exec("Playback", "&".join(files), limit=lasts + MARGIN)
        await agi.exec("MSet", "IVR_TOKEN=whispered")
        return
    try:
        key = await take_key(agi, "&".join(files), DECISION_WAIT, lasts)
    except CallerGone:
        return
    if key == ACCEPT_KEY:
        await _decide(agi, Fact("accepted", {"agent": agent, "how": "key"}), "IVR_TOKEN=accepted")
    else:
        fact = Fact("refused", {"agent": agent, "how": "key" if key else "silence"})
        await _decide(agi, fact, "IVR_TOKEN=refused", "GOSUB_RESULT=CONGESTION")


async def _decide(agi: Dialogue, fact: Fact, *variables: str) -> None:
    await agi.exec("CELGenUserEvent", EVENT_NAME, write_facts([fact]))
    await agi.exec("MSet", *variables)
