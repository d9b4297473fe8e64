"""Callers who are passed on: whose recording is made silent, and whose hears again."""

from __future__ import annotations

import pytest

from ivr.asterisk.passing import Passing, whom_they_hear
from ivr.errors import DeskError

CALLER = "PJSIP/trunk-1"


def row(channel: str, bridge: str, app: str = "") -> dict[str, str]:
    return {
        "Channel": channel, "BridgeId": bridge, "Application": app, "Uniqueid": f"id of {channel}", "Linkedid": "d-1.5",
    }  # fmt: skip


CHAIN = [
    row(CALLER, "b1"), row("Local/201@agents-1;1", "b1"), row("Local/201@agents-1;2", "b2"),
    row("Local/202@agents-2;1", "b2"), row("Local/202@agents-2;2", "b3"), row("PJSIP/202-1", "b3"),
]  # fmt: skip


class Manager:
    """Asterisk's answers: channels, and their variables; keeps what it was asked to change."""

    def __init__(self, rows: list[dict[str, str]], variables: dict[tuple[str, str], str]) -> None:
        self.rows, self.variables = rows, variables
        self.muted: list[tuple[str, str]] = []
        self.refuses = False

    async def action(self, name: str, _limit: float = 5.0, **fields: str) -> list[dict[str, str]]:
        key = (fields.get("Channel", ""), fields.get("Variable", ""))
        if name == "Getvar":
            return [{"Value": self.variables.get(key, "")}]
        if name == "Setvar":
            self.variables[key] = fields["Value"]
        elif name == "MixMonitorMute":
            if self.refuses:
                raise DeskError("No.")
            self.muted.append((fields["Channel"], fields["State"]))
        return [{}, *self.rows] if name == "CoreShowChannels" else [{}]


async def looked(manager: Manager, times: int = 1) -> list[str]:
    told: list[str] = []

    async def tell(act: str, values: dict[str, str]) -> None:
        told.append(f"{act} {values['IVR_CHANNEL']} {values['IVR_ABOUT']}")

    passing = Passing(manager, tell)  # type: ignore[arg-type] # it is told with a plain dict
    for _ in range(times):
        await passing.look()
    return told


def recorded(record: str, other: str = "PJSIP/202-1", *, muted: str = "") -> dict[tuple[str, str], str]:
    return {
        (CALLER, "IVR_RECORDING"): "d-1.5", (CALLER, "IVR_MUTED"): muted, (other, "IVR_RECORD"): record,
    }  # fmt: skip


def test_a_caller_hears_the_telephone_behind_any_number_of_local_channels():
    met = [(one.row["Channel"], one.other) for one in whom_they_hear(CHAIN)]
    assert met == [(CALLER, "PJSIP/202-1"), ("PJSIP/202-1", CALLER)]


def test_a_local_channel_that_waits_in_a_line_is_heard_and_one_on_its_way_is_not():
    waits = [*CHAIN[:2], row("Local/201@agents-1;2", "", "Queue")]
    assert [one.other for one in whom_they_hear(waits)] == ["Local/201@agents-1;2"]
    assert list(whom_they_hear([*CHAIN[:2], row("Local/201@agents-1;2", "", "Wait")])) == []


async def test_a_recording_is_made_silent_once_in_a_line_that_does_not_record():
    manager = Manager(CHAIN, recorded("0"))
    assert await looked(manager, 2) == [f"record-off id of {CALLER} d-1.5"]
    assert manager.muted == [(CALLER, "1")]


async def test_a_silent_recording_hears_again_in_a_line_that_records():
    manager = Manager(CHAIN, recorded("1", muted="1"))
    assert await looked(manager, 2) == [f"record-on id of {CALLER} d-1.5"]
    assert manager.muted == [(CALLER, "0")]


@pytest.mark.parametrize("record", ["", "1"])
async def test_a_recording_that_is_as_it_should_be_or_of_no_line_is_left_alone(record):
    manager = Manager(CHAIN, recorded(record))
    assert (await looked(manager), manager.muted) == ([], [])


async def test_who_is_not_recorded_is_left_alone():
    manager = Manager(CHAIN, {("PJSIP/202-1", "IVR_RECORD"): "0"})
    assert (await looked(manager), manager.muted) == ([], [])


async def test_a_caller_beside_him_in_the_car_park_decides_nothing():
    parked = [row(CALLER, "park"), row("PJSIP/trunk-2", "park")]
    variables = recorded("0", "PJSIP/trunk-2") | {("PJSIP/trunk-2", "IVR_CALLER"): "PJSIP/trunk-2"}
    manager = Manager(parked, variables)
    assert (await looked(manager), manager.muted) == ([], [])


async def test_what_asterisk_refuses_is_tried_again_at_the_next_look():
    manager = Manager(CHAIN, recorded("0"))
    manager.refuses = True
    assert await looked(manager) == []
    manager.refuses = False
    assert await looked(manager) == [f"record-off id of {CALLER} d-1.5"]
