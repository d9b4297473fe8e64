"""Keep who called again beside the calls, in the loader's own transaction.

A call changes what the calls of the same number around it are worth: nothing that is further away than the window, and
mostly only the nearest. So of each number as few calls are read as can be changed (`ivr.reports.repeats.enough`), and
what they are worth now, less what they were worth before, is added to the totals. Of calls further away the same is
taken out as is added, so it does no harm that their own neighbours are not all read.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, select, text

from ivr.reports.contacts import WINDOW, Contact
from ivr.reports.repeats import Series, enough, joined, repeat_tallies, single
from ivr.reports.tally import Tally, taken_out
from ivr.store.bulk import add_rows, one_of
from ivr.store.tables import call
from ivr.store.tables_repeats import caller_series
from ivr.telephony.number import same_number, spellings

_NEAR, _MORE = 32, 1000
"""Calls of a number that are read at first, and in each further step."""
_COLUMNS = "id, caller, began_at, talked, connected_at, category, last_line, answered_by, agent, desk"
_HIS = """direction = 'in' AND desk <> '' AND ended_at IS NOT NULL
 AND (began_at < n.until OR (began_at = n.until AND id < n.behind)) AND began_at > n.since AND began_at <= n.until
 ORDER BY began_at DESC, id DESC LIMIT :most"""
_NAMED = ("written", "since", "until", "behind")
_ASKED = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in _NAMED)
_OF_CALL = ", ".join(f"c.{name}" for name in _COLUMNS.split(", "))
_QUERIES = {
    "sqlite": text(
        f"SELECT {_OF_CALL} FROM (SELECT {_ASKED} FROM json_each(:asked)) AS n "  # noqa: S608 - our own names
        f"JOIN call AS c ON c.rowid IN (SELECT rowid FROM call WHERE caller = n.written AND {_HIS})"
    ),
    "postgresql": text(
        "SELECT c.* FROM json_to_recordset(CAST(:asked AS json)) AS n"  # noqa: S608 - our own names
        "(written text, since bigint, until bigint, behind text) "
        f"CROSS JOIN LATERAL (SELECT {_COLUMNS} FROM call WHERE caller = n.written AND {_HIS}) AS c"
    ),
}
_WRITTEN = {
    "sqlite": text("SELECT value FROM json_each(:ways) WHERE EXISTS (SELECT 1 FROM call WHERE caller = value)"),
    "postgresql": text(
        "SELECT way FROM json_array_elements_text(CAST(:ways AS json)) AS way "
        "WHERE EXISTS (SELECT 1 FROM call WHERE caller = way)"
    ),
}
_REMOVED = delete(caller_series).where(
    caller_series.c.number == bindparam("who"), caller_series.c.first_at == bindparam("since")
)


class _Change(NamedTuple):
    """What a batch does to the calls of one number."""

    was: list[Contact]
    now: list[Contact]

    @property
    def first(self) -> int:
        return min(one.at for one in (*self.was, *self.now))

    @property
    def last(self) -> int:
        return max(one.at for one in (*self.was, *self.now))

    @property
    def categories(self) -> set[str]:
        return {one.category for one in (*self.was, *self.now)}


def keep_repeats(connection: Connection, before: Iterable[Contact], now: Iterable[Contact]) -> list[Tally]:
    """Bring the table up to calls that were changed (`before`, as they were) or are new; return what that contributes.

    Their rows are as they are now already. Only calls from outside count.
    """
    changes = _changes(before, now)
    if not changes:
        return []
    around = _around(connection, changes)
    found: list[Tally] = []
    for number, change in changes.items():
        fresh = {one.call for one in change.now}
        was = [one for one in around[number] if one.call not in fresh] + change.was
        found += taken_out(repeat_tallies(was))
        found += repeat_tallies(around[number])
    _keep_series(connection, changes, around)
    return found


def _changes(before: Iterable[Contact], now: Iterable[Contact]) -> dict[str, _Change]:
    was, fresh = ({one.call: one for one in some if one.direction == "in"} for some in (before, now))
    found: dict[str, _Change] = defaultdict(lambda: _Change([], []))
    for name in was.keys() | fresh.keys():
        old, new = was.get(name), fresh.get(name)
        if old != new:
            if old:
                found[old.number].was.append(old)
            if new:
                found[new.number].now.append(new)
    return found


def _around(connection: Connection, changes: Mapping[str, _Change]) -> Mapping[str, list[Contact]]:
    """Return the calls of each number, the newest first, as far back as its change reaches."""
    found: dict[str, list[Contact]] = {number: [] for number in changes}
    wanted = {number: (change.last + WINDOW, "") for number, change in changes.items()}
    most = _NEAR
    while wanted:
        asked = [
            {"number": number, "since": changes[number].first - WINDOW, "until": until, "behind": behind}
            for number, (until, behind) in wanted.items()
        ]
        more: dict[str, list[Contact]] = defaultdict(list)
        for one in _read(connection, asked, most):
            more[one.number].append(one)
        wanted = {}
        for number, some in more.items():
            # Of each spelling the newest are here, so the newest of all are.
            newest = sorted(some, key=lambda one: (one.at, one.call), reverse=True)[:most]
            found[number] += newest
            change = changes[number]
            earlier = (one for one in found[number] if one.at < change.first)
            if len(newest) == most and not enough(earlier, change.categories):
                wanted[number] = newest[-1].at, newest[-1].call
        most = _MORE
    return found


def _read(connection: Connection, asked: Sequence[Mapping[str, Any]], most: int) -> Iterable[Contact]:
    """Yield the newest calls of each number, so many of each of its spellings."""
    query = _QUERIES[connection.dialect.name]
    ways = [(one, way) for one in asked for way in spellings(one["number"])]
    written = _written(connection, [way for _, way in ways])
    named = [{**one, "written": way} for one, way in ways if way in written]
    return map(_contact, connection.execute(query, {"asked": json.dumps(named), "most": most}))


def _written(connection: Connection, ways: Sequence[str]) -> set[str]:
    """Return those spellings of which there is a call at all: nearly every number has one, and the others cost most."""
    return set(connection.execute(_WRITTEN[connection.dialect.name], {"ways": json.dumps(ways)}).scalars())


def _keep_series(connection: Connection, changes: Mapping[str, _Change], around: Mapping[str, list[Contact]]) -> None:
    old = _series(connection, changes)
    gone: list[Series] = []
    fresh: list[Series] = []
    for number, change in changes.items():
        mine = old.get(number, [])
        if change.was:
            parts = [single(one) for one in _all_between(connection, number, change, mine)]
        else:
            # Only new calls: what is there is joined with them, however many calls it has.
            new = {one.call for one in change.now}
            alone = [one for one in around[number] if one.call in new or not _within(one, mine)]
            parts = [*mine, *map(single, alone)]
        made = [one for one in joined(parts) if one.calls > 1]
        gone += [one for one in mine if one not in made]
        fresh += [one for one in made if one not in mine]
    if gone:
        connection.execute(_REMOVED, [{"who": one.number, "since": one.first_at} for one in gone])
    add_rows(connection, caller_series, fresh)


def _series(connection: Connection, changes: Mapping[str, _Change]) -> Mapping[str, list[Series]]:
    """Return the series that the changes may touch."""
    found: dict[str, list[Series]] = defaultdict(list)
    earliest = min(change.first for change in changes.values()) - WINDOW
    late = and_(one_of(connection, caller_series.c.number, changes), caller_series.c.last_at > earliest)
    for row in connection.execute(select(caller_series).where(late)):
        change = changes[row.number]
        if row.last_at > change.first - WINDOW and row.first_at < change.last + WINDOW:
            found[row.number].append(Series._make(row))
    return found


def _all_between(connection: Connection, number: str, change: _Change, mine: Sequence[Series]) -> Iterable[Contact]:
    """Return all calls of the number in the series and around the change, as they are now."""
    since = min([change.first - WINDOW, *(one.first_at - 1 for one in mine)])
    until = max([change.last + WINDOW, *(one.last_at + 1 for one in mine)])
    asked = [{"number": number, "since": since, "until": until, "behind": ""}]
    return _read(connection, asked, 1 << 31)


def _within(one: Contact, series: Iterable[Series]) -> bool:
    return any(part.first_at <= one.at <= part.last_at for part in series)


def series_between(
    connection: Connection, since: int, until: int, where: Mapping[str, Iterable[str]], limit: int
) -> list[Series]:
    """Return the series whose last call was in the time, those of most calls first."""
    mine = [caller_series.c[name].in_(list(values)) for name, values in where.items() if name in caller_series.c]
    order = (caller_series.c.calls.desc(), caller_series.c.last_at.desc(), caller_series.c.number)
    if mine:
        query = select(caller_series).where(caller_series.c.last_at >= since, caller_series.c.last_at < until, *mine)
        return [Series._make(row) for row in connection.execute(query.order_by(*order).limit(limit))]
    # The keys first: they stand in the index, and the rows of a year need not be read.
    keys = select(caller_series.c.number, caller_series.c.first_at).where(
        caller_series.c.last_at >= since, caller_series.c.last_at < until
    )
    first = keys.order_by(*order).limit(limit).subquery()
    these = and_(caller_series.c.number == first.c.number, caller_series.c.first_at == first.c.first_at)
    query = select(caller_series).join(first, these).order_by(*order)
    return [Series._make(row) for row in connection.execute(query)]


def contacts_between(connection: Connection, since: int, until: int) -> Iterable[Contact]:
    """Yield the calls of numbers from outside that began in the time, oldest first."""
    query = select(*(call.c[name] for name in _COLUMNS.split(", "))).where(
        call.c.began_at >= since, call.c.began_at < until, call.c.direction == "in", call.c.desk != "",
        call.c.caller != "", call.c.ended_at.is_not(None),
    )  # fmt: skip
    yield from map(_contact, connection.execute(query.order_by(call.c.began_at, call.c.id)))


def _contact(row: Iterable[Any]) -> Contact:
    name, number, at, talked, talked_at, category, line, answered_by, agent, desk = row
    return Contact(
        name, same_number(number), at, "in", missed=False, talked=talked, talked_at=talked_at, category=category,
        line=line, agent=answered_by or agent, desk=desk,
    )  # fmt: skip
