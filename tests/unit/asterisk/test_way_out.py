"""S4: who can get outside by the rendered dialplan, and that no caller ever does by himself."""

from __future__ import annotations

import pytest

from ivr.errors import DeskError
from tests.dialplan_graph import Dialplan, endpoints
from tests.unit.asterisk.test_render import DEMO, SMALL_NOW, VERSION, contexts_of, files_of
from tests.unit.engine.test_machine import desk

OUT = {"allow": ["+7", "8", "112"], "caller id": "101", "agents": ["201", "202"], "ring": "45s"}
OTHER = {
    "desk": "other", "numbers": ["110"], "agents": {"202": "Ben", "301": "Eva"}, "hours": None, "voicemail": {},
    "lines": {"first": {"agents": ["202", "301"], "then": "voicemail"}, "second": {"agents": ["301"]},
              "third": {"agents": ["301"]}},
    "flow": {"hello": {"say": {"en": "Hello.", "ru": "Привет."}, "then": "first"}}, "source": None,
    "outbound": {"allow": ["+44"], "record": False},
}  # fmt: skip


def rendered(tmp_path, *desks):
    files = files_of(tmp_path, desks or (desk(outbound=OUT), desk(**OTHER)), provider="203.0.113.7")
    return Dialplan(files["extensions.conf"], files["queues.conf"]), endpoints(files["pjsip.conf"]), files


def starts_of_callers(them):
    """Return where Asterisk lets a call in that no agent makes, and where it sends who transfers himself."""
    callers = {name: its for name, its in them.items() if not name.removesuffix("-web").isdecimal()}
    moved = {value.removeprefix("TRANSFER_CONTEXT=") for its in callers.values() for value in its["set_var"]}
    return callers, {context for its in callers.values() for context in its["context"]} | moved


@pytest.mark.parametrize("desks", [(), DEMO], ids=["two desks that dial out", "the demo desks"])
def test_s4_no_way_leads_from_a_caller_to_outside(tmp_path, desks):
    plan, them, _ = rendered(tmp_path, *desks)
    callers, starts = starts_of_callers(them)
    assert {"trunk", "outside"} == callers.keys()
    assert all(its["allow_transfer"] == ["no"] for its in callers.values())
    assert starts == {"inbound", "nowhere"}
    reached = plan.reached(starts)
    assert {"agents", "whisper", "record"} <= reached, "the walk goes where callers go"
    assert not {name for name in reached if name.startswith(("from-2", "from-3", "out-", "outside-"))}
    dialled = set(plan.dials(reached)) - {"Local/${IVR_HIS}@agents/n"}  # his own agent, by the way of all offers
    assert all(one.startswith("PJSIP/") and "@" not in one for one in dialled)
    assert plan.lines["nowhere"] == []


@pytest.mark.parametrize(
    "breach", ["inbound", "whisper", f"line-{SMALL_NOW}-first", f"desk-other_{VERSION}", "voicemail"]
)
def test_s4_the_walk_finds_a_way_wherever_there_is_one(tmp_path, breach):
    files = files_of(tmp_path, (desk(outbound=OUT), desk(**OTHER)), provider="203.0.113.7")
    for line in ("include => out-small", " same => n,Goto(outside-${IVR_DESK},s,1)"):
        text = files["extensions.conf"].replace(f"[{breach}]\n", f"[{breach}]\n{line}\n")
        reached = Dialplan(text, files["queues.conf"]).reached(["inbound"])
        assert any("@outside" in dialled for dialled in Dialplan(text, "").dials(reached)), line


def test_an_agent_gets_outside_by_the_desks_that_let_him_and_by_no_other(tmp_path):
    plan, them, _ = rendered(tmp_path)
    ways = {}
    for agent, its in them.items():
        if agent.isdecimal():
            assert them[f"{agent}-web"]["context"] == its["context"]
            assert f"TRANSFER_CONTEXT={its['context'][0]}" in its["set_var"], "what he sends on goes where he could go"
            ways[agent] = {name for name in plan.reached(its["context"]) if name.startswith("outside-")}
    assert ways == {
        "201": {"outside-small"}, "202": {"outside-small", "outside-other"}, "203": set(), "301": {"outside-other"},
    }  # fmt: skip


def test_only_numbers_that_begin_as_allowed_are_dialled_and_numbers_inside_come_first(tmp_path):
    _, _, files = rendered(tmp_path)
    contexts = contexts_of(files["extensions.conf"])
    allowed = [line.split(",")[0] for line in contexts["out-small"] if line.startswith("exten")]
    assert allowed == ["exten => _+7!", "exten => _8!", "exten => _112!"]
    assert contexts["from-202"] == ["include => from-agents", "include => out-small", "include => out-other"]
    dialled = [line for line in contexts["outside-small"] if "Dial(" in line]
    assert dialled == ["same => n,Dial(PJSIP/${IVR_OUTSIDE}@outside,45,${IVR_MAY}b(outside-small^called^1))"]
    assert "same => n,Set(CALLERID(all)=<101>)" in contexts["outside-small"]
    assert "same => n,Set(CALLERID(all)=<110>)" in contexts["outside-other"]


def test_talks_outside_are_recorded_where_desk_and_outbound_say_so(tmp_path):
    _, _, files = rendered(tmp_path)
    contexts = contexts_of(files["extensions.conf"])
    assert any("Gosub(record,on,1)" in line for line in contexts["outside-small"])
    assert not any("record" in line for line in contexts["outside-other"])


def test_without_outbound_there_is_no_way_out_at_all(tmp_path):
    plan, them, files = rendered(tmp_path, *DEMO)
    assert {context for agent, its in them.items() if agent[0].isdecimal() for context in its["context"]} == {
        "from-agents"
    }
    assert "@outside" not in files["extensions.conf"]
    assert not any(name.startswith("out") for name in plan.lines)


def test_a_desk_that_dials_out_needs_to_know_where_to(tmp_path):
    with pytest.raises(DeskError, match="IVR_PROVIDER") as error:
        files_of(tmp_path, (desk(outbound=OUT),))
    assert "small" in str(error.value)
