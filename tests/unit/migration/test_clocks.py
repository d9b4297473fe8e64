"""Time conditions in the middle of a flow become `when` nodes."""

from __future__ import annotations

import pytest

from ivr.flows.model import When
from ivr.migration.shape import Caller, Hours, Way
from tests.unit.migration.made import MENU, changed, desk, dialplan, freepbx, lost, number

OPEN, CLOSED = "ext-queues,600,1", "app-blackhole,hangup,1"
QUEUES = "[support]\nmember => PJSIP/101\n"


def system(*conditions: tuple[str, list[str], str, str], zone: str = ""):
    """Return a system of a menu whose key 1 leads to the first of these: id, times, the ways in them and outside."""
    rows = [
        {"timeconditions_id": one, "displayname": f"C{one}", "time": one, "truegoto": during, "falsegoto": otherwise,
         "timezone": zone}
        for one, _, during, otherwise in conditions
    ]  # fmt: skip
    return freepbx(
        incoming=[number("ivr-1,s,1")],
        ivr_details=[MENU | {"id": "1", "name": "Menu", "announcement": "0", "timeout_destination": OPEN}],
        ivr_entries=[{"ivr_id": "1", "selection": "1", "dest": "timeconditions,1,1"}],
        timeconditions=rows,
        timegroups_details=[{"timegroupid": one, "time": text} for one, texts, _, _ in conditions for text in texts],
    )


def test_a_condition_behind_a_key_is_a_node():
    found = system(("1", ["12:00-12:59|mon-fri|*|*", "*|sun|*|*"], CLOSED, OPEN))
    made = desk(found)
    node = made.flow[made.flow["menu"].options["1"].then]
    assert node == When(when={"mon-fri 12:00-13:00": "hang up", "sun 00:00-24:00": "hang up"}, otherwise="sales")
    assert lost(found) == ""


def test_a_gotoiftime_behind_a_key_is_a_node():
    text = (
        "[from-trunk]\nexten => 74951234567,1,Goto(ivr,s,1)\n"
        "[ivr]\nexten => s,1,Background(custom/menu)\nsame => n,WaitExten(5)\n"
        "exten => 1,1,GotoIfTime(22:00-05:59,*,*,*?night,s,1)\nsame => n,Queue(support)\n"
        "exten => t,1,Queue(support)\n"
        "[night]\nexten => s,1,Playback(custom/night)\nsame => n,Hangup()\n"
    )
    found = dialplan(text, QUEUES)
    (node,) = [one for one in desk(found).flow.values() if isinstance(one, When)]
    assert node == When(when={"mon-sun 00:00-06:00, 22:00-24:00": "night"}, otherwise="support")
    assert lost(found) == ""


def test_dates_are_named_and_the_rest_is_carried():
    found = system(("1", ["12:00-12:59|mon-fri|*|*", "*|*|25|dec", "nonsense"], CLOSED, OPEN))
    (node,) = [one for one in desk(found).flow.values() if isinstance(one, When)]
    assert list(node.when) == ["mon-fri 12:00-13:00"]
    assert "timeconditions 1: the dates `*|*|25|dec` of `C1` in the middle of the flow" in lost(found)
    assert "timeconditions 1: the times `nonsense` (it has no four parts" in lost(found)


@pytest.mark.parametrize("times", [["*|*|25|dec"], ["*|*|*|*"], []])
def test_a_condition_without_days_of_the_week_is_no_node(times):
    found = system(("1", times, CLOSED if times != ["*|*|*|*"] else OPEN, OPEN))
    made = desk(found)
    assert made.flow["menu"].options["1"].then == "sales"
    assert ("callers always go on as outside of its times" in lost(found)) == (times == ["*|*|25|dec"])
    assert ("`C1` has no times: it never applies" in changed(found)) == (times == [])


def test_conditions_behind_each_other_are_nodes_behind_each_other():
    lunch, night = "12:00-12:59|*|*|*", "18:00-21:59|*|*|*"
    made = desk(system(("1", [lunch], CLOSED, "timeconditions,2,1"), ("2", [night], CLOSED, OPEN)))
    first = made.flow[made.flow["menu"].options["1"].then]
    assert made.flow[first.otherwise] == When(when={"mon-sun 18:00-22:00": "hang up"}, otherwise="sales")


def test_conditions_that_lead_to_each_other_are_broken_and_told():
    lunch = ["12:00-12:59|*|*|*"]
    found = system(("1", lunch, OPEN, "timeconditions,2,1"), ("2", lunch, OPEN, "timeconditions,1,1"))
    made = desk(found)
    assert "hang up" in {one.otherwise for one in made.flow.values() if isinstance(one, When)}
    assert "goes round for ever at" in lost(found)


def test_a_condition_with_a_clock_of_its_own_is_told():
    times = ["12:00-12:59|*|*|*"]
    assert desk(system(("1", times, CLOSED, OPEN), zone="Asia/Omsk")).time_zone == "Asia/Omsk"
    other = system(("1", times, CLOSED, OPEN), zone="Asia/Omsk")
    other.zone = "Europe/Moscow"
    assert desk(other).time_zone == "Europe/Moscow"
    assert "timeconditions 1: its time zone Asia/Omsk: all hours are those of Europe/Moscow" in lost(other)


def test_who_meets_the_conditions_of_all_callers_needs_no_rule():
    found = system(
        ("1", ["12:00-12:59|*|*|*"], CLOSED, "timeconditions,2,1"), ("2", ["09:00-17:59|*|*|*"], OPEN, CLOSED)
    )
    entry = next(key for key, place in found.places.items() if isinstance(place, Hours) and place.name == "C1")
    found.numbers = [one._replace(to=Way(entry)) for one in found.numbers]
    found.callers = [Caller("+79210000001", "", "incoming 2", Way(entry))]
    made = desk(found)
    assert made.callers == ()
    assert not [one for one in made.flow.values() if isinstance(one, When)]
