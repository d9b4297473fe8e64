"""The desk without its controller: random callers of random desks go the way that the engine says, on a real Asterisk.

The same callers call three times: the controller serves them; it is killed while they are in their menus; and the
compiled dialplan serves them alone.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.asterisk.reread import read_dialplan
from ivr.asterisk.vocabulary import APPLICATIONS, FUNCTIONS
from ivr.flows.hours import is_open
from ivr.flows.reader import read_desks
from ivr.ledger.call import Call
from ivr.ledger.channels import facts_of
from ivr.ledger.parse import parse
from ivr.ledger.unfolding import Unfolding
from tests.asterisk.random_desks import RANDOM_CALLERS, RandomCaller, random_caller, random_desk
from tests.running import WORKER, RunningDesk, desk_folder

pytestmark = pytest.mark.asterisk

DESKS = 12
HOURS = """
desk: hours
numbers: ["29990"]
language: en
time zone: ZONE
hours:
  mon-thu: "09:00-13:00, 14:30-20:00"
  fri: "22:00-06:00"
  sat: "00:00-24:00"
  holidays: {"12-25": closed, "2026-12-31": "10:00-02:00", "12-31": closed, "02-28": "12:00-12:30", "01-01": closed}
  closed: hang up
agents: {29991: Ann}
categories: {}
lines: {one: {agents: [29991]}}
flow:
  hello: {say: "Hello.", then: clock}
  clock: {when: {"mon-fri 12:00-13:00": one, "sun 22:00-06:00": one}, otherwise: hang up}
"""
_ZONES = ("Europe/London", "America/New_York", "Asia/Kolkata")
FIRST_MOMENT, MOMENTS, APART = 1790000000, 3500, 10007
"""From September 2026 on for 13 months, in steps that meet every minute of an hour; clocks are changed meanwhile."""
_LOOK = """
[moments-NUMBER]
exten => s,1,Answer()
 same => n,MSet(AT=FIRST,BITS=)
 same => n(next),Gosub(hours-EDITION,s,1(${AT}))
 same => n,Gosub(week-EDITION,s,1(${AT}))
 same => n,MSet(BITS=${BITS}${IVR_OPEN}$[${IVR_WEEK} % 7],AT=$[${AT} + APART])
 same => n,GotoIf($[${LEN(${BITS})} < 250]?next)
 same => n,CELGenUserEvent(IVR,bits?zone=NUMBER&bits=${BITS})
 same => n,Set(BITS=)
 same => n,GotoIf($[${AT} < LAST]?next)
 same => n,Hangup()
"""
_SHOWN = """
[shown-{place}]
exten => _X!,1,Set(CALLERID(num)={caller})
 same => n,Goto(inbound,${{EXTEN}},1)
"""
SEED = os.environ.get("IVR_SEED", "front desk")
_OURS = frozenset({"began", "caller", "fallback", "question"})
"""Facts of which one side has others: who served the call, and what the ledger knows of him."""
_LIMIT = 120.0
_KILLED_AFTER = 2.0
"""Seconds from the last call's begin until the controller is killed: the menus' callers are at every kind of step."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[RunningDesk]:
    place = tmp_path_factory.mktemp("random")
    desks = {f"random-{number}": random_desk(number, f"{SEED} {number}") for number in range(DESKS)}
    for number, zone in enumerate(_ZONES):
        text = (
            HOURS.replace("ZONE", zone).replace("desk: hours", f"desk: hours-{number}").replace("Ann", f"Ann {number}")
        )
        desks[f"hours-{number}"] = text.replace("2999", f"2{number}99")
    running = RunningDesk(place / "home", 4400 + 10 * WORKER, desks=desk_folder(place / "desks", desks)).start()
    try:
        assert "Loaded" in running.asterisk("module load app_senddtmf")
        with (running.settings.asterisk_etc / "acts.conf").open("a") as file:
            file.writelines(_SHOWN.format(place=place, caller=one) for place, one in enumerate(RANDOM_CALLERS))
        running.asterisk("dialplan reload")
        yield running
    finally:
        if running.process is not None:
            running.process.send_signal(signal.SIGCONT)
        assert running.stop() == 0, running.output.read_text()


@pytest.fixture(scope="module")
def callers(desk: RunningDesk) -> list[RandomCaller]:
    desks = read_desks(desk.desks)
    wanted = (one for name, one in desks.items() if name.startswith("random-"))
    return [random_caller(one, number, f"{SEED} {number}") for one in wanted for number in one.numbers]


@pytest.fixture(scope="module")
def served(desk: RunningDesk, callers: list[RandomCaller]) -> dict[str, Call]:
    return _placed(desk, callers)


@pytest.fixture(scope="module")
def lost(desk: RunningDesk, callers: list[RandomCaller], served: dict[str, Call]) -> dict[str, Call]:
    """Place the calls again, and kill the controller in the middle of them; nobody starts it."""
    assert desk.process is not None
    assert len(served) == len(callers)
    desk.process.send_signal(signal.SIGSTOP)
    return _placed(desk, callers, meanwhile=lambda: desk.kill("controller"))


@pytest.fixture(scope="module")
def alone(desk: RunningDesk, callers: list[RandomCaller], lost: dict[str, Call]) -> dict[str, Call]:
    """Place the calls again, with the controller gone."""
    assert len(lost) == len(callers)
    return _placed(desk, callers)


def _placed(
    desk: RunningDesk, callers: Sequence[RandomCaller], meanwhile: Callable[[], None] = lambda: None
) -> dict[str, Call]:
    """Place all calls at once, do `meanwhile` some seconds later; return each call by its number when all are over."""
    journal: Path = desk.settings.journal
    before = journal.stat().st_size
    for caller in callers:
        keys = _dtmf(caller.pressed)
        way = f"Local/{caller.number}@shown-{RANDOM_CALLERS.index(caller.caller)}"
        desk.asterisk(f"channel originate {way} application SendDTMF {keys}")
    time.sleep(_KILLED_AFTER)
    meanwhile()
    end = time.monotonic() + _LIMIT
    while "\n0 active channels" not in f"\n{desk.asterisk('core show channels count')}":
        assert time.monotonic() < end, desk.asterisk("core show channels")
        time.sleep(0.5)
    records, _, _ = parse(journal.read_bytes()[before:], 1, final=True)
    calls = Unfolding().take(records, lambda _: [])
    return {one.call.number: one.call for one in calls}


def _dtmf(pressed: Sequence[tuple[float, str]]) -> str:
    """Return SendDTMF's words, w half a second each; then he stays and says nothing."""
    words, at = "", 0.0
    for moment, key in pressed:
        pauses = round((moment - at) / 0.5)
        words += "w" * pauses + key
        at += pauses * 0.5 + 0.25  # the key's own length, and the silence behind it
    return words + "W" * 40


def told(call: Call) -> list[tuple[str, str]]:
    """Return the facts of a call, as the engine tells them, but for those of one side alone, and channels' own ids."""
    return [
        (fact.name, re.sub(r"desk\S+\.\d+", "ID", " ".join(f"{key}={value}" for key, value in fact.values.items())))
        for fact in call.facts
        if fact.name not in _OURS
    ]


def _engines(call: Call) -> list[tuple[str, str]]:
    """Return those facts that the engine tells, up to the first line."""
    found = [one for one in told(call) if one[0] != "arrived"]
    names = [name for name, _ in found]
    behind = min(
        (names.index(name) for name in ("line", "recording", "voicemail") if name in names), default=len(names)
    )
    return found[:behind]


def _parting(one: Sequence[object], other: Sequence[object]) -> str:
    """Return where two ways part; empty when they do not."""
    place = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return "" if one == other else f"behind {one[:place][-2:]}: {one[place : place + 3]}, {other[place : place + 3]}"


def _of(caller: RandomCaller) -> list[tuple[str, str]]:
    return [one for one in caller.told if one[0] not in _OURS]


def test_b5_asterisk_itself_has_read_the_dialplan_as_we_read_it_back(desk: RunningDesk) -> None:
    """So what is proven of ours is true of Asterisk's."""
    etc = desk.settings.asterisk_etc
    ours = read_dialplan({name: (etc / name).read_text() for name in ("extensions.conf", "acts.conf")})
    theirs: dict[str, dict[str, list[str]]] = {}
    for line in desk.asterisk("dialplan show").splitlines():
        if context := re.match(r"\[ Context '(.+)' created by 'pbx_config' \]", line):
            place: dict[str, list[str]] = theirs.setdefault(context[1], {})
        elif line.startswith("[ Context"):
            place = {}
        elif hint := re.match(r"  '(.+?)' => +hint: ", line):
            steps = place.setdefault(hint[1], [])
        elif step := re.match(r"  '(.+?)' => +1\. (.+?) +\[[a-z]+\.conf:\d+\]$", line):
            steps = place.setdefault(step[1], [step[2]])
        elif step := re.match(r" +(?:\[[a-z]+\])? +\d+\. (.+?) +\[[a-z]+\.conf:\d+\]$", line):
            steps.append(step[1])
    plain = {
        name: {
            extension: [step.replace("()", "") for step in one.steps] for extension, one in section.extensions.items()
        }
        for name, section in ours.items()
    }
    theirs = {name: {key: [one.replace("()", "") for one in steps] for key, steps in place.items()}
              for name, place in theirs.items()}  # fmt: skip
    assert len(plain) > 100
    differing = {name for name in {*plain, *theirs} if plain.get(name) != theirs.get(name)}
    assert differing == set(), [(plain.get(name), theirs.get(name)) for name in sorted(differing)[:2]]


def test_s6_the_installed_asterisk_has_all_that_the_dialplan_may_use(desk: RunningDesk) -> None:
    for command, wanted in (("core show applications", APPLICATIONS), ("core show functions", FUNCTIONS)):
        assert wanted <= set(re.findall(r"^ *([A-Za-z_]+)(?::|  )", desk.asterisk(command), re.MULTILINE))


def test_random_callers_meet_every_kind_of_thing(callers: list[RandomCaller]) -> None:
    """Otherwise the tests below prove little."""
    met = {name for caller in callers for name, _ in caller.told}
    assert {"entered", "key", "wrong", "silent", "category", "language", "source", "notice", "closed", "ended"} <= met
    assert {"split", "when", "priority", "blocked"} <= met
    assert {"one", "two", "three", ""} <= {caller.line for caller in callers}


def test_the_controller_takes_every_random_caller_where_the_engine_says(
    callers: list[RandomCaller], served: dict[str, Call]
) -> None:
    assert {one.number: _engines(served[one.number]) for one in callers} == {one.number: _of(one) for one in callers}
    assert {call.fallback for call in served.values()} == {""}


def test_the_dialplan_alone_takes_every_random_caller_where_the_engine_says(
    callers: list[RandomCaller], alone: dict[str, Call]
) -> None:
    assert {one.number: _engines(alone[one.number]) for one in callers} == {one.number: _of(one) for one in callers}
    assert {call.fallback for call in alone.values()} == {"absent"}


def test_both_tell_the_same_to_the_end_of_the_call(served: dict[str, Call], alone: dict[str, Call]) -> None:
    """Through lines and what is behind them: nodes again, the mailbox, the end."""
    differing = {number: _parting(told(served[number]), told(alone[number])) for number in served}
    assert {number: parting for number, parting in differing.items() if parting} == {}


def test_all_three_come_to_the_same_outcome_for_the_caller(
    served: dict[str, Call], lost: dict[str, Call], alone: dict[str, Call]
) -> None:
    """Whatever the caller had reached when the controller was killed: no key of his is lost."""
    assert _outcomes(alone) == _outcomes(served)
    assert _outcomes(lost) == _outcomes(served)
    assert {call.fallback for call in lost.values()} >= {"", "lost"}, "the controller was killed too early or too late"


def _outcomes(calls: Mapping[str, Call]) -> dict[str, tuple[str, ...]]:
    return {
        number: (one.category, one.source, one.language, one.first_line, one.last_line, one.outcome)
        for number, one in calls.items()
    }


def _minute_of_the_week(moment: int, zone: str) -> int:
    """Return it; its rest by 7 is another one after another minute, hour or day."""
    local = datetime.fromtimestamp(moment, ZoneInfo(zone))
    return (local.weekday() * 24 + local.hour) * 60 + local.minute


def test_the_dialplan_s_hours_are_open_at_the_moments_at_which_the_engine_s_are(desk: RunningDesk) -> None:
    """Through a year with its holidays, nights that end on the next day, and the days on which clocks change."""
    last = FIRST_MOMENT + MOMENTS * APART
    looks = _LOOK.replace("FIRST", str(FIRST_MOMENT)).replace("LAST", str(last)).replace("APART", str(APART))
    with (desk.settings.asterisk_etc / "acts.conf").open("a") as file:
        for number in range(len(_ZONES)):
            file.write(looks.replace("EDITION", desk.edition(f"hours-{number}")).replace("NUMBER", str(number)))
    desk.asterisk("dialplan reload")
    before = desk.settings.journal.stat().st_size
    for number in range(len(_ZONES)):
        desk.asterisk(f"channel originate Local/s@moments-{number} application Wait {_LIMIT:.0f}")
    end = time.monotonic() + _LIMIT
    while "\n0 active channels" not in f"\n{desk.asterisk('core show channels count')}":
        assert time.monotonic() < end, "the dialplan takes too long"
        time.sleep(0.5)
    records, _, _ = parse(desk.settings.journal.read_bytes()[before:], 1, final=True)
    told = [fact.values for record in records for fact in facts_of(record.extra) if fact.name == "bits"]
    for number, zone in enumerate(_ZONES):
        both = "".join(values["bits"] for values in told if values["zone"] == str(number))
        bits, weeks = both[::2], both[1::2]
        hours = desk.desk(f"hours-{number}").hours
        moments = [FIRST_MOMENT + place * APART for place in range(len(bits))]
        wanted = [is_open(hours, zone, datetime.fromtimestamp(moment, UTC)) for moment in moments]
        assert len(bits) >= MOMENTS
        assert {True, False} == set(wanted)
        assert weeks == "".join(str(_minute_of_the_week(moment, zone) % 7) for moment in moments)
        differing = [moment for moment, bit, right in zip(moments, bits, wanted, strict=True) if (bit == "1") != right]
        assert differing == [], f"{zone}: {[datetime.fromtimestamp(one, UTC).isoformat() for one in differing[:5]]}"
