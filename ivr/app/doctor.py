"""Look at the machine and the home, and prescribe: what keeps a desk from answering, or will one day."""

from __future__ import annotations

import ctypes
import json
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from typing import Literal

from ivr.app.certificate import SOON, look_at_certificate
from ivr.app.finding import Finding
from ivr.app.hearing import look_at_recognizers
from ivr.app.rotation import LONG, logs_of
from ivr.app.unit import NOT_ROOT
from ivr.app.up import check_ports
from ivr.app.watch import RECORDINGS_DISK, disk_alarms, disks_of
from ivr.asterisk.hostname import check_hostname
from ivr.asterisk.journal import Journal
from ivr.asterisk.private import private_asterisk, system_asterisk
from ivr.asterisk.zones import ZONES_CURE, unknown_zones
from ivr.errors import AuthorError, DeskError
from ivr.flows.model import Desk
from ivr.flows.prompts import prompts_of
from ivr.flows.reader import read_desks
from ivr.settings import Settings
from ivr.speech.engine import pick
from ivr.speech.library import source_of, stale_prompts
from ivr.store.migrate import check_tables

LONG_JOURNAL = 4 * LONG
"""Bytes; the loader would have renamed it long before."""
_ROOM_FOR_TALKS = (
    "Free some room: copy older recordings away, or let `recording: {keep: …}` be shorter in the desk files."
)
_OLDEST = (3, 11)
_UNSYNCHRONISED = 0x0040
_TIMEX = 512
"""Bytes that hold the kernel's `struct timex` with room to spare."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield a finding for everything that was looked at; nothing is changed."""
    desks: dict[str, Desk] = {}
    try:
        desks = read_desks(settings.desks)
        yield Finding("desks", "well", f"{', '.join(desks)} can be opened")
    except AuthorError as error:
        yield Finding("desks", "ill", f"{len(error.mistakes)} mistakes in {settings.desks}", "`ivr check` names each.")
    for look in (
        _user,
        _python,
        _asterisk,
        _name,
        _clock,
        _home,
        _secrets,
        _certificate,
        _logs,
        _ports,
        _database,
    ):
        yield look(settings)
    yield from _disks(settings)
    yield _zones(desks)
    yield from (_sounds(settings, desk) for desk in desks.values())
    yield _voices(desks)
    yield look_at_recognizers(settings, desks)


def _user(settings: Settings) -> Finding:
    """Look at whose the running desk is, else at who would start it now."""
    try:
        pid = json.loads((settings.home / "run.json").read_text())["pid"]
        owner, runs = os.stat(f"/proc/{pid}").st_uid, "runs"  # noqa: PTH116
    except (OSError, ValueError, LookupError, TypeError):
        owner, runs = os.geteuid(), "would run"
    if owner:
        return Finding("user", "well", f"the desk {runs} without the rights of root")
    return Finding("user", "warning", f"the desk {runs} as root", NOT_ROOT)


def _python(_: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= _OLDEST:
        return Finding("Python", "well", version)
    return Finding("Python", "ill", f"{version} is too old", "Run the desk with Python 3.11 or newer.")


def _asterisk(_: Settings) -> Finding:
    passed_over: list[str] = []
    found = system_asterisk(passed_over.append) or private_asterisk()
    if found is None:
        cure = "`ivr asterisk install` fetches a private copy; `make run` does so too."
        return Finding("Asterisk", "warning", "; ".join([*passed_over, "there is none yet"]), cure)
    kind = "a private copy" if found.private else "the machine's own"
    said = f"{'.'.join(map(str, found.version))}, {kind}"
    if passed_over:
        cure = "Upgrade or remove it: its older faults are known to strangers, if anything runs it."
        return Finding("Asterisk", "warning", "; ".join([*passed_over, said]), cure)
    return Finding("Asterisk", "well", said)


def _name(_: Settings) -> Finding:
    problem = check_hostname()
    if problem is None:
        return Finding("host name", "well", "this machine knows its own name")
    said, _period, cure = problem.partition(". ")
    return Finding("host name", "ill", said, cure)


def _clock(_: Settings) -> Finding:
    state = clock_state()
    if state is None:
        return Finding(
            "clock", "warning", "the kernel does not tell whether it is set by others", "See to it yourself."
        )
    if state:
        return Finding("clock", "well", "it is kept right by others")
    cure = "Install chrony or systemd-timesyncd: times of calls and opening hours follow this clock."
    return Finding("clock", "warning", "nobody keeps it right", cure)


def clock_state() -> bool | None:
    """Say whether the kernel's clock is synchronised; None when it cannot be asked."""
    timex = ctypes.create_string_buffer(_TIMEX)
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    except (OSError, AttributeError):
        return None
    # struct timex: modes (int, padded), offset, freq, maxerror, esterror (longs), status (int).
    status = int.from_bytes(timex.raw[40:44], sys.byteorder)
    return None if answer < 0 else not status & _UNSYNCHRONISED


def _home(settings: Settings) -> Finding:
    places = (settings.home, settings.recordings)
    for place in places:
        there = next((one for one in (place, *place.absolute().parents) if one.exists()), place)
        if not os.access(there, os.W_OK | os.X_OK):
            cure = "Make it writable for this user, or name others by --home and --recordings."
            return Finding("folders", "ill", f"{place} cannot be written", cure)
    return Finding("folders", "well", " and ".join(str(place) for place in places) + " can be written")


def _secrets(settings: Settings) -> Finding:
    path = settings.home / "secrets.json"
    if not path.exists():
        return Finding("secrets", "well", "none yet; the first start makes them")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding("secrets", "ill", f"others may read {path}", f"Run: chmod 600 {path}")
    return Finding("secrets", "well", "their owner's alone")


def _certificate(settings: Settings) -> Finding:
    try:
        found = look_at_certificate(settings)
    except DeskError as error:
        return Finding("certificate", "ill", error.sentence, error.cure)
    if found is None:
        return Finding("certificate", "well", "none: telephones speak in the clear")
    if fault := found.fault(time.time()):
        return Finding("certificate", "ill", fault, "Renew it, or set this machine's clock: no telephone takes it.")
    key = settings.tls_key
    if key and key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding("certificate", "warning", f"others may read {key}", f"Run: chmod 600 {key}")
    days = int((found.expires_at - time.time()) / 86400)
    said = f"of {', '.join(found.names) or 'nobody'}, for {days} days more"
    if found.expires_at - time.time() < SOON:
        return Finding("certificate", "warning", said, "Renew it now: no telephone registers once it has ended.")
    return Finding("certificate", "well", said)


def _disks(settings: Settings) -> Iterator[Finding]:
    """Look at the journal's disk, and at that of the recordings where it is another."""
    alarms, places = disk_alarms(settings), disks_of(settings)
    for name, place in places.items():
        what = "recordings' disk" if name == RECORDINGS_DISK else "disk"
        cure = "Free some room: `ivr ledger archive`, renamed journal files, or older recordings."
        if len(places) > 1:
            cure = _ROOM_FOR_TALKS if name == RECORDINGS_DISK else "Free some room: renamed journal files, other homes."
        if name in alarms:
            yield Finding(what, "ill", alarms[name], cure)
        else:
            yield Finding(what, "well", f"there is room in {place}")


def _logs(settings: Settings) -> Finding:
    logs = sum(path.stat().st_size for path in logs_of(settings.home))
    journal = Journal(settings.journal, settings.node).sizes()
    said = f"{_megabytes(logs)} of logs, {_megabytes(sum(journal))} of journal in {len(journal)} files"
    if journal and journal[-1] > LONG_JOURNAL:
        cure = f"The loader renames it once it reads in it: see `ivr status`, and {settings.home}/log/loader.log."
        return Finding("logs", "warning", f"{said}; one file grows and grows", cure)
    return Finding("logs", "well", said)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _ports(settings: Settings) -> Finding:
    if (settings.home / "run.json").exists():
        ports = json.loads((settings.home / "run.json").read_text()).get("ports", {})
        return Finding(
            "ports", "well", f"a desk of this home has them: {', '.join(f'{k} {v}' for k, v in ports.items())}"
        )
    return _tried("ports", "all are free", lambda: check_ports(settings))


def _database(settings: Settings) -> Finding:
    return _tried("database", "it can be used", lambda: check_tables(settings.database_url))


def _tried(what: str, well: str, look: Callable[[], None]) -> Finding:
    try:
        look()
    except DeskError as error:
        state: Literal["warning", "ill"] = "warning" if "no ledger" in error.sentence.lower() else "ill"
        return Finding(what, state, error.sentence, error.cure)
    return Finding(what, "well", well)


def _zones(desks: dict[str, Desk]) -> Finding:
    if unknown := unknown_zones(desks.values()):
        return Finding("time zones", "ill", f"Asterisk does not know {', '.join(unknown)}", ZONES_CURE)
    return Finding("time zones", "well", "Asterisk knows those of the desks")


def _sounds(settings: Settings, desk: Desk) -> Finding:
    what = f"prompts of {desk.desk}"
    wanted = prompts_of(desk)
    missing = [p for p in wanted if source_of(settings.desks, desk.desk, p.id, p.language) is None]
    if missing:
        cure = f"`ivr prompts build {desk.desk}` makes them."
        return Finding(what, "ill", f"{len(missing)} of {len(wanted)} have no sound", cure)
    stale = stale_prompts(desk, settings.desks)
    if stale:
        cure = f"`ivr prompts build {desk.desk}` makes them anew."
        return Finding(what, "warning", f"{len(stale)} of {len(wanted)} say an old text", cure)
    return Finding(what, "well", f"all {len(wanted)} have their sound")


def _voices(desks: dict[str, Desk]) -> Finding:
    mute = []
    for language in sorted({language for desk in desks.values() for language in desk.languages}):
        try:
            pick(language)
        except DeskError:
            mute.append(language)
    if mute:
        cure = "`ivr prompts install-voices` brings one; a person's recordings need none."
        return Finding("voices", "warning", f"no engine here speaks {', '.join(mute)}", cure)
    return Finding("voices", "well", "an engine here speaks each desk's languages")
