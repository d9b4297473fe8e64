"""Load on the real thing: a rush of callers who press and hang up at random, and none of them lost or told twice."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack

import pytest

from tests.faults.conftest import running
from tests.faults.desks import FIRST, NUMBER, SECOND, THIRD, line_agents
from tests.faults.oracle import Ledger, Row, check, check_channels
from tests.faults.sipp.crowd import Crowd, Step, agents, failures, require_sipp, start_callers

pytestmark = [pytest.mark.asterisk, pytest.mark.sipp, pytest.mark.alone]

SECONDS = 40
"""2,000 calls in them are 50 a second."""
AGENTS = 40
MENU, LINE, TALK = "abandoned in the menu", "abandoned in a line", "answered"
CROWDS = {
    "leaves as soon as he is answered": Crowd("7011", 150, [Step(0, 5)]),
    "leaves in the informer": Crowd("7012", 250, [Step(0, 700)]),
    "leaves in the menu": Crowd("7013", 250, [Step(700, 3000)]),
    "presses 1 and leaves soon": Crowd("7014", 300, [Step(300, 2000, "1"), Step(0, 1500)]),
    "presses 1 and talks": Crowd("7015", 300, [Step(1500, 3000, "1"), Step(2000, 3500)]),
    "presses 2 for agents who hang up": Crowd("7016", 300, [Step(1500, 3000, "2"), Step(2000, 4500)]),
    "presses 3 and talks": Crowd("7017", 150, [Step(1500, 3000, "3"), Step(2000, 5000)]),
    "presses 9 and then 1": Crowd("7018", 150, [Step(1500, 2500, "9"), Step(1500, 2500, "1"), Step(1500, 2500)]),
    "presses nothing and gets a person": Crowd("7019", 150, [Step(8000, 11000)]),
}
"""What the callers do."""
CATEGORY = {"7014": "simple", "7015": "simple", "7016": "product", "7017": "claim", "7018": "simple"}
"""Why a crowd calls, by its key."""
PRESSING = "7014"
"""The first crowd of those who may get further than the menu."""
SETTLING = 500_000
"""Microseconds after which the desk certainly listens: AGI takes no key between the answer and its first prompt."""
REACTION = 1_000_000
"""Microseconds after which a key must have had its effect."""


def test_2000_calls_at_50_a_second_with_random_keys_and_hang_ups_are_each_told_once(tmp_path):
    """50 calls a second for 40 s: 2,000 call rows, none lost, twice or unclosed, and a rebuilt ledger is the same."""
    require_sipp()
    crowds = list(CROWDS.values())
    assert sum(crowd.calls for crowd in crowds) == 2000
    with running(tmp_path, 5100, agents=AGENTS) as desk, ExitStack() as stack:
        stack.enter_context(agents(desk, line_agents(FIRST, AGENTS), 14200, ring=100, talk=30000))
        stack.enter_context(agents(desk, line_agents(SECOND, AGENTS), 14210, ring=300, talk=2400))
        press = [Step(300, 500, "1")]
        stack.enter_context(agents(desk, line_agents(THIRD, AGENTS), 14220, ring=200, talk=30000, steps=press))
        processes = [
            start_callers(crowd, desk, NUMBER, 14000 + 10 * place, SECONDS) for place, crowd in enumerate(crowds)
        ]
        for process in processes:
            stack.callback(process.kill)
        for process in processes:
            process.wait(SECONDS + 60)
        wrong = [
            line for process, crowd in zip(processes, crowds, strict=True) for line in failures(process, crowd, desk)
        ]
        assert not wrong, "\n".join(wrong)
        kept = check(desk, {caller for crowd in crowds for caller in crowd.callers}, tmp_path)
        check_channels(kept)
        plausible(kept)


def plausible(kept: Ledger) -> None:
    """Compare what became of each call with what its caller did."""
    for name, crowd in CROWDS.items():
        rows = [row for row in kept.calls if row["caller"] in crowd.callers]
        fates = Counter((row["outcome"], row["category"]) for row in rows)
        assert {row["number"] for row in rows} == {NUMBER}, name
        assert {row["fallback"] for row in rows} == {""}, name
        assert {row["category"] for row in rows} <= {"", CATEGORY.get(crowd.prefix, "")}, (name, fates)
        allowed = {MENU, LINE, TALK} if crowd.prefix >= PRESSING else {MENU}
        odd = {row["id"] for row in rows if row["outcome"] not in allowed}
        assert not odd, (name, fates, [row for row in kept.rows["journal_record"] if row["linkedid"] in odd])
    missed, pressed = unheard_keys(kept)
    assert pressed > 300
    assert len(missed) <= pressed // 10, missed[:5]
    assert sum(row["outcome"] == TALK for row in kept.calls) > 100


def unheard_keys(kept: Ledger) -> tuple[list[Row], int]:
    """Return calls whose caller pressed in the menu and stayed, yet was not heard; and how many pressed so.

    By the journal's own times: how soon the desk comes to a call depends on what else the machine does.
    """
    entered = {row["call_id"]: row["at"] for row in kept.rows["fact"] if row["name"] == "entered"}
    heard = {row["call_id"] for row in kept.rows["fact"] if row["name"] in ("key", "wrong")}
    calls = {row["id"]: row for row in kept.calls}
    keys = [
        row
        for row in kept.rows["journal_record"]
        if row["event"] == "DTMF"
        and row["uniqueid"] in calls
        and row["at"] > entered.get(row["uniqueid"], 1 << 62) + SETTLING
        and calls[row["uniqueid"]]["ended_at"] - row["at"] > REACTION
    ]
    return [calls[row["uniqueid"]] for row in keys if row["uniqueid"] not in heard], len(keys)
