"""FreePBX's tables -> the neutral middle: what stands behind a destination."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from ivr.flows.spelling import time_zone
from ivr.migration.destinations import Destination, Kind
from ivr.migration.shape import (
    BYE,
    DEFAULT_WORDS,
    TO_VOICEMAIL,
    Announcement,
    Hours,
    Menu,
    OldSystem,
    Place,
    Queue,
    Way,
    seconds,
    tells,
)
from ivr.migration.tables import Row, Tables

_MEMBER = re.compile(r"(?:Local|SIP|PJSIP|IAX2|SCCP|Agent)/(\d{1,8})(?:@[\w-]*)?(?:/n)?(?:,|$)", re.ASCII)
_KEY = re.compile(r"[0-9*#]{1,4}", re.ASCII)


class Leads(Protocol):
    """Says where a destination leads. `where` it stands; `back`: the menu to which an announcement may return."""

    def __call__(self, text: str, where: str, back: str = "") -> Way:
        """Return the way."""


class Places:
    """Reads the places of a system."""

    def __init__(self, tables: Tables, system: OldSystem, way: Leads) -> None:
        self._tables = tables
        self.system = system
        self._findings = system.findings
        self._way = way
        self._recordings = tables.by("recordings", "id")
        self._users = tables.by("users", "extension")

    def read(self, key: str, found: Destination) -> Place | None:
        """Return the place of a destination; None when no table has it."""
        if found.kind is Kind.RECORDING:
            return Announcement(self._name(found.id), f"recordings {found.id}", self._prompt(found.id), BYE)
        if found.kind is Kind.PERSON:
            return self._person(found.id)
        table, column = found.kind.value
        row = self._tables.by(table, column).get(found.id)
        if row is None:
            return None
        if found.kind is Kind.MENU:
            return self._menu(key, row)
        if found.kind is Kind.ANNOUNCEMENT:
            return self._announcement(key, row)
        return {Kind.QUEUE: self._queue, Kind.GROUP: self._group, Kind.TIME: self._hours}[found.kind](row)

    def _announcement(self, key: str, row: Row) -> Place:
        where = f"announcement {row['announcement_id']}"
        back = key.partition("@")[2]
        then = Way(back) if back else self._way(row["post_dest"], where)
        return Announcement(row.get("description", ""), where, self._prompt(row["recording_id"]), then)

    def _hours(self, row: Row) -> Place:
        number = row["timeconditions_id"]
        where = f"timeconditions {number}"
        during, otherwise = self._way(row["truegoto"], where), self._way(row["falsegoto"], where)
        spans = tuple(
            one["time"] for one in self._tables["timegroups_details"] if one["timegroupid"] == row.get("time")
        )
        if row.get("mode", "time-group") not in ("", "time-group"):
            cure = "write its times into `hours`; until then callers go on as in its times"
            self._findings.lose(where, f"the calendar of `{row.get('displayname', '')}`", cure)
            spans = ("*|*|*|*",)
        return Hours(row.get("displayname", ""), where, spans, during, otherwise, zone_of(row.get("timezone", "")))

    def _menu(self, key: str, row: Row) -> Place:
        number = row["id"]
        where, name = f"ivr_details {number}", row.get("name", "") or f"ivr {number}"
        keys: dict[str, Way] = {}
        silent, wrong = row["timeout_destination"], row["invalid_destination"]
        for entry in self._tables["ivr_entries"]:
            if entry["ivr_id"] != number:
                continue
            pressed, place = entry["selection"].strip(), f"ivr_entries {number} key {entry['selection']}"
            if pressed == "t":
                silent = silent or entry["dest"]
            elif pressed == "i":
                wrong = wrong or entry["dest"]
            elif not _KEY.fullmatch(pressed):
                self._findings.lose(place, f"`{pressed}` is no key of one to four digits", "give it another key")
            else:
                if entry.get("ivr_ret") == "1":
                    what = "the key took callers back to the menu that they came from"
                    self._findings.change(place, what, f"here it always goes to `{entry['dest']}`")
                keys[pressed] = self._way(entry["dest"], place, back=key)
        if row.get("directdial", "") not in ("", "0", "Disabled"):
            what = f"callers of `{name}` could dial an extension"
            self._findings.lose(where, what, "give those who are wanted a key and a line")
        way = self._way(silent, f"{where} after silence") if silent else BYE
        if wrong and wrong != silent:
            what = f"after too many wrong keys callers of `{name}` went to `{wrong}`"
            self._findings.lose(where, what, "here they go the way of `no answer`")
        spoken = row.get("invalid_retry_recording", "")
        tries = 1 + seconds(row.get("timeout_loops", ""), 0)
        wait = seconds(row.get("timeout_time", ""), 5)
        said = (DEFAULT_WORDS,) if spoken == "default" else self._prompt(spoken)
        ordered = {pressed: keys[pressed] for pressed in sorted(keys, key=_rank)}
        return Menu(name, where, self._prompt(row.get("announcement", "")), ordered, way, wait, tries, said)

    def _queue(self, row: Row) -> Place:
        number = row["extension"]
        where, name = f"queues_config {number}", row["descr"] or f"queue {number}"
        details = [one for one in self._tables["queues_details"] if one["id"] == number]
        settings = {one["keyword"]: one["data"] for one in details}
        agents: list[str] = []
        penalties: dict[str, int] = {}
        for one in details:
            if one["keyword"] == "member":
                found = self._member(f"queues_details {number}", one["data"])
                agents += found
                penalties |= dict.fromkeys(found, seconds(one["data"].partition(",")[2], 0))
        agents += [agent for agent in self._tables.signed_in.get(number, ()) if agent in self.system.people]
        self._unlike(where, name, row, settings)
        wait = seconds(row["maxwait"], 0)
        then = self._way(row.get("dest", ""), where) if row.get("dest") else BYE
        queue = Queue(
            name,
            where,
            tuple(dict.fromkeys(agents)),
            then,
            seconds(settings.get("timeout", ""), 15) or 60,
            wait,
            seconds(settings.get("wrapuptime", ""), 0),
            seconds(settings.get("maxlen", ""), 0),
            penalties=penalties,
            tells=tells(settings),
            record=settings.get("recording", "") in ("yes", "force", "always", "Always"),
        )
        if (said := row.get("joinannounce_id", "")) not in ("", "0"):
            self.system.places[f"{number} of the queue"] = queue
            return Announcement(f"{name} welcome", where, self._prompt(said), Way(f"{number} of the queue"))
        return queue

    def _unlike(self, where: str, name: str, row: Row, settings: Mapping[str, str]) -> None:
        """Note what a line has not, or has otherwise."""
        strategy = settings.get("strategy", "rrmemory")
        if strategy not in ("rrmemory", "rrordered"):
            self._findings.change(
                where, f"`{name}` rang its agents by `{strategy}`", "a line rings one after the other"
            )
        if row.get("ivr_id", "0") not in ("", "0", "none"):
            what = f"the menu {row['ivr_id']} for those who wait in `{name}`"
            self._findings.lose(where, what, "a line has none; `then` and `wait` say where it goes on")
        if row.get("callconfirm") == "1":
            what = f"agents of `{name}` confirmed a call by a key"
            self._findings.lose(where, what, "`whisper: accept` does so, and says who is calling")

    def _member(self, where: str, data: str) -> list[str]:
        found = _MEMBER.match(data)
        if found and self.is_person(found[1]):
            return [found[1]]
        what = f"the member `{data}`: it is no extension of this system, and may be a number outside"
        self._findings.lose(where, what, "no caller is sent to a number outside; give a person's extension")
        return []

    def _group(self, row: Row) -> Place:
        number = row["grpnum"]
        where, name = f"ringgroups {number}", row.get("description", "") or f"group {number}"
        agents: list[str] = []
        for member in row["grplist"].split("-"):
            if member.strip():
                agents += self._member(where, f"Local/{member.strip()}")
        strategy = row.get("strategy", "ringall")
        self._findings.change(where, f"the ring group `{name}` ({strategy}) is a line", "it rings one after the other")
        then = self._way(row.get("postdest", ""), where) if row.get("postdest") else BYE
        time = seconds(row.get("grptime", ""), 20)
        return Queue(name, where, tuple(dict.fromkeys(agents)), then, min(time, 20), time)

    def is_person(self, number: str) -> bool:
        """Say whether this is an extension: where no table names them, a short number is one."""
        people = self.system.people
        return number in people if people else 2 <= len(number) <= 5

    def _person(self, number: str) -> Place:
        row = self._users.get(number, {})
        mailbox = row.get("voicemail", "novm") not in ("novm", "", "disabled")
        then = TO_VOICEMAIL if mailbox else BYE
        ring = seconds(row.get("ringtimer", ""), 0) or 20
        name = self.system.people.get(number, f"agent {number}")
        return Queue(name, f"users {number}", (number,), then, ring, max(30, ring), person=True)

    def _prompt(self, number: str) -> tuple[str, ...]:
        if number in ("", "0"):
            return ()
        row = self._recordings.get(number)
        if row is None:
            return (f"number {number}",)
        return tuple(part for part in row["filename"].split("&") if part) or (row["displayname"],)

    def _name(self, number: str) -> str:
        return self._recordings.get(number, {}).get("displayname", f"recording {number}")


def _rank(key: str) -> tuple[int, str]:
    """Return the place of a key in a menu: 1 to 9, then 0, then the others."""
    return (0 if key.isdigit() and not key.startswith("0") else 1, key.zfill(4))


def zone_of(name: str) -> str:
    """Return a time zone; "" when it is none."""
    try:
        return time_zone(name) if name and name not in ("default", "Default") else ""
    except ValueError:
        return ""
