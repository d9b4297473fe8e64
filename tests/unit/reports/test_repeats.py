"""Who calls again: a set counted by hand, and series against a plain walk."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from ivr.reports.catalogue import metric
from ivr.reports.contacts import WINDOW, Contact, first_contacts
from ivr.reports.repeats import enough, joined, repeat_tallies, series_of, single
from tests.contact_oracle import repeats
from tests.made_calls import SECOND

HOUR = 3600 * SECOND
DAY = 24 * HOUR


def came(at, category="", *, talked=True, name="", number="+7812"):
    began = at if talked else None
    length, agent = (60 * SECOND, "101") if talked else (0, "")
    return Contact(name or f"c{at}", number, at, "in", not talked, length, began, category, "first", agent, "shop")


WORKED = (
    # Monday: about a product, and again about it on Wednesday: not settled; the second was.
    [came(0, "product", name="a1"), came(2 * DAY, "product", name="a2")],
    # About a product, then about a claim: two matters, both settled, and one repeat call.
    [came(0, "product", name="b1"), came(DAY, "claim", name="b2")],
    # Answered, and a week later to the microsecond again: settled, no repeat.
    [came(0, "claim", name="c1"), came(WINDOW, "claim", name="c2")],
    # Nobody answered him; he called again and was answered, then gave up in the menu: not settled, three calls.
    [
        came(0, "product", name="d1", talked=False),
        came(HOUR, "product", name="d2"),
        came(DAY, name="d3", talked=False),
    ],
)


def totals(numbers, keys=None):
    found = Counter()
    for contacts in numbers:
        for one in repeat_tallies(contacts):
            if keys is None or one.keys[1] == keys:
                found[one.measure] += one.value
    return found


def test_a_set_counted_by_hand():
    """Nine calls; repeats: a2 b2 d2 d3; judged: a1 a2 b1 b2 c1 c2 d2; came back: a1 d2."""
    found = totals(WORKED)
    assert found == {"numbered": 9, "again": 4, "judged": 7, "repeated": 2}
    assert metric("fcr").value(found) == pytest.approx(5 / 7)
    assert metric("repeat_rate").value(found) == pytest.approx(4 / 9)
    assert metric("repeat_calls").value(found) == 4
    assert metric("fcr_calls").value(found) == 7
    assert metric("numbered_calls").value(found) == 9
    assert totals(WORKED, "claim") == {"numbered": 3, "again": 1, "judged": 3}


def test_series_are_calls_each_within_the_window_of_the_one_before():
    found = [series_of(contacts) for contacts in WORKED]
    assert [[(one.calls, one.first_at, one.last_at, one.last_call) for one in some] for some in found] == [
        [(2, 0, 2 * DAY, "a2")],
        [(2, 0, DAY, "b2")],
        [],
        [(3, 0, DAY, "d3")],
    ]
    assert (found[3][0].agent, found[0][0].agent, found[0][0].category) == ("", "101", "product")


@pytest.mark.parametrize("seed", range(5))
def test_series_joined_in_any_order_and_in_pieces_are_the_same(seed):
    chance = random.Random(seed)
    calls = [came(chance.randrange(60 * DAY), name=str(name)) for name in range(40)]
    whole = [one for one in joined(map(single, calls)) if one.calls > 1]
    chance.shuffle(calls)
    parts = []
    for one in calls:
        parts = joined([*parts, single(one)])
    assert [one for one in parts if one.calls > 1] == whole == series_of(calls)
    assert sum(one.calls - 1 for one in whole) == len(repeats(calls))


@pytest.mark.parametrize("seed", range(8))
def test_no_call_older_than_enough_of_them_is_changed_by_a_later_one(seed):
    chance = random.Random(seed)
    kinds = ["", "product", "claim", "order"]
    calls = sorted(
        (came(chance.randrange(20 * DAY), chance.choice(kinds), name=str(name)) for name in range(60)),
        key=lambda one: one.at,
    )
    for category in kinds:
        late = came(20 * DAY, category, name="late")
        read = next(place for place in range(len(calls), -1, -1) if place == 0 or enough(calls[place:], {category}))
        older = {one.call for one in calls[:read]}
        before, after = (
            {one for one in first_contacts(some, 1 << 62) if one.call in older} for some in (calls, [*calls, late])
        )
        assert {one.call for one in before if one.again} == {one.call for one in after if one.again}
