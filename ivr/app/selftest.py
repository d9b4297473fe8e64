"""The self-test at start: one call inside Asterisk proves journal, sounds and queues; each failure names its cure."""

from __future__ import annotations

import asyncio
import re
import secrets
from pathlib import Path

from ivr.app.prepare import Prepared
from ivr.errors import DeskError
from ivr.ledger.parse import parse
from ivr.ledger.record import FIELDS
from ivr.telephony.facts import EVENT_NAME, Fact, read_facts

NEEDED = (
    "CHAN_START", "CHAN_END", "ANSWER", "HANGUP", "BRIDGE_ENTER", "BRIDGE_EXIT", "USER_DEFINED", "LINKEDID_END", "DTMF"
)  # fmt: skip
"""Events without which calls cannot be told."""
_FIELDS = 6
"""Separators that the line of a channel has at least."""
LIMIT = 20.0
"""Seconds for the test call's fact to reach the journal."""


async def run_selftest(prepared: Prepared) -> None:
    """Place the test call. Raises `DeskError` when something that every call needs does not work."""
    if fault := fault_of_cel(await _console(prepared, "cel show status")):
        raise fault
    token = str(secrets.randbelow(10**12)).zfill(12)
    journal = prepared.settings.journal
    before = journal.stat().st_size if journal.exists() else 0
    said = await _console(prepared, f"channel originate Local/{token}@selftest application Wait 30")
    if "No such" in said:
        raise DeskError("Asterisk could not place its test call.", f"Read {_messages(prepared)}.")
    fact = await _find_fact(journal, before, token)
    if fact is None:
        raise DeskError(
            f"Asterisk wrote no record of the test call into {journal} within {LIMIT:.0f} s.",
            f"Is cel_custom loaded, and the disk of the journal writable? {_messages(prepared)} says more.",
        )
    if not _is_read(journal, before, token):
        raise DeskError(
            f"The records in {journal} have other fields than the loader reads.",
            f"Take back what was changed in asterisk-config/cel_custom.conf.j2: its fields are {','.join(FIELDS)}.",
        )
    if fact.values.get("sound") != "SUCCESS":
        raise DeskError(
            "Asterisk could not play a prompt of the first desk.", "Make the sounds again with `ivr prompts build`."
        )
    if lost := fact.values.get("lost"):
        raise DeskError(f"Asterisk does not know the queues {lost.replace(':', ', ')}.", f"Read {_messages(prepared)}.")


def fault_of_cel(status: str) -> DeskError | None:
    """Return what is wrong with the journal by Asterisk's `cel show status`; None when nothing is known to be."""
    if "CEL Logging:" not in status:
        return None
    if "CEL Logging: Enabled" not in status:
        return DeskError(
            "Asterisk writes no journal: its CEL is off.", "Set `enable = yes` in asterisk-config/cel.conf.j2."
        )
    if "CEL Custom CSV" not in status:
        return DeskError(
            "Asterisk writes no journal: its module cel_custom does not run.",
            "Load it in asterisk-config/modules.conf.j2, and give it its fields in cel_custom.conf.j2.",
        )
    tracked = set(re.findall(r"^CEL Tracking Event: (\S+)", status, re.MULTILINE))
    if missing := [event for event in NEEDED if event not in tracked]:
        return DeskError(
            f"Asterisk does not write the events {', '.join(missing)} into its journal.",
            "Add them to `events` in asterisk-config/cel.conf.j2: without them calls have no end, or no talk.",
        )
    return None


async def wait_booted(prepared: Prepared, limit: float) -> bool:
    """Wait until Asterisk takes calls; say whether it does."""
    end = asyncio.get_running_loop().time() + limit
    while asyncio.get_running_loop().time() < end:
        if "fully booted" in await _console(prepared, "core waitfullybooted"):
            return True
        await asyncio.sleep(0.1)
    return False


async def refuse_calls(prepared: Prepared) -> None:
    """Let the dialplan refuse calls from outside from now on, until Asterisk ends."""
    await _console(prepared, "dialplan set global IVR_STOPPING 1")


async def living_channels(prepared: Prepared) -> set[str] | None:
    """Return the ids of the channels that are up, but for placeholders that wait; None when Asterisk does not answer.

    A promise to call somebody back outlives Asterisk; nobody waits for its placeholder.
    """
    said = await _asked(prepared, "core show channels concise")
    if said is None:
        return None
    channels = [line.split("!") for line in said.splitlines() if line.count("!") > _FIELDS]
    return {own[-1] for name, context, *own in channels if "@hold-" not in name or context != "callback"}


async def _console(prepared: Prepared, command: str) -> str:
    return await _asked(prepared, command) or ""


async def _asked(prepared: Prepared, command: str) -> str | None:
    """Return what Asterisk's console prints; None when it does not answer."""
    process = await asyncio.create_subprocess_exec(
        *prepared.installation.cli_argv(prepared.settings.asterisk_etc.absolute(), command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(LIMIT):
            said, _ = await process.communicate()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said.decode(errors="replace") if process.returncode == 0 else None


async def _find_fact(journal: Path, before: int, token: str) -> Fact | None:
    end = asyncio.get_running_loop().time() + LIMIT
    while asyncio.get_running_loop().time() < end:
        if fact := _read_fact(journal, before, token):
            return fact
        await asyncio.sleep(0.05)
    return None


def _read_fact(journal: Path, before: int, token: str) -> Fact | None:
    if not journal.exists():
        return None
    with journal.open("rb") as file:
        file.seek(before)
        words = file.read().decode(errors="replace").split('"')
    return next((read_facts(word)[0] for word in words if word.startswith(f"selftest?token={token}&")), None)


def _is_read(journal: Path, before: int, token: str) -> bool:
    """Say whether the loader would find the test call's fact."""
    with journal.open("rb") as file:
        file.seek(before)
        records, _, _ = parse(file.read(), 0)
    return any(record.event == EVENT_NAME and f"token={token}&" in record.extra for record in records)


def _messages(prepared: Prepared) -> Path:
    return prepared.settings.home / "asterisk/log/messages.log"
