"""A hand-written dialplan becomes a desk, and what it cannot be is named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ivr.errors import DeskError
from ivr.migration.conf import ConfLine, read_sections, split_arguments
from ivr.migration.dialplan import matches
from ivr.migration.shape import Findings
from tests.unit.migration.made import changed, desk, desks, dialplan, lost, read

QUEUES = "[sales]\nmember => PJSIP/101,0,Anna\n[support]\nmember => PJSIP/102\n"
ENTRY = "[from-trunk]\nexten => 74951234567,1,Goto(ivr,s,1)\n"
MENU = "[ivr]\nexten => s,1,Answer()\nsame => n(again),Background(custom/menu)\nsame => n,WaitExten(6)\n"
ONE = "exten => 1,1,Queue(sales,t,,,90)\n"


def ivr(*lines: str, queues: str = QUEUES):
    return dialplan(ENTRY + MENU + "\n".join(lines), queues)


def test_a_menu_and_its_queues_become_a_node_and_lines():
    system = ivr(ONE, "exten => 2,1,Queue(support)", "exten => t,1,Queue(support)")
    found = desk(system)
    node = found.flow["ivr"]
    assert {key: way.then for key, way in node.options.items()} == {"1": "sales", "2": "support"}
    assert node.no_answer.then == "support"
    assert node.wait == timedelta(seconds=6)
    assert node.tries == 1
    assert node.menu == "Recording custom/menu: write here what it says"
    assert found.numbers == ("74951234567",)
    assert found.lines["sales"].wait == timedelta(seconds=90)
    assert found.agents == {"101": "Anna", "102": "Agent 102"}
    assert lost(system) == ""


def test_a_counted_timeout_gives_the_tries_and_the_last_way():
    found = desk(
        ivr(
            ONE,
            "exten => t,1,Set(N=$[${N}+1])",
            "same => n,GotoIf($[${N} > 2]?bye,1)",
            "same => n,Goto(s,again)",
            "exten => bye,1,Queue(support)",
        )
    )
    assert found.flow["ivr"].tries == 3
    assert found.flow["ivr"].no_answer.then == "support"


def test_a_timeout_that_always_comes_back_ends_and_is_told():
    system = ivr(ONE, "exten => t,1,Playback(custom/again)", "same => n,Goto(s,1)")
    assert desk(system).flow["ivr"].no_answer.then == "hang up"
    assert "goes round for ever at `ivr`" in lost(system)


def test_a_wrong_key_that_comes_back_has_its_words():
    found = desk(ivr(ONE, "exten => i,1,Playback(pbx-invalid)", "same => n,Goto(s,again)", "exten => t,1,Hangup()"))
    assert found.flow["ivr"].wrong_key == "Recording pbx-invalid: write here what it says"


def test_a_wrong_key_that_goes_elsewhere_is_named():
    system = ivr(ONE, "exten => i,1,Queue(support)", "exten => t,1,Queue(sales)")
    desk(system)
    assert "e:5: after a wrong key callers went elsewhere" in lost(system)


def test_silence_without_t_goes_on_behind_the_menu():
    system = dialplan(ENTRY + MENU + "same => n,Queue(support)\n" + ONE, QUEUES)
    assert desk(system).flow["ivr"].no_answer.then == "support"


def test_hours_before_the_menu_are_the_hours_of_the_desk():
    text = (
        "[from-trunk]\n"
        "exten => 74951234567,1,GotoIfTime(09:00-17:59,mon-fri,*,*?ivr,s,1)\n"
        "same => n,Playback(custom/closed)\nsame => n,Hangup()\n"
    )
    found = desk(dialplan(text + MENU + ONE, QUEUES))
    assert found.hours.days == {"mon-fri": "09:00-18:00"}
    assert found.flow[found.hours.closed.then].say == "Recording custom/closed: write here what it says"


@pytest.mark.parametrize(
    "dial",
    [
        "Dial(PJSIP/89210000001@trunk)",
        "Dial(SIP/trunk/89210000001)",
        "Dial(${OUT}/1)",
        "Dial(DAHDI/g0/8921)",
        "DISA(1)",
    ],
)
def test_a_way_to_outside_is_named_and_no_key_leads_there(dial):
    system = ivr(ONE, f"exten => 2,1,{dial}", "exten => t,1,Queue(sales)")
    assert list(desk(system).flow["ivr"].options) == ["1"]
    assert "e:9" in lost(system)


def test_a_local_channel_that_dials_outside_is_no_agent():
    agents = "[agents]\nexten => 201,1,Dial(PJSIP/89210000001@trunk)\nexten => 202,1,Dial(PJSIP/202,20)\n"
    queues = "[sales]\nmember => Local/201@agents/n\nmember => Local/202@agents/n\n"
    system = dialplan(ENTRY + MENU + ONE + agents, queues)
    assert desk(system).lines["sales"].agents == ("202",)
    assert "q:2: `Local/201@agents/n`: it dials outside" in lost(system)


def test_telephones_that_are_dialled_are_a_line_and_voicemail_is_its_end():
    found = desk(ivr("exten => 1,1,Dial(PJSIP/101&SIP/102,25,tT)", "same => n,VoiceMail(101@default,u)"))
    (line,) = found.lines.values()
    assert (line.agents, line.wait, line.then) == (("101", "102"), timedelta(seconds=25), "voicemail")


def test_two_ways_to_one_queue_are_one_line():
    found = desk(ivr(ONE, "exten => 0,1,Queue(sales)", "exten => t,1,Queue(sales)"))
    assert list(found.lines) == ["sales"]


def test_what_read_asks_for_becomes_keys():
    text = (
        "[ivr]\nexten => s,1,Read(CODE,custom/code,1,,2,7)\n"
        'same => n,GotoIf($["${CODE}" = "1"]?a,1)\nsame => n,GotoIf($["${CODE}" = "2"]?b,1)\nsame => n,Goto(s,1)\n'
        "exten => a,1,Queue(sales)\nexten => b,1,Queue(support)\n"
    )
    found = desk(dialplan(ENTRY + text, QUEUES))
    assert {key: way.then for key, way in found.flow["ivr"].options.items()} == {"1": "sales", "2": "support"}
    assert (found.flow["ivr"].tries, found.flow["ivr"].wait) == (2, timedelta(seconds=7))


def test_read_and_a_goto_by_its_answer_become_keys():
    text = "[ivr]\nexten => s,1,Read(KEY,custom/menu,1)\nsame => n,Goto(keys,${KEY},1)\n[keys]\n" + ONE
    assert list(desk(dialplan(ENTRY + text, QUEUES)).flow["ivr"].options) == ["1"]


def test_a_key_can_change_the_language():
    found = desk(ivr(ONE, "exten => 2,1,Set(CHANNEL(language)=ru)", "same => n,Goto(s,1)"))
    assert found.flow["ivr"].options["2"].language == "ru"
    assert found.languages == ("en", "ru")


def test_keys_come_from_included_contexts_too_but_extensions_do_not():
    more = (
        "include => more\n[more]\nexten => 5,1,Queue(support)\nexten => 101,1,Dial(PJSIP/101)\nexten => _2XX,1,Hangup()"
    )
    system = ivr(ONE, more)
    assert list(desk(system).flow["ivr"].options) == ["1", "5"]
    assert "could dial `101` too" in lost(system)
    assert "could dial `_2XX` too" in lost(system)


def test_contexts_that_include_each_other_are_read_once():
    text = (
        "[from-trunk]\ninclude => ivr\nexten => 74951234567,1,Goto(ivr,s,1)\n" + MENU + ONE + "include => from-trunk\n"
    )
    assert list(desk(dialplan(text, QUEUES, ("from-trunk",))).flow) == ["ivr"]


@pytest.mark.parametrize("loop", ["Goto(s,1)", "Goto(ivr,1,1)", "Goto(1)", "Goto(2,1)"])
def test_a_goto_that_leads_round_is_named_and_its_key_left_out(loop):
    text = ENTRY.replace("ivr,s", "ivr,x") + MENU.replace("exten => s", "exten => x") + "exten => 2,1,Queue(sales)\n"
    system = dialplan(f"{text}exten => s,1,Goto(s,1)\nexten => 1,1,{loop}\n" if loop != "Goto(2,1)" else text, QUEUES)
    assert list(desk(system).flow["ivr-x"].options) == ["2"]


def test_a_choice_is_named_and_callers_go_on_as_if_it_was_not_so():
    system = ivr(
        "exten => 1,1,GotoIf($[${DB(vip/${CALLERID(num)})}=1]?vip,1)",
        "same => n,Queue(sales)",
        "exten => vip,1,Queue(support)",
    )
    assert desk(system).flow["ivr"].options["1"].then == "sales"
    assert "e:7: the choice by `$[${DB(vip/" in lost(system)


@pytest.mark.parametrize(
    "step", ["AGI(debts.py)", "System(rm -rf /)", "Gosub(x,s,1)", "Unheard(of)", "MixMonitor(a.wav)"]
)
def test_a_step_that_cannot_be_carried_is_named_and_the_call_goes_on(step):
    system = ivr(f"exten => 1,1,{step}", "same => n,Queue(sales)")
    assert desk(system).flow["ivr"].options["1"].then == "sales"
    assert f"e:7: `{step.partition('(')[0].lower()}(" in lost(system)


def test_a_pattern_and_s_have_a_number_that_stands_in():
    system = dialplan("[incoming]\nexten => _X.,1,Goto(ivr,s,1)\n" + MENU + ONE, QUEUES)
    assert desk(system).numbers == ("100",)
    assert "e:2: which number is dialled" in lost(system)


def test_internal_contexts_are_not_where_calls_begin():
    text = ENTRY + MENU + ONE + "[internal]\nexten => 555,1,Queue(support)\n"
    assert [one.draft.numbers[0].number for one in desks(dialplan(text, QUEUES))] == ["74951234567"]


def test_the_admin_can_say_where_calls_begin():
    text = ENTRY + MENU + ONE + "[internal]\nexten => 555,1,Goto(ivr,s,1)\n"
    assert desk(dialplan(text, QUEUES, ("internal",))).numbers == ("555",)
    with pytest.raises(DeskError, match=r"There is no context \[nowhere\]"):
        dialplan(text, QUEUES, ("nowhere",))


def test_two_flows_are_two_desks():
    text = ENTRY + "exten => 74957654321,1,Queue(support)\n" + MENU + ONE
    assert [read(one).desk for one in desks(dialplan(text, QUEUES))] == ["ivr", "support"]


def test_the_old_way_to_write_is_read():
    text = (
        "[incoming]\nexten => s,1,Background,custom/menu\nexten => s,2,WaitExten,5\nexten => 1,1,Queue,sales|t|||60\n"
    )
    found = desk(dialplan(text, QUEUES))
    assert found.lines["sales"].wait == timedelta(seconds=60)


def test_globals_and_templates_are_put_in():
    text = "[globals]\nSales = sales\n" + ENTRY + MENU + "exten => 1,1,Queue(${SALES})\n"
    queues = "[slow](!)\ntimeout=25\nwrapuptime=9\nmaxlen=700\n[sales](slow)\nmember => SIP/101\n"
    line = desk(dialplan(text, queues)).lines["sales"]
    assert (line.ring, line.wrap, line.most_waiting) == (timedelta(seconds=25), timedelta(seconds=9), 500)


def test_a_queue_without_a_section_is_named():
    system = ivr("exten => 1,1,Queue(unknown)")
    assert desk(system).lines["unknown"].agents == ("101",)
    assert "`unknown` has no section in queues.conf" in changed(system)


def test_comments_are_no_settings():
    lines = ["[a] ; here", "x = 1;2", "y = 1\\;2", ";-- over", "z = 3", "lines --; w = 4", "; plain ;-- none", "v = 5"]
    found = read_sections([ConfLine(f"f:{n}", line) for n, line in enumerate(lines)], Findings())
    assert {one.name: one.value for one in found["a"].settings} == {"x": "1", "y": "1;2", "w": "4", "v": "5"}


def test_arguments_are_parted_by_commas_outside_of_brackets():
    assert split_arguments('a,${B(c,d)},"e,f",g') == ["a", "${B(c,d)}", '"e,f"', "g"]
    assert split_arguments("a|b") == ["a", "b"]


@pytest.mark.parametrize(
    ("pattern", "dialled", "taken"),
    [
        ("_1XX", "123", True), ("_1XX", "1234", False), ("_N[2-4].", "915", False), ("_N[2-4].", "931", True),
        ("_X!", "5", True), ("_[", "1", False), ("_" + "." * 60 + "x", "1" * 60, True), ("_[9-2]", "3", False),
    ],
)  # fmt: skip
def test_patterns_are_asterisk_s(pattern, dialled, taken):
    assert matches(pattern, dialled) is taken


def test_extensions_of_single_callers_become_rules_of_callers():
    text = ENTRY + "exten => 74951234567/79210000001,1,Queue(support)\nexten => s/79210000002,1,Hangup()\n" + MENU + ONE
    system = dialplan(text + "exten => s/79210000003,1,Queue(support)\n", QUEUES)
    rules = {rule.who: rule.then for rule in desk(system).callers}
    assert rules == {("+79210000001",): "support", ("+79210000002",): "hang up"}
    assert "`s/79210000003`: a way of some callers alone, within a menu" in lost(system)


def test_penalties_of_members_are_ranks():
    queues = "[sales]\nannounce-position = yes\nmember => PJSIP/101,0,Anna\nmember => PJSIP/102,1\n"
    line = desk(dialplan(ENTRY + MENU + ONE, queues)).lines["sales"]
    assert (line.rank, line.tells) == ({"102": 2}, ("place",))


def test_a_dialplan_that_freepbx_made_is_sent_to_the_other_command():
    with pytest.raises(DeskError, match="A FreePBX has made this dialplan"):
        dialplan("[from-did-direct]\nexten => 101,1,Hangup()\n")


def test_an_include_at_some_times_is_named():
    system = ivr(ONE, "include => night,18:00-08:59,*,*,*\n[night]\nexten => 5,1,Queue(support)")
    assert "5" in desk(system).flow["ivr"].options
    assert "`night` is included at some times only" in lost(system)


def test_a_number_in_a_global_is_a_number():
    text = "[globals]\nDID = 74951112233\n[from-trunk]\nexten => ${DID},1,Goto(ivr,s,1)\n"
    assert desk(dialplan(text + MENU + ONE, QUEUES)).numbers == ("74951112233",)
