"""Proof of the totals: what they are, whatever their parts, and whether what was made of them fits."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import Connection, and_, or_, select

from ivr.store.amounts import MEASURES, add_up, merge
from ivr.store.grains import QUARTERS, month_of
from ivr.store.shelves import FEWER, SHELVES, WHOLE
from ivr.store.sums import cells_of, measures_of
from ivr.store.tables_totals import total
from ivr.store.totals import State, Totals

_Place = tuple[int, int, int, int]
_NUMBERS = {shelf.number: shelf for shelf in SHELVES}


def digests_of_totals(connection: Connection) -> dict[str, bytes]:
    """Return a digest of the sums of each subject and quarter of an hour.

    The parts themselves depend on how the journal was cut into batches; their sums do not.
    """
    measures = measures_of(connection)
    found: dict[str, bytes] = {}
    for shelf in WHOLE.values():
        keys = cells_of(connection, shelf)
        own = and_(total.c.shelf == shelf.number, total.c.grain == QUARTERS)
        query = select(total.c.bucket, total.c.cell, total.c.amounts).where(own).execution_options(yield_per=10_000)
        parts: dict[int, list[tuple[int, bytes]]] = {}
        for bucket, cell, amounts in connection.execute(query):
            parts.setdefault(bucket, []).append((cell, amounts))
        for bucket, some in parts.items():
            codes, values = add_up([cell for cell, _ in some], [amounts for _, amounts in some])
            told = sorted(
                (keys[code // MEASURES], measures[code % MEASURES], value)
                for code, value in zip(codes.tolist(), values.tolist(), strict=True)
            )
            if told:
                name = f"totals of {shelf.subject} from {datetime.fromtimestamp(bucket / 1e6, UTC):%Y-%m-%d %H:%M}"
                found[name] = sha256(repr(told).encode()).digest()
    return found


def made_differences(connection: Connection) -> list[str]:
    """Return the shelves whose made quarters, days or months are not the sum of the quarters of the whole shelf."""
    totals = Totals()
    state = totals.open(connection)
    buckets = connection.execute(select(total.c.bucket).distinct().order_by(total.c.bucket)).scalars().all()
    wrong: set[int] = set()
    for first, behind in dict.fromkeys(month_of(bucket, state.zone) for bucket in buckets):
        expected = _expected(connection, totals, state, first, behind)
        made = _made(connection, first, behind)
        wrong |= {place[0] for place in expected.keys() | made.keys() if expected.get(place) != made.get(place)}
    return [f"totals made of {_NUMBERS[one].subject} by {', '.join(_NUMBERS[one].keys)}" for one in sorted(wrong)]


def _expected(connection: Connection, totals: Totals, state: State, first: int, behind: int) -> dict[_Place, bytes]:
    """Return what should be made of the quarters between the two moments."""
    keys = totals.keys()
    query = select(total.c.shelf, total.c.bucket, total.c.cell, total.c.amounts).where(
        total.c.shelf.in_([shelf.number for shelf in WHOLE.values()]),
        total.c.grain == QUARTERS,
        total.c.bucket >= first,
        total.c.bucket < min(behind, state.rolled_to),
    )
    places: dict[_Place, int] = {}
    groups, blobs = [], []
    for shelf, bucket, cell, amounts in connection.execute(query):
        for place in totals.made_places(connection, _NUMBERS[shelf].subject, bucket, keys[cell], state):
            groups.append(places.setdefault(place, len(places)))
            blobs.append(amounts)
    return _merged(places, groups, blobs)


def _made(connection: Connection, first: int, behind: int) -> dict[_Place, bytes]:
    fewer = total.c.shelf.in_([shelf.number for shelf in FEWER])
    query = select(total.c.shelf, total.c.grain, total.c.bucket, total.c.cell, total.c.amounts).where(
        and_(total.c.bucket >= first, total.c.bucket < behind, or_(fewer, total.c.grain != QUARTERS))
    )
    places: dict[_Place, int] = {}
    groups, blobs = [], []
    for *place, amounts in connection.execute(query):
        groups.append(places.setdefault((place[0], place[1], place[2], place[3]), len(places)))
        blobs.append(amounts)
    return _merged(places, groups, blobs)


def _merged(places: dict[_Place, int], groups: list[int], blobs: list[bytes]) -> dict[_Place, bytes]:
    names = list(places)
    return {names[group]: blob for group, blob in merge(groups, blobs).items()}
