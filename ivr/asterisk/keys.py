"""Take one telephone key after prompts, by whichever of Asterisk's two ways fits."""

from __future__ import annotations

from ivr.asterisk.agi_dialogue import CallerGone, Dialogue

MARGIN = 5.0
"""Seconds that a command may take beyond its own length; then the dialplan goes on without us."""


async def take_key(agi: Dialogue, files: str, wait: float, lasts: float) -> str:
    """Speak the files (joined by `&`) and return the key pressed during or after them, "" for none.

    `wait` is the silence after them, `lasts` their length, both in seconds. Raises `CallerGone`.
    """
    if "&" in files:
        return await _after_several(agi, files, wait, lasts + wait + MARGIN)
    return await _after_one(agi, files, wait, lasts + wait + MARGIN)


async def _after_one(agi: Dialogue, file: str, wait: float, limit: float) -> str:
    """GET DATA takes one file alone; it tells `#` by an empty result without a time-out."""
    reply = await agi.command("GET DATA", file, str(round(wait * 1000)), "1", limit=limit)
    if reply.result == "-1":
        raise CallerGone("the channel is gone")
    return "" if reply.value == "timeout" else reply.result[:1] or "#"


async def _after_several(agi: Dialogue, files: str, wait: float, limit: float) -> str:
    """Read takes several files; its answer stands in variables."""
    await agi.exec("Read", "IVR_KEY", files, "1", "", "1", f"{wait:g}", limit=limit)
    reply = await agi.command("GET FULL VARIABLE", "${READSTATUS} ${IVR_KEY}")
    status, _, key = reply.value.partition(" ")
    if status == "HANGUP":
        raise CallerGone("the caller hung up")
    return "" if status == "TIMEOUT" else key[:1] or "#"
