"""Asterisk's files, as rendered for the demo desks and for small desks made here."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import pytest
from asterisk import config as pyst2_config

from ivr.asterisk import file_paths
from ivr.asterisk.render import Plan, render
from ivr.errors import DeskError
from ivr.flows.edition import Edition
from ivr.flows.reader import read_desks
from ivr.settings import Settings
from ivr.telephony.facts import read_facts
from tests.unit.engine.test_machine import SMALL, desk

REPO = Path(__file__).parents[3]
VERSION = "0123456789ab"
SMALL_NOW = f"small_{VERSION}"
DEMO = tuple(read_desks(REPO / "dialplans").values())


def files_of(tmp_path, desks=DEMO, former=(), **settings):
    plan = Plan(
        settings=Settings(home=tmp_path / "home", recordings=tmp_path / "recordings", **settings),
        editions=[Edition(one, VERSION) for one in desks],
        former=former,
        agent_passwords={agent: f"secret-{agent}" for one in desks for agent in one.agents},
        ami_secret="ami-secret",
        modules=tmp_path / "modules",
        data=tmp_path / "data",
    )
    return {file.name: file.text for file in render(plan, REPO / "asterisk-config")}


def contexts_of(dialplan):
    """Return context → its lines."""
    found, context = {}, ""
    for line in dialplan.splitlines():
        if heading := re.fullmatch(r"\[([a-z0-9._-]+)\]", line):
            context = heading[1]
        elif line.strip() and not line.startswith(";"):
            found.setdefault(context, []).append(line.strip())
    return found


def test_a_call_finds_its_next_step_whatever_desk_comes_beside_its_own(tmp_path):
    """A call goes on by the number of its step: where it waits, that must not depend on other desks."""
    small = desk()
    told = {"first": {"agents": ["301"], "tells": ["place", "wait"], "own agent first": True, "pause after": 2}}
    names = {"desk": "other", "numbers": ["190"], "agents": {"301": "Eve"}, "hours": None, "source": None}
    flow = {"hello": {"say": {"en": "Hello.", "ru": "Привет."}, "then": "first"}}
    told = desk(**names, lines=told, flow=flow, callers=[{"who": ["hidden"], "priority": 3}])
    before, after = (contexts_of(files_of(tmp_path, some)["extensions.conf"]) for some in ((small,), (small, told)))
    its = [name for name in before if name.startswith((f"line-{SMALL_NOW}", f"desk-{SMALL_NOW}", "line", "record"))]
    assert {"line", "record", f"desk-{SMALL_NOW}", f"line-{SMALL_NOW}-second"} <= set(its)
    assert {name: _numbered(before[name]) for name in its} == {name: _numbered(after[name]) for name in its}


def test_a_call_that_the_controller_has_finds_its_next_step_in_what_an_older_program_has_written(tmp_path):
    """It stands at AGI while its caller is in the menu, and a newer program may renew the file meanwhile."""
    for number, one in ((14, desk()), (15, desk(callers=[{"who": ["hidden"], "priority": 3}]))):
        arrive = contexts_of(files_of(tmp_path, (one,))["extensions.conf"])[f"desk-{SMALL_NOW}"]
        assert "AGI(agi://" in arrive[number - 1]
        assert arrive[number].endswith("Goto(went,1)")


def test_a_placeholder_finds_its_next_step_whatever_desk_comes_beside_its_own(tmp_path):
    lines = {"first": {"agents": ["201"], "callback": True}} | {
        name: line for name, line in SMALL["lines"].items() if name != "first"
    }
    out = {"allow": ["+7"]}
    mine, other = desk(lines=lines, outbound=out), desk(desk="other", numbers=["190"], lines=lines, outbound=out)
    before, after = (
        contexts_of(files_of(tmp_path, some, provider="203.0.113.7")["extensions.conf"])
        for some in ((mine,), (mine, other))
    )
    its = ("callback", "called-back", f"back-{SMALL_NOW}", "hold-small", "wait-small", "callback-small")
    ours = re.compile(r"\^\(([0-9|+\[\]]+)\)\$")
    told = [{name: [ours.sub("", line) for line in one[name]] for name in its} for one in (before, after)]
    assert told[0] == told[1]
    numbers = [ours.findall("\n".join(one[f"back-{SMALL_NOW}"])) for one in (before, after)]
    assert numbers == [["100|101"], ["100|101|190"]], "no desk calls another one back"


_TAKES_TIME = re.compile(r"(?:n|\d+)(?:\(\w+\))?,(Dial|Queue|Wait|Playback|Read|Record|Originate|ChannelRedirect)\(")


def _waits(contexts, name):
    """Return extension → the numbers of its steps that take their time."""
    found, extension, step = {}, "", 0
    for line in contexts[name]:
        extension, step = (line[9:].split(",")[0], 1) if line.startswith("exten => ") else (extension, step + 1)
        if taking := _TAKES_TIME.search(line):
            found.setdefault(extension, []).append((step, taking[1]))
    return found


@pytest.mark.parametrize(
    "without", [{"hours": None}, {"lines": SMALL["lines"]}, {"hours": None, "lines": SMALL["lines"]}]
)
def test_a_call_finds_its_next_step_whatever_an_apply_gives_its_desk_or_takes_from_it(tmp_path, without):
    """Where a telephone rings or a caller waits as many steps stand before it, with callbacks and without."""
    has = {"lines": SMALL["lines"] | {"first": {"agents": ["201"], "callback": True}}, "outbound": {"allow": ["+7"]}}
    before, after = (
        contexts_of(files_of(tmp_path, (desk(**one),), provider="203.0.113.7")["extensions.conf"])
        for one in (has, has | without)
    )
    of_the_desk = [name for name in before.keys() & after.keys() if SMALL_NOW not in name]
    assert {"himself", "outside-small", "line", "agents"} <= set(of_the_desk)
    for name in of_the_desk:
        its, then = _waits(before, name), _waits(after, name)
        assert {one: its[one] for one in its if one in then} == {one: then[one] for one in then if one in its}, name


def test_a_customer_is_rung_within_the_hours_alone_however_long_his_placeholder_stood(tmp_path):
    lines = SMALL["lines"] | {"first": {"agents": ["201"], "callback": True}}
    small = desk(lines=lines, outbound={"allow": ["+7"]})
    steps = contexts_of(files_of(tmp_path, (small,), provider="203.0.113.7")["extensions.conf"])["callback-small"]
    dial = steps[next(place for place, step in enumerate(steps) if step.startswith("exten => dial,")) :]
    asked, left, counted, rung = (
        next(place for place, step in enumerate(dial) if what in step)
        for what in (f"Gosub(hours-{SMALL_NOW},", '"${IVR_OPEN}" != "1"]?over', "Set(IVR_TRIES=", "Dial(")
    )
    assert asked < left < counted < rung


def test_no_call_is_promised_before_the_promise_is_kept(tmp_path):
    """On a full disk Asterisk's database keeps nothing, and Set says nothing of it."""
    lines = SMALL["lines"] | {"first": {"agents": ["201"], "callback": True}}
    small = desk(lines=lines, outbound={"allow": ["+7"]})
    steps = contexts_of(files_of(tmp_path, (small,), provider="203.0.113.7")["extensions.conf"])[f"back-{SMALL_NOW}"]
    pressed = steps[next(place for place, step in enumerate(steps) if step.startswith("exten => pressed,")) :]
    promise = "${DB(callback/small/${IVR_WHO})}"
    kept, asked, noted, stands, told = (
        next(place for place, step in enumerate(pressed) if what in step)
        for what in (
            "?Set(DB(callback/small/${IVR_WHO})=",
            f'GotoIf($["{promise}" = ""]?callback,stays,1)',
            "CELGenUserEvent(IVR,callback?",
            "Originate(",
            "Playback(",
        )
    )
    assert kept < asked < noted < stands < told


def _numbered(lines):
    """Return each step without the values that it sets."""
    return [line.split("MSet(")[0] for line in lines]


def test_the_same_desks_give_the_same_bytes(tmp_path):
    assert files_of(tmp_path) == files_of(tmp_path)


def test_every_template_becomes_a_file_and_none_leaves_a_mark_of_the_template_language(tmp_path):
    files = files_of(tmp_path)
    assert {"asterisk.conf", "cel.conf", "extensions.conf", "pjsip.conf", "queues.conf"} <= files.keys()
    assert [name for name, text in files.items() if "{{" in text or "{%" in text or "{#" in text] == []


# pyst2 does not know templates, `[name](template)`, so pjsip.conf and queues.conf are left to Asterisk itself.
@pytest.mark.parametrize("name", ["manager.conf", "rtp.conf", "http.conf", "cel.conf"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # pyst2 leaves the file to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_independent_reader_of_conf_files_understands_it(tmp_path, name):
    path = tmp_path / name
    path.write_text(files_of(tmp_path)[name])
    assert pyst2_config.Config(str(path)).categories
    gc.collect()


def test_every_number_of_every_desk_is_answered_and_no_other(tmp_path):
    inbound = contexts_of(files_of(tmp_path)["extensions.conf"])["inbound"]
    answered = {line.split(" => ")[1].split(",")[0] for line in inbound if line.startswith("exten")}
    assert answered == {number for one in DEMO for number in one.numbers}


def test_every_jump_leads_to_an_extension_that_exists(tmp_path):
    """A name with a variable in it may lead anywhere."""
    contexts = contexts_of(
        files_of(tmp_path, (desk(source=SMALL["source"] | {"ask": "before the line"}),))["extensions.conf"]
    )
    extensions = {
        (context, line.split(" => ")[1].split(",")[0])
        for context, lines in contexts.items()
        for line in lines
        if line.startswith("exten => ")
    }
    jumps = set()
    for context, lines in contexts.items():
        for line in lines:
            for inside in re.findall(r"(?:Goto\(|Gosub\(|\?)([a-z0-9._,-]+,1)(?=[(:)])", line):
                place, extension, _ = f"{context},{inside}".split(",")[-3:]
                jumps.add((place, extension))
    assert len(jumps) > 25
    assert jumps - extensions == set()


def test_no_way_leads_from_outside_to_a_trunk(tmp_path):
    """S4: what can be dialled are agents' telephones alone."""
    dialled = re.findall(r"(?<![A-Za-z])Dial\(([^,)]*)", files_of(tmp_path)["extensions.conf"])
    assert dialled.count("Local/${IVR_HIS}@agents/n") == 1, "his own agent, by the way of all offers"
    dialled.remove("Local/${IVR_HIS}@agents/n")
    assert dialled
    assert all(re.match(r"PJSIP/[0-9]{2,8}\$\{IF", one) for one in dialled)


def test_the_facts_that_the_dialplan_writes_can_be_read_back(tmp_path):
    dialplan = files_of(tmp_path, (desk(source=SMALL["source"] | {"#": "friends", "*": "internet"}),))[
        "extensions.conf"
    ]
    written = re.findall(r"CELGenUserEvent\(IVR,([a-z]+)\?", dialplan)
    assert {"arrived", "fallback", "line", "left", "recording", "offer", "missed", "whisper"} <= set(written)
    keys = re.search(r"IVR_KEYS=(\S+)\)", dialplan)
    assert keys
    told = read_facts(f"line?line=first{keys[1]}")[0].values
    assert told == {"line": "first", "k1": "internet", "k2": "friends", "k#": "friends", "k*": "internet"}


def test_the_dialplan_tells_the_notice_before_a_line_that_records_or_one_behind_which_one_does(tmp_path):
    lines = SMALL["lines"] | {"first": {"agents": ["201"], "record": False, "then": "third"}}
    contexts = contexts_of(files_of(tmp_path, (desk(lines=lines),))["extensions.conf"])
    told = {name for name, lines in contexts.items() if any("CELGenUserEvent(IVR,notice)" in line for line in lines)}
    assert told == {f"to-{SMALL_NOW}.first", f"to-{SMALL_NOW}.third"}
    past = {name for name, lines in contexts.items() if any(",IVR_NOTICED=1," in line for line in lines)}
    assert past == {f"line-{SMALL_NOW}-first", f"line-{SMALL_NOW}-third"}
    silent = {name: line | {"record": False} for name, line in lines.items()}
    assert "/notice" not in files_of(tmp_path, (desk(lines=silent),))["extensions.conf"]


def test_only_loopback_is_listened_on_unless_said_otherwise(tmp_path):
    files = files_of(tmp_path)
    binds = re.findall(r"^\s*bind(?:addr)?\s*=\s*([0-9.]+)", "\n".join(files.values()), re.MULTILINE)
    assert set(binds) == {"127.0.0.1"}
    elsewhere = files_of(tmp_path, bind="192.0.2.1")
    assert "bindaddr = 127.0.0.1" in elsewhere["manager.conf"]
    assert "bind = 192.0.2.1:5060" in elsewhere["pjsip.conf"]


def test_our_manager_user_may_not_run_commands_or_change_configuration(tmp_path):
    """S2: it may place calls, since acts of agents are such; without `system` none of them can start a program."""
    manager = files_of(tmp_path)["manager.conf"]
    rights = {
        right for line in re.findall(r"^(?:read|write) = (.*)$", manager, re.MULTILINE) for right in line.split(",")
    }
    assert rights == {"call", "agent", "dtmf", "reporting", "originate"}


def test_no_shell_is_ever_started_by_the_dialplan(tmp_path):
    """S6."""
    dialplan = files_of(tmp_path)["extensions.conf"]
    assert not re.search(r"\b(System|TrySystem|SHELL|EVAL|AGI\((?!agi://))", dialplan)


def test_every_line_has_its_queue_with_its_agents(tmp_path):
    queues = files_of(tmp_path)["queues.conf"]
    for one in DEMO:
        for name, line in one.lines.items():
            section = queues.split(f"[{one.desk}-{name}](line)")[1].split("\n[")[0]
            assert re.findall(r"member => Local/(\d+)@agents/n", section) == list(line.agents)


@pytest.mark.parametrize("bad", ["se;mi", "com,ma", "dol$lar", "br{ace", 'quo"te', "new\nline"])
def test_a_folder_that_would_change_a_file_is_refused_with_its_cure(tmp_path, bad):
    with pytest.raises(DeskError, match="letters, digits, blanks"):
        files_of(tmp_path / bad)


def test_a_folder_with_a_blank_is_fine(tmp_path):
    assert "a home" in files_of(tmp_path / "a home")["asterisk.conf"]


def test_the_source_question_is_music_only_where_it_is_asked_while_waiting(tmp_path):
    music = files_of(tmp_path)["musiconhold.conf"]
    assert f"[ultralight_{VERSION}-source-ru](default)" in music
    assert "homecare" not in music


def test_a_desk_with_a_voicemail_takes_messages_where_it_would_say_sorry_and_where_a_line_leads_there(tmp_path):
    lines = SMALL["lines"] | {"third": {"agents": ["203"], "then": "voicemail"}}
    contexts = contexts_of(files_of(tmp_path, (desk(lines=lines, voicemail={"limit": "90s"}),))["extensions.conf"])
    own = contexts[f"desk-{SMALL_NOW}"]
    assert own[own.index("exten => sorry,1,CELGenUserEvent(IVR,exhausted)") + 1] == "same => n,Goto(voicemail,1)"
    assert "exten => voicemail,1,MSet(IVR_SILENCE=8,IVR_LIMIT=90)" in own
    assert f"same => n,Goto(desk-{SMALL_NOW},voicemail,1)" in contexts[f"line-{SMALL_NOW}-third"]
    assert any(line.startswith("same => n,Record(") for line in contexts["voicemail"])


def test_a_voicemail_may_leave_sorry_to_those_whose_patience_is_over(tmp_path):
    one = desk(voicemail={"instead of sorry": False})
    own = contexts_of(files_of(tmp_path, (one,))["extensions.conf"])[f"desk-{SMALL_NOW}"]
    assert f"same => n,Playback({SMALL_NOW}/${{CHANNEL(language)}}/sorry)" in own
    assert any(line.startswith("exten => voicemail,1") for line in own)


def test_a_desk_without_a_voicemail_has_no_way_to_one(tmp_path):
    contexts = contexts_of(files_of(tmp_path, (desk(),))["extensions.conf"])
    assert not any("voicemail" in line for name, lines in contexts.items() if name != "voicemail" for line in lines)


def test_asterisks_own_records_are_written_only_in_shadow_mode(tmp_path):
    plain, shadowed = files_of(tmp_path), files_of(tmp_path, shadow=True)
    assert "queue_log = no" in plain["logger.conf"]
    assert "queue_log = yes" in shadowed["logger.conf"]
    assert ("enable = no" in plain["cdr.conf"], "enable = yes" in shadowed["cdr.conf"]) == (True, True)
    assert ("cdr_csv" in plain["modules.conf"], "require = cdr_csv.so" in shadowed["modules.conf"]) == (False, True)


def test_a_former_edition_keeps_its_flow_its_music_and_the_line_that_the_present_one_has_no_more(tmp_path):
    past = desk(lines=SMALL["lines"] | {"fourth": {"agents": ["201"], "then": "first"}})
    files = files_of(tmp_path, (desk(),), former=[Edition(past, "fedcba987654")])
    contexts = contexts_of(files["extensions.conf"])
    assert {f"desk-{SMALL_NOW}", "desk-small_fedcba987654", "line-small_fedcba987654-fourth"} <= contexts.keys()
    assert f"line-{SMALL_NOW}-fourth" not in contexts
    ways_in = " ".join(contexts["inbound"] + contexts["lines-small"])
    assert SMALL_NOW in ways_in
    assert "fedcba987654" not in ways_in, "who calls now meets the present one"
    assert "[small-fourth](line)" in files["queues.conf"]
    assert "[small_fedcba987654-source-ru](default)" in files["musiconhold.conf"]


def test_an_agent_who_works_here_no_more_serves_no_former_line(tmp_path):
    past = desk(agents=SMALL["agents"] | {"299": "Zoe"}, lines=SMALL["lines"] | {"fourth": {"agents": ["299", "201"]}})
    queues = files_of(tmp_path, (desk(),), former=[Edition(past, "fedcba987654")])["queues.conf"]
    fourth = queues.split("[small-fourth](line)")[1].split("\n[")[0]
    assert re.findall(r"member => Local/(\d+)@", fourth) == ["201"]


def test_rung_out_calls_are_counted_only_where_a_line_says_so(tmp_path):
    lines = SMALL["lines"] | {"first": {"agents": ["201"], "pause after": 3, "then": "second"}}
    counting, plain = (files_of(tmp_path, (one,)) for one in (desk(lines=lines), desk()))
    assert "misses" not in plain["extensions.conf"] + plain["acts.conf"]
    contexts = contexts_of(counting["extensions.conf"])
    assert any("__IVR_PAUSE_AFTER=3" in line for line in contexts[f"line-{SMALL_NOW}-first"])
    assert any(re.search(r"__IVR_PAUSE_AFTER=[,)]", line) for line in contexts[f"line-{SMALL_NOW}-second"]), (
        "no line lends its own"
    )
    assert any("Gosub(acts,miss,1(201))" in line for line in contexts["agents"])


TLS = {"tls_certificate": Path("/etc/desk/cert.pem"), "tls_key": Path("/etc/desk/key.pem")}


def sections_of(text):
    """Return (name, type) → its lines, of pjsip.conf."""
    found = {}
    for block in re.split(r"(?m)^(?=\[)", text)[1:]:
        heading, *lines = [line.strip() for line in block.splitlines() if line.strip() and line[0] not in " ;"]
        kind = next((line.removeprefix("type = ") for line in lines if line.startswith("type = ")), heading)
        found[re.match(r"\[([^]]+)\]", heading)[1], kind] = lines
    return found


def test_without_a_certificate_nothing_speaks_tls(tmp_path):
    files = files_of(tmp_path)
    assert "tls" not in files["pjsip.conf"].lower()
    assert "tls" not in files["http.conf"]
    assert "media_encryption" not in files["pjsip.conf"]


def test_with_a_certificate_agents_speak_tls_and_srtp_and_a_plain_trunk_stays_as_it_is(tmp_path):
    """S17."""
    files = files_of(tmp_path, bind="192.0.2.1", provider="sip.example.net", **TLS)
    found = sections_of(files["pjsip.conf"])
    assert "method = tlsv1_2" in found["transport-tls", "transport"]
    assert {"transport = transport-tls", "media_encryption = sdes"} <= set(found["201", "[201](agent)"])
    assert "transport = transport-tls" not in found["201-web", "[201-web](agent)"]
    assert "media_encryption = sdes" not in found["trunk", "endpoint"] + found["outside", "endpoint"]
    assert "bind = 192.0.2.1:5060" in found["transport-udp", "transport"]
    assert "verify_server" not in files["pjsip.conf"]
    assert "bindaddr = 127.0.0.1" in files["http.conf"]
    assert "tlsbindaddr = 192.0.2.1:8089" in files["http.conf"]


def test_where_the_trunk_speaks_tls_too_the_network_has_no_way_in_without_it(tmp_path, monkeypatch):
    """S17."""
    monkeypatch.setattr(file_paths, "AUTHORITIES", tmp_path / "none")
    with pytest.raises(DeskError, match="cannot be verified"):
        files_of(tmp_path, provider="sip.example.net:5061", trunk_tls=True, **TLS)
    monkeypatch.setattr(file_paths, "AUTHORITIES", REPO / "LICENSE")
    files = files_of(tmp_path, bind="192.0.2.1", provider="sip.example.net:5061", trunk_tls=True, **TLS)
    found = sections_of(files["pjsip.conf"])
    assert "bind = 127.0.0.1:5060" in found["transport-udp", "transport"]
    assert "bind = 127.0.0.1:5060" in found["transport-tcp", "transport"]
    assert "media_encryption = sdes" in found["trunk", "endpoint"]
    assert {"media_encryption = sdes", "transport = transport-tls"} <= set(found["outside", "endpoint"])
    assert found["outside", "aor"][-1] == "contact = sip:sip.example.net:5061;transport=tls"
    assert "verify_server = yes" in found["transport-tls", "transport"]


def test_behind_nat_every_transport_tells_the_public_address_but_to_its_own_networks(tmp_path):
    files = files_of(tmp_path, bind="10.0.0.5", external="203.0.113.5", local_nets=["10.0.0.0/8"], **TLS)
    told = [
        "external_media_address = 203.0.113.5",
        "external_signaling_address = 203.0.113.5",
        "local_net = 10.0.0.0/8",
    ]
    transports = {
        name: lines for (name, kind), lines in sections_of(files["pjsip.conf"]).items() if kind == "transport"
    }
    assert len(transports) == 5
    assert all(lines[-3:] == told for lines in transports.values())
    assert "10.0.0.5 => 203.0.113.5,include_local_address" in files["rtp.conf"]
    assert "external" not in files_of(tmp_path)["pjsip.conf"]
