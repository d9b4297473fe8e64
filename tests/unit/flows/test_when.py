"""Callers who are sent by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from ivr.desk.play import Playing
from ivr.errors import AuthorError
from ivr.flows.budget import routes_of
from ivr.flows.changes import Version, changes
from ivr.flows.drawing import mermaid, tree
from ivr.flows.hours import is_open
from ivr.flows.model import Hours, When, way_to
from ivr.flows.prompts import prompts_of
from ivr.flows.reader import read_desk, read_source
from ivr.flows.times import read_week
from ivr.flows.when import way_at

NODE = When(when={"mon-fri 12:00-13:00": "lunch", "fri 22:00-06:00": "night", "sat, sun": "rest"}, otherwise="first")
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
CLOCK = """\
  clock:
    when:
      mon-fri 12:00-13:00: second
      sat,sun: hang up
    otherwise: reason
"""


@pytest.fixture
def clocked(write):
    """Return what writes the small desk with a clock behind its greeting, pieces replaced."""
    return lambda **pieces: write({"then: reason}": "then: clock}", **pieces}, add=CLOCK)


@pytest.mark.parametrize(
    ("day", "time", "way"),
    [
        (0, "11:59", "first"),
        (0, "12:00", "lunch"),
        (0, "12:59", "lunch"),
        (0, "13:00", "first"),
        (4, "22:00", "night"),
        (5, "05:59", "night"),
        (5, "06:00", "rest"),
        (6, "12:00", "rest"),
        (3, "23:00", "first"),
    ],
)
def test_the_first_span_that_fits_is_the_way(day, time, way):
    hour, minute = map(int, time.split(":"))
    assert way_at(NODE, "UTC", MONDAY + timedelta(days=day, hours=hour, minutes=minute)) == way


def test_the_clock_is_that_of_the_desk():
    assert way_at(NODE, "Europe/Moscow", MONDAY + timedelta(hours=9)) == "lunch"
    assert way_at(NODE, "Asia/Kolkata", MONDAY + timedelta(hours=6, minutes=29)) == "first"


def test_a_moment_without_its_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        way_at(NODE, "UTC", datetime(2026, 11, 30))  # noqa: DTZ001 - that is the case


@pytest.mark.parametrize(
    ("days", "times"),
    [
        ("mon-sun", "09:00-13:00, 14:30-20:00"),
        ("sun", "22:00-06:00"),
        ("fri-mon", "00:00-24:00"),
        ("sat", "20:00-02:00"),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Asia/Kolkata"])
def test_a_span_holds_when_a_desk_with_these_hours_is_open(days, times, zone):
    hours, node = (
        Hours(days={days: times}, closed=way_to("shut")),
        When(when={f"{days} {times}": "open"}, otherwise="shut"),
    )
    for place in range(3000):
        moment = datetime.fromtimestamp(1790000000 + 10007 * place, UTC)
        assert (way_at(node, zone, moment) == "open") == is_open(hours, zone, moment), moment


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("noon", "is no day"),
        ("12:00-13:00", "names no time"),
        ("mon 12:00", "is no time"),
        ("mon 25:00-26:00", "not on the clock"),
        ("mon closed", "names no time"),
        ("mon 12:00-12:00", "no time at all"),
        ("mon 09:00-12:00, 11:00-13:00", "overlap"),
        ("mon-wed, tue", "names a day twice"),
        ("mon,", "names no time"),
        ("", "names no time"),
        ("mon ٠٩:00-12:00", "no time"),
    ],
)
def test_what_is_no_span_is_refused(text, told):
    with pytest.raises(ValueError, match=told):
        read_week(text)


def test_a_when_without_spans_or_without_otherwise_is_refused():
    for wrong in ({"when": {}, "otherwise": "first"}, {"when": {"mon": "first"}}):
        with pytest.raises(ValidationError):
            When.model_validate(wrong)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "13:00: second",
            "13:00: secnd",
            "18:28: `secnd` is neither a node of the flow nor a line: did you mean `second`?",
        ),
        (
            "otherwise: reason",
            "otherwise: reasn",
            "`reasn` is neither a node of the flow nor a line: did you mean `reason`?",
        ),
        ("    otherwise: reason\n", "", "`clock` has no `otherwise`: add `otherwise:`"),
        ("mon-fri 12:00", "mon-fri 12.00", "is no time"),
        ("otherwise: reason", "otherwise: hello", "goes round for ever: hello → clock → hello"),
    ],
)
def test_what_is_wrong_with_it_is_told_with_its_cure(write, old, new, told):
    path = write({"then: reason}": "then: clock}"}, add=CLOCK.replace(old, new))
    with pytest.raises(AuthorError) as error:
        read_desk(path)
    assert told in str(error.value)


def test_a_span_that_never_counts_is_warned_of(write):
    clock = CLOCK.replace("      sat,sun: hang up", "      mon-sun: hang up\n      sat 10:00-11:00: first")
    source = read_source(write({"then: reason}": "then: clock}"}, add=clock))
    told = [source.locate(one) for one in source.warnings]
    assert any("`sat 10:00-11:00` never counts" in one for one in told)
    assert any("`otherwise` never counts" in one for one in told)


def test_each_way_is_drawn_with_its_time(clocked):
    desk = read_desk(clocked())
    assert '"mon-fri 12:00-13:00" --> n_second' in mermaid(desk)
    assert any("otherwise → reason" in line for line in tree(desk))


def test_each_way_counts_in_the_budget_and_nothing_is_spoken(clocked):
    desk = read_desk(clocked())
    routes = routes_of(desk, lambda *_: 1.0)
    assert {route.keys for route in routes if route.keys[:1] == ("clock second",)} == {("clock second",)}
    assert any(route.keys[:1] == ("clock reason",) for route in routes)
    assert not [one for one in prompts_of(desk) if one.id.startswith("clock")]


def test_a_change_of_times_or_of_their_order_is_told(clocked, write):
    old = read_desk(clocked())
    spans = CLOCK.splitlines()
    turned = "\n".join((*spans[:2], spans[3], spans[2], *spans[4:])) + "\n"
    new = read_desk(write({"then: reason}": "then: clock}"}, add=turned))
    found = changes(Version(old, lambda *_: 1.0), Version(new, lambda *_: 1.0))
    assert [one.sentence for one in found] == [
        "`clock`: `when` is sat,sun hang up, mon-fri 12:00-13:00 second, "
        "no more mon-fri 12:00-13:00 second, sat,sun hang up"
    ]


@pytest.mark.parametrize(("hours", "way"), [(12, "second"), (36, "second"), (9, "reason"), (5 * 24, "hang-up")])
def test_a_call_notes_the_way_that_its_moment_gives(clocked, hours, way):
    playing = Playing(read_desk(clocked()), {}, lambda *_: 1.0, lambda _: "")
    notes = [step.text for step in playing.run("100", "", MONDAY + timedelta(hours=hours)) if step.subject == "when"]
    assert notes == [f"node=clock way={way}"]
