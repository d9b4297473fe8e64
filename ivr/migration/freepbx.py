"""FreePBX's tables -> the neutral middle: its numbers, and what they reach."""

from __future__ import annotations

import re

from ivr.errors import DeskError
from ivr.migration.destinations import HANG_UPS, NOT_CARRIED, PASSING, Destination, Kind, read_destination
from ivr.migration.freepbx_places import Places, zone_of
from ivr.migration.naming import people_of
from ivr.migration.shape import BYE, TO_VOICEMAIL, Caller, Number, OldSystem, Way, who_of
from ivr.migration.tables import Tables

_MOST_STEPS = 20


def read_freepbx(tables: Tables) -> OldSystem:
    """Return what the tables say. Raises `DeskError` when they hold no numbers."""
    return _Reader(tables).read()


class _Reader:
    """Follows destinations from the numbers on, and reads each place once."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.system = OldSystem()
        self._findings = self.system.findings
        self._places = Places(tables, self.system, self._way)
        self._mailboxes: set[str] = set()
        self._ahead: list[tuple[str, Destination]] = []

    def read(self) -> OldSystem:
        tables = self._tables
        if not tables["incoming"]:
            met = ", ".join(tables.names) or "none"
            raise DeskError(
                "It has no inbound routes: nobody can say where a call begins.",
                f"Give the table `incoming` too, best of all a whole backup. Tables that were found: {met}.",
            )
        self._people()
        self._zone()
        languages = {(row["extension"], row["cidnum"]): row["language"] for row in tables["language_incoming"]}
        for row in sorted(tables["incoming"], key=lambda row: (row["extension"].lstrip("+_"), row["cidnum"])):
            number, caller = row["extension"].strip(), row["cidnum"].strip()
            where = f"incoming {number or 'any'}{f' from {caller}' if caller else ''}"
            way = self._way(row["destination"], where)
            if language := _language(languages.get((number, caller), "")):
                way = way._replace(language=language)
            if caller:
                self._caller(caller, Caller(who_of(caller), number, where, way))
                continue
            self.system.numbers.append(Number(number, row.get("description", ""), where, way))
        while self._ahead:
            key, found = self._ahead.pop()
            if key not in self.system.places and (place := self._places.read(key, found)):
                self.system.places[key] = place
        self._unreached()
        return self.system

    def _people(self) -> None:
        found = {row["extension"]: row.get("name", "") for row in self._tables["users"]}
        found |= {row["user"]: found.get(row["user"], row.get("description", "")) for row in self._tables["devices"]}
        known = [(number, found[number]) for number in sorted(found) if re.fullmatch(r"[0-9]{2,8}", number, re.ASCII)]
        self.system.people = people_of(known)

    def _zone(self) -> None:
        for row in self._tables["freepbx_settings"]:
            if row["keyword"] == "PHPTIMEZONE":
                self.system.zone = zone_of(row["value"])

    def _caller(self, written: str, one: Caller) -> None:
        if one.who:
            self.system.callers.append(one)
        else:
            cure = "add them to `callers` by hand"
            self._findings.lose(one.where, f"the callers {written}: it is no beginning of a number", cure)

    def _way(self, text: str, where: str, back: str = "") -> Way:
        """Return where a destination leads. `back`: the menu to which an announcement may return."""
        language = ""
        for _ in range(_MOST_STEPS):
            found = read_destination(text)
            table = PASSING.get(found.kind)
            if found.kind == Kind.DAYNIGHT:
                text = self._by_day(found)
            elif table:
                row = self._tables.by(table[0], table[1]).get(found.id, {})
                if found.kind == Kind.LANGUAGE:
                    language = _language(row.get("lang_code", "")) or language
                else:
                    what = f"`{found.text}` on the way"
                    self._findings.lose(f"{table[0]} {found.id}", what, f"{table[2]}; the way goes on behind it")
                text = row.get("dest", "")
            else:
                return self._end(found, where, back)._replace(language=language)
        return self._findings.lose(where, f"`{text}` leads round and round", "give this way a target")

    def _end(self, found: Destination, where: str, back: str) -> Way:
        if found.kind == Kind.VOICEMAIL:
            what = f"the mailbox of {found.id}: the desk has one for all"
            if found.id not in self._mailboxes:
                self._findings.change(where, what, "`ivr recordings list` has the messages")
            self._mailboxes.add(found.id)
            return TO_VOICEMAIL
        if found.kind == Kind.HANG_UP:
            if found.id != "hangup":
                self._findings.change(where, HANG_UPS.get(found.id, f"`{found.text}`"), "the call is hung up")
            return BYE
        if found.kind in NOT_CARRIED:
            what, cure = NOT_CARRIED[found.kind]
            return self._findings.lose(where, f"`{found.text}`: {self._told(what, found)}", cure)
        key = found.key
        if found.text.startswith("ext-findmefollow"):
            self._findings.change(where, f"`{found.text}`: follow me", "only his own telephone rings")
        if found.kind == Kind.ANNOUNCEMENT and back:
            row = self._tables.by("announcement", "announcement_id").get(found.id, {})
            if row.get("return_ivr") == "1":
                # The same announcement comes back to another menu when it was called from another.
                key = f"{key}@{back}"
        self._ahead.append((key, found))
        if not self._there(found):
            what = f"`{found.text}` is nowhere in the tables"
            return self._findings.lose(where, what, "it was deleted, or its table is missing: give this way a target")
        return Way(key)

    def _there(self, found: Destination) -> bool:
        if found.kind is Kind.PERSON:
            return self._places.is_person(found.id)
        table, column = found.kind.value
        return not table or found.id in self._tables.by(table, column)

    def _told(self, what: str, found: Destination) -> str:
        if found.kind == Kind.MISC:
            dialled = self._tables.by("miscdests", "id").get(found.id, {}).get("destdial", "?")
            return f"{what} ({dialled})"
        return what

    def _by_day(self, found: Destination) -> str:
        modes = {row["dmode"]: row["dest"] for row in self._tables["daynight"] if row["ext"] == found.id}
        name = modes.get("fc_description") or found.id
        where = f"daynight {found.id}"
        what = f"the switch `{name}` between day and night: callers go the way of the day"
        self._findings.lose(where, what, '`ivr announce on … --then "hang up"` closes a desk by hand')
        return modes.get("day", "")

    def _unreached(self) -> None:
        """Name what no number reaches: the admin may miss it."""
        places = (("ivr_details", "id", "name", "ivr-{}"), ("queues_config", "extension", "descr", "ext-queues,{}"))
        for table, column, name, key in places:
            for number, row in sorted(self._tables.by(table, column).items()):
                if key.format(number) not in self.system.places:
                    what = f"`{row.get(name, '')}` is reached by no inbound route that is carried"
                    self._findings.lose(f"{table} {number}", what, "lead a way there, or forget it")


def _language(code: str) -> str:
    found = re.match(r"[a-z]{2}(?![a-z])", code.strip().lower(), re.ASCII)
    return found[0] if found else ""
