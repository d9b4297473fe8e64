"""FreePBX's tables become desks, and what they cannot be is named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ivr.errors import DeskError
from ivr.flows.model import Menu, Say
from ivr.migration.tables import Tables
from tests.unit.migration.made import MENU, changed, desk, desks, freepbx, lost, number, read


def ivr(one: str, silent: str = "ext-queues,600,1", **more: str) -> dict[str, str]:
    return MENU | {"id": one, "name": f"Menu {one}", "announcement": "", "timeout_destination": silent} | more


def key(pressed: str, to: str, menu: str = "1") -> dict[str, str]:
    return {"ivr_id": menu, "selection": pressed, "dest": to, "ivr_ret": "0"}


def menu_with(*entries: dict[str, str], **tables: list[dict[str, str]]):
    return freepbx(incoming=[number("ivr-1,s,1")], ivr_details=[ivr("1")], ivr_entries=list(entries), **tables)


def test_a_menu_and_its_queue_become_a_node_and_a_line():
    system = menu_with(key("1", "ext-queues,600,1"), key("0", "from-did-direct,102,1"))
    found = desk(system)
    node = found.flow["menu-1"]
    assert isinstance(node, Menu)
    assert {pressed: way.then for pressed, way in node.options.items()} == {"1": "sales", "0": "boris"}
    assert node.no_answer.then == "sales"
    assert found.lines["sales"].agents == ("101",)
    assert found.lines["sales"].wait == timedelta(seconds=60)
    assert found.agents == {"101": "Anna", "102": "Boris"}
    assert lost(system) == ""


def test_all_numbers_that_lead_to_one_place_are_numbers_of_one_desk():
    rows = [number("ivr-1,s,1"), number("ivr-1,s,1", "+74951234568")]
    found = desk(freepbx(incoming=rows, ivr_details=[ivr("1")], ivr_entries=[key("1", "ext-queues,600,1")]))
    assert found.numbers == ("74951234567", "+74951234568")


def test_numbers_that_lead_to_two_places_make_two_desks_that_know_the_same_people():
    rows = [number("ivr-1,s,1"), number("ivr-2,s,1", "74951234568")]
    menus = [ivr("1"), ivr("2")]
    entries = [key("1", "ext-queues,600,1"), key("1", "ext-queues,600,1", "2")]
    system = freepbx(incoming=rows, ivr_details=menus, ivr_entries=entries)
    assert [read(one).agents for one in desks(system)] == [{"101": "Anna"}] * 2
    assert "callers wait in two queues" in changed(system)


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("ext-miscdests,1,1", "it dials a number (89210000001)"),
        ("ext-trunk,1,1", "it dials outside by a trunk"),
        ("disa,1,1", "gives callers a line to outside"),
        ("outbound-allroutes,9,1", "it dials outside"),
        ("from-internal,89210000001,1", "not known here"),
        ("from-did-direct,89210000,1", "nowhere in the tables"),
    ],
)
def test_a_way_to_outside_is_named_and_no_key_leads_there(to, told):
    misc = [{"id": "1", "description": "", "destdial": "89210000001"}]
    system = menu_with(key("1", "ext-queues,600,1"), key("2", to), miscdests=misc)
    assert list(desk(system).flow["menu-1"].options) == ["1"]
    assert "ivr_entries 1 key 2" in lost(system)
    assert told in lost(system)


def test_a_member_who_is_no_extension_is_no_agent():
    members = [
        {"id": "600", "keyword": "member", "data": data}
        for data in ("Local/101@from-queue/n,0", "Local/89210000@from-queue/n,0", "PJSIP/7495@trunk,0", "SIP/102,1")
    ]
    system = menu_with(key("1", "ext-queues,600,1"), queues_details=members)
    assert desk(system).lines["sales"].agents == ("101", "102")
    assert "queues_details 600: the member `Local/89210000@from-queue/n,0`" in lost(system)
    assert "PJSIP/7495@trunk" in lost(system)


def test_agents_who_sign_in_by_themselves_are_in_their_line():
    tables = Tables()
    tables.add_module({"configs": {"astdb": [{"QPENALTY": {"600/agents/102": "0"}}, {"QPENALTY": {"600/x": "0"}}]}})
    assert tables.signed_in == {"600": ["102"]}


def test_a_queue_without_members_has_somebody_until_its_agents_are_written():
    system = menu_with(key("1", "ext-queues,600,1"), queues_details=[])
    assert desk(system).lines["sales"].agents == ("101",)
    assert "queues_config 600: who answers in `Sales`" in lost(system)


def test_a_menu_that_leads_to_itself_in_silence_ends():
    rows = [number("ivr-1,s,1")]
    entries = [key("1", "ext-queues,600,1"), key("2", "ivr-1,s,1")]
    system = freepbx(incoming=rows, ivr_details=[ivr("1", "ivr-1,s,1")], ivr_entries=entries)
    node = desk(system).flow["menu-1"]
    assert node.no_answer.then == "hang up"
    assert node.options["2"].then == "menu-1"
    assert "goes round for ever at `Menu 1`" in lost(system)


def test_time_conditions_that_lead_to_each_other_are_told():
    conditions = [
        {"timeconditions_id": "1", "time": "1", "truegoto": "timeconditions,2,1", "falsegoto": "timeconditions,2,1"},
        {"timeconditions_id": "2", "time": "1", "truegoto": "timeconditions,1,1", "falsegoto": "timeconditions,1,1"},
    ]
    system = freepbx(incoming=[number("timeconditions,1,1")], timeconditions=conditions)
    with pytest.raises(DeskError, match="No number in it leads"):
        desks(system)
    assert "lead to each other for ever" in lost(system)


def test_the_day_of_a_switch_is_taken_and_told():
    modes = [("day", "ivr-1,s,1"), ("night", "app-blackhole,hangup,1"), ("fc_description", "Shop")]
    rows = [{"ext": "0", "dmode": mode, "dest": dest} for mode, dest in modes]
    system = freepbx(
        incoming=[number("app-daynight,0,1")],
        daynight=rows,
        ivr_details=[ivr("1")],
        ivr_entries=[key("1", "ext-queues,600,1")],
    )
    assert desk(system).first_node == "menu-1"
    assert "daynight 0: the switch `Shop`" in lost(system)


def test_an_announcement_that_returns_comes_back_to_the_menu_that_it_was_called_from():
    address = {
        "announcement_id": "1",
        "description": "Address",
        "recording_id": "3",
        "post_dest": "",
        "return_ivr": "1",
    }
    system = menu_with(key("1", "ext-queues,600,1"), key("2", "app-announcement-1,s,1"), announcement=[address])
    node = desk(system).flow["address"]
    assert isinstance(node, Say)
    assert node.then == "menu-1"
    assert node.say == "Recording number 3: write here what it says"


def test_a_language_is_chosen_by_its_key():
    languages = [{"language_id": "1", "lang_code": "ru", "dest": "ivr-1,s,1"}]
    found = desk(menu_with(key("1", "ext-queues,600,1"), key("2", "app-languages,1,1"), languages=languages))
    assert found.languages == ("en", "ru")
    assert found.flow["menu-1"].options["2"].language == "ru"


def test_a_language_that_the_house_does_not_speak_has_places_for_its_texts():
    found = desk(menu_with(key("1", "ext-queues,600,1")), language="de")
    assert found.phrases["sorry"] == "House text sorry: write here what is said"


def test_a_key_behind_another_is_left_out_and_told():
    system = menu_with(key("1", "ext-queues,600,1"), key("12", "ext-queues,600,1"))
    assert list(desk(system).flow["menu-1"].options) == ["1"]
    assert "the key 12 of `Menu 1`: it begins with the key 1" in lost(system)


def test_mailboxes_are_the_one_voicemail_of_the_desk():
    found = desk(menu_with(key("1", "ext-queues,600,1"), key("2", "ext-local,vmu101,1")))
    assert found.flow["menu-1"].options["2"].then == "voicemail"
    assert found.voicemail.instead_of_sorry is False


def test_a_ring_group_is_a_line_without_its_numbers_outside():
    group = {"grpnum": "610", "grplist": "101-102-89210000003#", "grptime": "25", "description": "Drivers"}
    system = menu_with(key("1", "ext-group,610,1"), ringgroups=[group])
    assert desk(system).lines["drivers"].agents == ("101", "102")
    assert "89210000003#" in lost(system)


def test_callers_who_came_straight_to_a_queue_hear_a_sentence_to_be_written():
    system = freepbx(incoming=[number("ext-queues,600,1")])
    assert desk(system).flow["welcome"].then == "sales"
    assert "without a word" in changed(system)


def test_a_person_s_own_number_makes_no_desk_beside_others():
    rows = [number("ext-queues,600,1"), number("from-did-direct,102,1", "74951234568")]
    system = freepbx(incoming=rows)
    assert desk(system).numbers == ("74951234567",)
    assert "the number 74951234568 rings one person" in lost(system)


def test_a_route_of_any_number_gets_a_number_that_stands_in():
    system = freepbx(incoming=[number("ext-queues,600,1", "")])
    assert desk(system).numbers == ("100",)
    assert "incoming any: which number is dialled" in lost(system)


def test_a_route_of_one_caller_is_named():
    system = freepbx(incoming=[number("ext-queues,600,1"), number("ivr-1,s,1", caller="79210000001")])
    desk(system)
    assert "incoming 74951234567 from 79210000001" in lost(system)


def test_names_that_no_desk_can_have_become_names():
    rows = [{"extension": "101", "name": '"; drop <x>\n'}, {"extension": "102", "name": '"; DROP <x>'}]
    queue = {"extension": "600", "descr": "Отдел: «closed»", "maxwait": "", "dest": ""}
    found = desk(
        menu_with(key("1", "ext-queues,600,1"), key("2", "from-did-direct,102,1"), users=rows, queues_config=[queue])
    )
    assert found.agents == {"101": "drop x", "102": "DROP x 102"}
    assert "otdel-closed" in found.lines


@pytest.mark.parametrize(
    "name", ["closed", "voicemail", "true", "null", "", "😀", "101", "hang up", "a" * 300, "\ud800"]
)
def test_any_name_of_a_menu_makes_a_sound_desk(name):
    rows = [number("ivr-1,s,1")]
    entries = [key("1", "ext-queues,600,1")]
    queue = {"extension": "600", "descr": name, "maxwait": "60", "dest": ""}
    found = freepbx(incoming=rows, ivr_details=[ivr("1", name=name)], ivr_entries=entries, queues_config=[queue])
    assert len(desk(found).flow) == 1


def test_tables_without_inbound_routes_are_refused():
    with pytest.raises(DeskError, match="no inbound routes"):
        freepbx(ivr_details=[ivr("1")])


def test_a_queue_that_nobody_reaches_is_named():
    system = menu_with(key("1", "from-did-direct,101,1"))
    system_with_silence = freepbx(
        incoming=[number("ivr-1,s,1")],
        ivr_details=[ivr("1", "app-blackhole,hangup,1")],
        ivr_entries=[key("1", "from-did-direct,101,1")],
    )
    assert "queues_config 600" not in lost(system)
    assert "queues_config 600: `Sales` is reached by no inbound route" in lost(system_with_silence)


def test_talks_of_a_queue_that_recorded_are_recorded_and_no_others():
    record = [
        {"id": "600", "keyword": key, "data": data} for key, data in (("member", "SIP/101"), ("recording", "force"))
    ]
    found = desk(menu_with(key("1", "ext-queues,600,1"), key("2", "from-did-direct,102,1"), queues_details=record))
    assert found.recording is not None
    assert [line.record for line in found.lines.values()] == [True, False]


def test_routes_of_single_callers_become_rules_of_callers():
    rows = [
        number("ivr-1,s,1"),
        number("ext-queues,600,1", caller="79210000001"),
        number("app-blackhole,hangup,1", "", caller="_7495999XXXX"),
        number("ext-queues,600,1", caller="Anonymous"),
        number("ext-queues,600,1", caller="_[78]921X."),
    ]
    entries = [key("1", "from-did-direct,102,1")]
    system = freepbx(incoming=rows, ivr_details=[ivr("1", "ivr-1,s,1")], ivr_entries=entries)
    rules = {rule.who: rule.then for rule in desk(system).callers}
    assert rules == {("7495999",): "hang up", ("+79210000001",): "sales", ("hidden",): "sales"}
    assert "the callers _[78]921X.: it is no beginning of a number" in lost(system)


def test_a_rule_of_a_caller_past_the_clock_holds_in_the_hours_of_the_desk():
    condition = {"timeconditions_id": "1", "time": "1", "truegoto": "ivr-1,s,1", "falsegoto": "app-blackhole,hangup,1"}
    rows = [
        number("timeconditions,1,1"),
        number("ext-queues,600,1", caller="79210000001"),
        number("timeconditions,1,1", caller="79210000002"),
    ]
    system = freepbx(
        incoming=rows,
        timeconditions=[condition],
        timegroups_details=[{"timegroupid": "1", "time": "09:00-17:59|mon-fri|*|*"}],
        ivr_details=[ivr("1")],
        ivr_entries=[key("1", "ext-queues,600,1")],
    )
    assert [rule.then for rule in desk(system).callers] == ["sales"]
    assert "callers with the number +79210000001 went their way at night too" in changed(system)


def test_penalties_are_ranks_and_announcements_of_the_place_are_told():
    details = [
        {"id": "600", "keyword": "member", "data": "Local/101@from-queue/n,5"},
        {"id": "600", "keyword": "member", "data": "Local/102@from-queue/n,20"},
        {"id": "600", "keyword": "announce-position", "data": "yes"},
        {"id": "600", "keyword": "announce-holdtime", "data": "once"},
    ]
    found = desk(menu_with(key("1", "ext-queues,600,1"), queues_details=details), language="de")
    assert found.lines["sales"].rank == {"102": 2}
    assert found.lines["sales"].tells == ("place", "wait")
    assert "place.1" in found.phrases


def test_the_more_exact_number_of_a_caller_comes_first():
    rows = [
        number("ivr-1,s,1"),
        number("ext-queues,600,1", caller="79210000001"),
        number("from-did-direct,102,1", caller="_7921XXXXXXX"),
        number("app-blackhole,hangup,1", caller="79210000002"),
        number("from-did-direct,102,1", caller="79210000003"),
    ]
    system = freepbx(incoming=rows, ivr_details=[ivr("1")], ivr_entries=[key("1", "ext-queues,600,1")])
    rules = [(rule.who, rule.then) for rule in desk(system).callers]
    assert rules[-1] == (("7921",), "boris")
    assert {who for who, _ in rules[:-1]} == {("+79210000001",), ("+79210000002",), ("+79210000003",)}


def test_a_caller_of_a_number_that_reaches_no_desk_is_named():
    system = freepbx(incoming=[number("ext-queues,600,1"), number("ext-queues,600,1", "74950000000", "79210000001")])
    desk(system)
    assert "incoming 74950000000 from 79210000001: callers with the number +79210000001" in lost(system)


def test_callers_over_what_a_desk_can_have_are_named():
    ways = [f"from-did-direct,{100 + place},1" for place in range(60)]
    people = [{"extension": str(100 + place), "name": f"P{place}"} for place in range(60)]
    rows = [number(to, caller=f"7921000{place:04}") for place, to in enumerate(ways)]
    system = freepbx(incoming=[number("ext-queues,600,1"), *rows], users=people)
    assert len(desk(system).callers) == 50
    assert lost(system).count("a desk has 50 rules") == 10


def test_follow_me_is_told():
    system = menu_with(key("1", "ext-findmefollow,FM102,1"))
    assert desk(system).flow["menu-1"].options["1"].then == "boris"
    assert "only his own telephone rings" in changed(system)
