"""Take one telephone key after prompts.

By Read, whose answer stands in variables: should we be gone when it comes, the dialplan goes on with it.
"""

from __future__ import annotations

from ivr.asterisk.agi_dialogue import CallerGone, Dialogue

MARGIN = 5.0
"""Seconds that a command may take beyond its own length; then the dialplan goes on without us."""


async def take_key(agi: Dialogue, files: str, wait: float, lasts: float) -> str:
    """Speak the files (joined by `&`) and return the key pressed during or after them, "" for none.

    `wait` is the silence after them, `lasts` their length, both in seconds. Raises `CallerGone`.
    """
    await agi.exec("Read", "IVR_KEY", files, "1", "", "1", f"{wait:g}", limit=lasts + wait + MARGIN)
    reply = await agi.command("GET FULL VARIABLE", "${READSTATUS} ${IVR_KEY}")
    status, _, key = reply.value.partition(" ")
    if status == "HANGUP":
        raise CallerGone("the caller hung up")
    return "" if status == "TIMEOUT" else key[:1] or "#"
