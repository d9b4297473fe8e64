"""FreePBX's tables: a dump names them, the module files of a backup may only have their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any, TypeAlias

from ivr.errors import DeskError

Row: TypeAlias = Mapping[str, str]

_NEEDED: Mapping[str, frozenset[str]] = {
    "ivr_details": frozenset({"id", "timeout_destination", "invalid_destination"}),
    "ivr_entries": frozenset({"ivr_id", "selection", "dest"}),
    "queues_config": frozenset({"extension", "descr", "maxwait"}),
    "queues_details": frozenset({"id", "keyword", "data"}),
    "incoming": frozenset({"cidnum", "extension", "destination"}),
    "timeconditions": frozenset({"timeconditions_id", "truegoto", "falsegoto"}),
    "timegroups_details": frozenset({"timegroupid", "time"}),
    "recordings": frozenset({"id", "displayname", "filename"}),
    "announcement": frozenset({"announcement_id", "recording_id", "post_dest"}),
    "languages": frozenset({"language_id", "lang_code", "dest"}),
    "language_incoming": frozenset({"extension", "cidnum", "language"}),
    "daynight": frozenset({"ext", "dmode", "dest"}),
    "ringgroups": frozenset({"grpnum", "grplist"}),
    "setcid": frozenset({"cid_id", "dest"}),
    "queueprio": frozenset({"queueprio_id", "dest"}),
    "callrecording": frozenset({"callrecording_id", "dest"}),
    "miscdests": frozenset({"id", "destdial"}),
    "users": frozenset({"extension", "name"}),
    "devices": frozenset({"id", "tech", "user"}),
    "freepbx_settings": frozenset({"keyword", "value"}),
}
"""Each table that is read, and the columns by which it is known and without which it says nothing."""
TABLES = frozenset(_NEEDED)
_ALIKE: Mapping[str, frozenset[str]] = {
    "users": frozenset({"voicemail"}),
    "devices": frozenset({"dial"}),
    "queues_details": frozenset({"only by its name"}),
    "freepbx_settings": frozenset({"only by its name"}),
}
"""What tells a table's rows from those of others that look like them, where nothing says its name."""
MOST_ROWS = 200_000
_DEEPEST = 12
_DYNAMIC = re.compile(r"/?(?:QPENALTY/)?(\d{1,8})/agents/(\d{1,8})$", re.ASCII)


class Tables:
    """Rows by table, as text."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {}
        self._by: dict[tuple[str, str], dict[str, Row]] = {}
        self.signed_in: dict[str, list[str]] = {}
        """Members of each queue who sign in by their telephones."""
        self.unnamed: set[str] = set()
        """Tables whose columns nobody named."""
        self.torn = 0
        self.count = 0

    def __getitem__(self, table: str) -> list[Row]:
        return self._rows.get(table, [])

    def __contains__(self, table: str) -> bool:
        return table in self._rows

    @property
    def names(self) -> tuple[str, ...]:
        """Return the tables that were met, in the order of the alphabet."""
        return tuple(sorted(self._rows))

    def add(self, table: str, row: Mapping[str, Any]) -> None:
        """Keep a row when the table is one that is read. Raises `DeskError` when there are too many."""
        if not _NEEDED.get(table, {""}) <= set(row):
            return
        if self.count >= MOST_ROWS:
            raise DeskError(f"There are over {MOST_ROWS} rows in the tables that are read.", "Is it the right file?")
        self.count += 1
        self._by.clear()
        self._rows.setdefault(table, []).append(
            {name: _text(value) for name, value in row.items() if not isinstance(value, dict | list)}
        )

    def add_module(self, value: Any) -> None:
        """Keep the rows of a backup's module file, however that version of the module lays them out."""
        for table, row in _rows_in(value, "", 0):
            if table == "settings":
                if zone := row.get("PHPTIMEZONE"):
                    self.add("freepbx_settings", {"keyword": "PHPTIMEZONE", "value": zone})
            elif table == "QPENALTY":
                for key in row:
                    if found := _DYNAMIC.match(key):
                        self.signed_in.setdefault(found[1], []).append(found[2])
            else:
                self.add(table, row)

    def by(self, table: str, column: str) -> dict[str, Row]:
        """Return a table's rows by a column of them."""
        if (table, column) not in self._by:
            self._by[table, column] = {row[column]: row for row in self[table] if column in row}
        return self._by[table, column]


def _rows_in(value: Any, key: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Walk over the rows of a module file: mappings that have a known table's columns."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for part in value:
            yield from _rows_in(part, key, depth + 1)
    elif isinstance(value, dict):
        if key in ("settings", "QPENALTY"):
            yield key, value
            return
        table = key if key in _NEEDED and _NEEDED[key] <= set(value) else _known(value)
        if table:
            # Some versions of the module for IVRs write its names as HTML.
            html = table == "ivr_details"
            yield (
                table,
                {name: unescape(part) if html and isinstance(part, str) else part for name, part in value.items()},
            )
            return
        for name, part in value.items():
            yield from _rows_in(
                part, str(name) if isinstance(part, dict | list) and not _is_id(name) else key, depth + 1
            )


def _known(row: Mapping[str, Any]) -> str:
    if any(isinstance(row.get(name), dict | list) for name in ("id", "extension", "keyword")):
        return ""
    found = (table for table, needed in _NEEDED.items() if needed | _ALIKE.get(table, frozenset()) <= set(row))
    return next(found, "")


def _is_id(name: Any) -> bool:
    return str(name).isdigit()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)
