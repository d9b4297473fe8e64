"""The dialplan's proof: what is generated is proven, and whatever is broken in it is found (S4, S6, B1, B3, B5)."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.asterisk.proof import findings, read_ways
from ivr.asterisk.render import PROVEN
from ivr.asterisk.reread import UnreadableError, read_dialplan
from ivr.flows.edition import Edition
from ivr.flows.reader import read_desk
from ivr.flows.told import wanted_of
from tests.asterisk.random_desks import random_desk
from tests.bench.desk_speed import large_desk
from tests.unit.asterisk.test_render import DEMO, SMALL_NOW, VERSION, files_of
from tests.unit.asterisk.test_way_out import OTHER, OUT
from tests.unit.engine.test_machine import SMALL, desk

RICH = SMALL["lines"] | {
    "first": {"agents": ["201"], "wrap": "20s", "pause after": 3, "whisper": "accept", "then": "second",
              "callback": True},
    "third": {
        "agents": ["203", "202"], "rank": {"202": 2}, "own agent first": True, "tells": ["place", "wait"],
        "then": "voicemail",
    },
}  # fmt: skip
TRIAL = SMALL["flow"] | {
    "why": SMALL["flow"]["why"] | {"5": "trial", "6": "clock"}, "trial": {"split": {"first": 30, "third": 70}},
    "clock": {"when": {"mon 12:00-13:00": "first", "sat,sun": "hang up"}, "otherwise": "third"},
}  # fmt: skip
CALLERS = [
    {"who": ["+49"], "language": "ru", "priority": 3},
    {"who": ["+7921"], "then": "hang up"},
    {"who": ["hidden"], "then": "second", "category": "sale"},
]
MAY_DIAL = (
    'GotoIf($[(${REGEX("^([+]7|8|112)[0-9]*$" ${IVR_BACK_TO})}'
    " & ${LEN(${IVR_BACK_TO})} >= 7 & ${LEN(${IVR_BACK_TO})} <= 20) = 0]"
)
PLAN, ANY = "extensions.conf", "StartMusicOnHold(hold)"
TWO = (desk(outbound=OUT, lines=RICH, voicemail={}, flow=TRIAL, callers=CALLERS), desk(**OTHER))


def proven(files, desks):
    return findings(files, [wanted_of(Edition(one, VERSION)) for one in desks])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return the files of two desks with all that a desk may have; an agent of both dials out."""
    return files_of(tmp_path_factory.mktemp("two"), TWO, provider="203.0.113.7")


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Return what gives a random desk by its place and seed."""
    folder = tmp_path_factory.mktemp("random")

    def _make(place, seed):
        file = folder / f"random-{place}.yaml"
        file.write_text(random_desk(place, f"proof {seed}", calls_back=bool(seed % 2)))
        return read_desk(file)

    return _make


@pytest.mark.parametrize(
    "desks", [DEMO, TWO, (desk(),)], ids=["the demo desks", "two desks with all parts", "a small one"]
)
def test_what_is_generated_is_proven(tmp_path, desks):
    assert proven(files_of(tmp_path, desks, provider="203.0.113.7"), desks) == ()


def test_a_large_desk_is_proven(tmp_path):
    file = tmp_path / "large.yaml"
    file.write_text(large_desk(300, 60))
    large = (read_desk(file),)
    assert proven(files_of(tmp_path, large), large) == ()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_b5_the_flow_of_any_desk_is_regained_from_its_dialplan(make, tmp_path_factory, seed):
    desks = [make(place, seed) for place in (1, 2)]
    assert proven(files_of(tmp_path_factory.getbasetemp(), desks, provider="203.0.113.7"), desks) == ()


def edition_jumps(text):
    """Return every jump within the flows: its context, and where its target begins and ends in the text."""
    found, context, flow = [], "", False
    for line in re.finditer(r"^.*$", text, re.MULTILINE):
        if line[0].startswith("["):
            context = line[0].strip("[]")
            flow = context.startswith(("node-", "flow-", "to-", "line-", "desk-"))
        elif flow:
            jumps = re.finditer(r"(?:\?|\bGoto\()([a-z0-9._-]+,(?:[a-z-]+,)?1)(?=\))", line[0])
            found += [(context, line.start() + one.start(1), line.start() + one.end(1)) for one in jumps]
    return found


def others(text, jumps, jump):
    """Return what another target of these jumps would be than that of one."""

    def whole(target):
        return target if target.count(",") > 1 else f"{context},{target}"

    context, begin, end = jump
    targets = sorted({text[first:last] for _, first, last in jumps})
    return [one for one in targets if whole(one) != whole(text[begin:end])]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), place=st.integers(0), other=st.integers(0))
def test_b5_one_target_that_is_another_is_found(make, tmp_path_factory, seed, place, other):
    """Also one that exists: a key that leads to a wrong line is no less wrong."""
    one = make(1, seed % 20)
    files = files_of(tmp_path_factory.getbasetemp(), [one], provider="203.0.113.7")
    text = files["extensions.conf"]
    jumps = edition_jumps(text)
    _, begin, end = jump = jumps[place % len(jumps)]
    targets = others(text, jumps, jump)
    broken = text[:begin] + targets[other % len(targets)] + text[end:]
    assert proven(files | {"extensions.conf": broken}, [one]), broken[begin - 60 : end + 20]


def test_b5_each_target_of_desks_with_all_parts_that_is_another_is_found(files):
    text = files[PLAN]
    jumps = edition_jumps(text)
    passed = []
    for number, jump in enumerate(jumps):
        targets, (_, begin, end) = others(text, jumps, jump), jump
        other = targets[number % len(targets)]
        if not proven(files | {PLAN: text[:begin] + other + text[end:]}, TWO):
            passed.append((text[begin - 80 : end], other))
    assert passed == []
    assert len(jumps) > 60


@pytest.mark.parametrize(
    ("name", "what", "by", "told"),
    [
        # B5: what a desk says and the dialplan does not
        (PLAN, "Set(IVR_GO=first)", "Set(IVR_GO=second)", "small, "),
        (PLAN, "Set(__IVR_CATEGORY=sale)", "Set(__IVR_CATEGORY=claim)", "category sale, but"),
        ("queues.conf", "member => Local/202@agents/n,0,202", "member => Local/203@agents/n,0,203", "line second"),
        (PLAN, "exten => _+7!,1", "exten => _+!,1", "small, outside +7"),
        (PLAN, "${IVR_WEEK} < 780]", "${IVR_WEEK} < 781]", "says from 720 below 780 from 7200 below 10080, but"),
        (PLAN, ".clock,to-third,1)", ".clock,enter,1)", "a call may go round for ever: node-small_"),
        (PLAN, "Gosub(week-", "Gosub(hours-", "but → hours clock to-first"),
        (PLAN, "$[${IVR_PLACE} < 30]", "$[${IVR_PLACE} < 31]", "node trial enter: → trial to-first trial to-third"),
        (PLAN, "exten => blocked1,1", "exten => blocked0,1", "small, blocked1"),
        ("queues.conf", "Local/202@agents/n,1,202", "Local/202@agents/n,0,202", "203 202/1, but"),
        (PLAN, "exten => 100,1", "exten => 109,1", "number 100"),
        (PLAN, "IVR_WAIT=60", "IVR_WAIT=6000", "wait 60"),
        # ways that lead nowhere, or go on for ever
        (PLAN, "Goto(ask,1)", "Goto(aks,1)", "a way to nothing: node-small_"),
        (PLAN, "Gosub(clean,s,1)", "Gosub(clean,x,1)", "a way to nothing: "),
        (PLAN, "?send)", "?sent)", "a way to nothing: himself,s → sent"),
        (PLAN, "include => parkedcalls", "include => parked", "a way to nothing: from-agents includes parked"),
        (PLAN, " same => n,Set(IVR_TURNS=$[0${IVR_TURNS} + 1])\n", "", "is asked without counting: node-small_"),
        (PLAN, "GotoIf($[${IVR_TURNS} >= 60]?", "GotoIf($[${IVR_TURNS} >= x]?", "a question is asked without counting"),
        (PLAN, " same => n(open),Set(TIMEOUT(absolute)=10)", " same => n(open),NoOp()", "without a deadline: desk-"),
        (PLAN, " same => n,Set(TIMEOUT(absolute)=10)\n", "", "the controller is asked without a deadline: line-small_"),
        (PLAN, " same => n,GotoIf($[${IVR_LEFT} <= 0 |", " same => n,GotoIf($[", "a line may keep a caller for ever"),
        (PLAN, "$[${IVR_EMPTY} + 1]", "${IVR_EMPTY}", "a line may keep a caller for ever: line,enter"),
        (PLAN, " same => n,Gosub(line,enter,1)\n", "", "small, line first: "),
        (PLAN, f" same => n,Gosub(hours-{SMALL_NOW},s,1(${{EPOCH}}))\n", "", "small, begin: → blocked hours closed"),
        (PLAN, f" same => n,Gosub(callers-{SMALL_NOW},s,1)\n", "", "small, arrive: → clean,s callers"),
        (PLAN, "Set(IVR_PLACE=$[${IVR_PLACE} + 1])", "NoOp()", "go round for ever: callback-small,sorted"),
        ("acts.conf", "Set(IVR_PLACE=$[${IVR_PLACE} + 1])", "NoOp()", "go round for ever: acts,card"),
        (PLAN, " same => n,Queue(${IVR_DESK}", " same => n,NoOp(${IVR_DESK}", "a line is left without a wait"),
        (PLAN, " same => n,Set(IVR_EMPTY=$[${IVR_EMPTY} + 1])", " same => n,NoOp()", "a line is left without a wait"),
        (PLAN, 'GotoIf($["${IVR_OVER}" = "1"]?', 'GotoIf($["${IVR_OVER}" = "2"]?', "when patience is over"),
        (PLAN, " same => n(bye),Hangup(16)", " same => n(bye),NoOp()", "a way without an end: desk-small_"),
        (PLAN, "Goto(lines-${IVR_DESK},${EXTEN:2},1)", "Goto(clean,s,1)", "a Return from nowhere: from-agents"),
        (PLAN, " same => n(rest),Wait(5)", " same => n(rest),NoOp()", "a call may go round for ever: callback,"),
        (PLAN, "Goto(callback,hold,1)", "Goto(callback,held,1)", "a way to nothing: hold-small"),
        (PLAN, "exten,wait-small", "exten,wat-small", "a call that is no placeholder's"),
        # S4, by callbacks
        (PLAN, f"{MAY_DIAL}?over)", "NoOp()", "a customer is called back who may not be: "),
        (PLAN, f"{MAY_DIAL}?over)", f"{MAY_DIAL.replace('|8', '|')}?over)", "a customer is called back who may not be"),
        (PLAN, "Dial(PJSIP/${IVR_BACK_TO}@", "Dial(PJSIP/${IVR_WHO}@", "a customer is called back who may not be: "),
        (PLAN, "Dial(PJSIP/${IVR_BACK_TO}@", "Set(IVR_BACK_TO=0)\n same => n,Dial(PJSIP/${IVR_BACK_TO}@",
         "a customer is called back who may not be: "),
        (PLAN, "/${IVR_WHO})},callback,wait", "/${IVR_WHO})},out-small,${IVR_OUTSIDE}", "who may not be: "),
        (PLAN, "ChannelRedirect(${DB(placeholder/small/${IVR_WHO})}", "ChannelRedirect(${IVR_CALLER}",
         "a caller gets outside: inbound"),
        (PLAN, "Originate(Local/${IVR_WHO}@hold-small", "Originate(Local/${IVR_WHO}@out-small", "no placeholder's"),
        (PLAN, ",called-back,,", ",called,,", "more behind a queue than its time"),
        ("queues.conf", "context = key-small-first", "context = out-small", "a caller gets outside: out-small → "),
        (PLAN, "exten => 0,1,Gosub(clean,s,1)", "exten => 0,1,CELGenUserEvent(IVR,x)", "before he was cleaned"),
        # S6
        (PLAN, ANY, "System(reboot)", "the application System"),
        (PLAN, ANY, "TrySystem(reboot)", "the application TrySystem"),
        (PLAN, ANY, "NoOp(${SHELL(reboot)})", "the dialplan reads SHELL("),
        (PLAN, ANY, "NoOp(${FILE(/etc/passwd)})", "the dialplan reads FILE("),
        (PLAN, ANY, "NoOp(${CURL(x)})", "the dialplan reads CURL("),
        (PLAN, ANY, "NoOp(${EVAL(${IVR_KEY})})", "the dialplan reads EVAL("),
        (PLAN, ANY, "NoOp(${${IVR_KEY}})", "a name that it makes"),
        (PLAN, ANY, "Set(TRANSFER_CONTEXT=out-small)", "a value for TRANSFER_CONTEXT"),
        (PLAN, ANY, "ExecIf($[1]?System(reboot))", "the application System"),
        (PLAN, "agi://127.0.0.1", "agi://198.51.100.1", "a program that is not the controller"),
        (PLAN, ".out.raw))", ".out.raw),reboot)", "a command behind a recording"),
        (PLAN, ",60,${IF", ",60,G(out-small^s^1)${IF", "an option of Dial"),
        # B1, B3
        (PLAN, "FILTER(0-9+*#,", "FILTER(0-9+*#&,", "is filtered, but may hold &"),
        (PLAN, "FILTER(0-9+*#,", r"FILTER(0-9+*#\x0a,", "is filtered, but may hold"),
        (PLAN, ANY, "NoOp(${SHARED(IVR_OTHER,x)}${CHANNEL(pjsip,remote_addr)})", "the dialplan reads CHANNEL(pjsip"),
        (PLAN, "exten => arrive,1,Gosub(clean,s,1)", "exten => arrive,1,Gosub(callers-small_0123456789ab,s,1)",
         "a caller's number or name as it came: `ExecIf("),
        (PLAN, ANY, "NoOp(${CALLERID(name)})", "a caller's number or name as it came"),
        (PLAN, ANY, "NoOp(${CUT(CALLERID(name),-,1)})", "number or name as it came"),
        (PLAN, ANY, "NoOp(${CALLERID(dnid)})", "number or name as it came"),
        (PLAN, ANY, "NoOp(${PJSIP_HEADER(read,X)})", "reads PJSIP_HEADER("),
        (PLAN, "${FILTER(0-9+,${EXTEN}):0:21}", "${EXTEN}", "what a caller dialled as it came"),
        (PLAN, "Set(CALLERID(rdnis)=)", "NoOp()", "clean,s leaves CALLERID(rdnis) as it came"),
        (PLAN, "exten => arrive,1,Gosub(clean,s,1)", "exten => arrive,1,NoOp()", "before he was cleaned"),
        # S4, by who may call in
        ("pjsip.conf", "[trunk]\ntype = identify",
         "[stranger]\ntype=endpoint\ncontext=from-201\n[trunk]\ntype = identify", "a caller gets outside: from-201 → "),
        ("queues.conf", "retry = 1", "retry = 1\ncontext = out-small", "a caller gets outside: out-small → "),
        ("queues.conf", "member => Local/202@agents/n", "member = PJSIP/+79@outside", "rings no agent"),
        ("queues.conf", "member => Local/202@agents/n", "member => Local/+7921@out-small/n", "a caller gets outside: "),
        ("queues.conf", "=> Local/202@agents/n", "=> Local/299@agents/n", "a queue rings nobody: Local/299@"),
        (PLAN, ANY, "ExecIf($[1]?AddQueueMember(small-first,Local/+7921@out-small/n))", "a caller gets outside: "),
        (PLAN, "Local/${IVR_HIS}@agents/n,$", "Local/${IVR_HIS}@out-small/n,$", "a caller gets outside: inbound → "),
        (PLAN, "Local/${IVR_HIS}@agents/n,$", "Local/${IVR_HIS}@gents/n,$", "a queue rings nobody"),
        (PLAN, "[inbound]\n", "[inbound]\ninclude => from-agents\n", "include each other: inbound → from-agents → "),
        (PLAN, ANY, "ExecIf($[1]?ExecIf($[1]?NoOp()))", "one question is asked at a time"),
        (PLAN, ANY, f"Dial({'${IF($[1]?a:b)}' * 60},60)", "a caller gets outside: "),
        (PLAN, ANY, "ChannelRedirect(${IVR_CALLER})", "says too little"),
        ("acts.conf", "Goto(say-ready,1)", "Goto(*469x,1)", "a way to nothing: "),
        ("pjsip.conf", "allow_transfer = no", "allow_transfer = yes", "trunk may transfer himself"),
        ("pjsip.conf", "set_var = TRANSFER_CONTEXT=nowhere", "set_var = A=b", "callers come to default, which is not"),
        ("pjsip.conf", "context = inbound", "context = from-201",
         "a caller gets outside: from-201 → out-small → outside-small → Dial(PJSIP/"),
        ("pjsip.conf", "TRANSFER_CONTEXT=nowhere", "TRANSFER_CONTEXT=from-202", "a caller gets outside: from-202 → "),
        ("pjsip.conf", "auth = 201\n", "", "a caller gets outside: from-201 → "),
        ("pjsip.conf", "context = from-agents", "context = from-202",
         "the agent 203 gets outside: from-202 → out-small"),
    ],
)  # fmt: skip
def test_what_is_broken_is_found_and_told_with_its_place(files, name, what, by, told):
    assert what in files[name]
    found = proven(files | {name: files[name].replace(what, by, 1)}, TWO)
    assert any(told in one for one in found), found


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(PROVEN),
    place=st.integers(0),
    cut=st.integers(0, 40),
    put=st.text('abs,1()[]{}$"?:&^;@=>\n _.!/', max_size=6)
    | st.sampled_from(["${", "Goto(", "exten => ", "include => "]),
)
def test_whatever_stands_in_a_file_is_a_finding_at_worst(files, name, place, cut, put):
    text = files[name]
    at = place % len(text)
    found = proven(files | {name: text[:at] + put + text[at + cut :]}, TWO)
    assert all(isinstance(one, str) for one in found)


BREACHES = ("inbound", "himself", "clean", "whisper", "voicemail", "record", "line", "agents",
            f"line-{SMALL_NOW}-first", f"back-{SMALL_NOW}", f"desk-other_{VERSION}",
            f"node-{SMALL_NOW}.why")  # fmt: skip


@pytest.mark.parametrize("breach", BREACHES)
@pytest.mark.parametrize(
    "line",
    ["Goto(outside-${IVR_DESK},s,1)", "Dial(PJSIP/${IVR_OUTSIDE}@outside,60,tk)", "Dial(SIP/1,60,tk)",
     "ChannelRedirect(${IVR_CALLER},out-small,${IVR_OUTSIDE},1)", "Dial(PJSIP/201,60,U(outside-small^x))",
     "Gosub(outside-${IVR_DESK},s,1)", "ExecIf($[1]?Dial(PJSIP/${IVR_OUTSIDE}@outside,60,tk))",
     "Goto(${IVR_GO},s,1)", 'GotoIf($["${IVR_GO}" = ""]?outside-small,s,1)'],
)  # fmt: skip
def test_s4_a_way_outside_is_found_wherever_there_is_one_and_told_from_its_beginning(files, breach, line):
    text = files["extensions.conf"]
    first = text.index(",1,", text.index("exten => ", text.index(f"[{breach}]\n"))) + 3
    broken = f"{text[:first]}{line}\n same => n,{text[first:]}"
    found = proven(files | {"extensions.conf": broken}, TWO)
    ways = [one for one in found if one.startswith("a caller gets outside: inbound")]
    assert ways, found
    assert all("→ Dial(" in one for one in ways)


def test_s4_what_the_way_in_includes_is_a_way_of_callers(files):
    broken = files["extensions.conf"].replace("[inbound]\n", "[inbound]\ninclude => out-small\n")
    assert proven(files | {"extensions.conf": broken}, TWO)[0] == (
        "a caller gets outside: inbound → out-small → outside-small → Dial(PJSIP/${IVR_OUTSIDE}@outside)"
    )


def test_s4_a_dialplan_that_rings_nobody_outside_has_no_way_there(tmp_path):
    ways = read_ways(files_of(tmp_path, DEMO))
    rung = {ring for steps in ways.steps.values() for step in steps for ring in step.rings}
    assert rung
    assert {ring for ring in rung if "@" in ring} == {"Local/${IVR_HIS}@agents/n"}, "his own agent, as all are offered"


@pytest.mark.parametrize(
    "line",
    ["exten => s,2,NoOp()", "exten=>s,1,NoOp()", " same => n,NoOp() ; a comment", "switch => Realtime/x", "#exec rm",
     "#include other.conf", " same => n(a),NoOp()\n same => n(a),NoOp()", "[x]",
     "exten => s,1,NoOp()\nexten => s,1,NoOp()", f"[{'x' * 80}]", f" same => n,NoOp({'x' * 4000})",
     "ignorepat => 9", "switch=realtime"],
)  # fmt: skip
def test_a_line_that_we_never_write_is_not_passed_over(line):
    with pytest.raises(UnreadableError, match=r"extensions\.conf:[0-9]+"):
        read_dialplan({"extensions.conf": f"[x]\nexten => i,1,NoOp()\n{line}\n"})


def test_a_desk_of_any_seed_is_broken_by_a_lost_line(make, tmp_path):
    """Each line of a flow is there for something."""
    one = make(1, 3)
    files = files_of(tmp_path, [one], provider="203.0.113.7")
    lines = files["extensions.conf"].splitlines(keepends=True)
    begin = next(place for place, line in enumerate(lines) if line.startswith("[flow-"))
    dice = random.Random(7)
    gone = [place for place in range(begin, len(lines)) if "Goto(" in lines[place] and lines[place].startswith(" same")]
    for place in dice.sample(gone, 10):
        text = "".join(lines[:place] + lines[place + 1 :])
        assert proven(files | {"extensions.conf": text}, [one]), lines[place]
