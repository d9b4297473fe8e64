"""Defaults that keep two systems apart and real callers away from robots."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ivr.settings import Settings


def test_a_second_system_has_recordings_and_a_name_of_its_own():
    first, second = Settings(), Settings(home=Path("second"), shift=100)
    assert (first.recordings, first.node) == (Path("recordings"), "desk1")
    assert (second.recordings, second.node) == (Path("second/recordings"), "desk100")


@pytest.mark.parametrize(
    ("given", "staffed"),
    [({}, True), ({"bind": "192.0.2.1"}, False), ({"trunks": ["203.0.113.7"]}, False), ({"robots": False}, False)],
)
def test_robots_answer_only_where_no_real_caller_can_come_from(given, staffed):
    assert Settings(**given).robots is staffed


def test_robots_stay_where_somebody_asks_for_them():
    assert Settings(bind="192.0.2.1", robots=True).robots


@pytest.mark.parametrize("given", [{"bind": "x\ny"}, {"trunks": ["1.2.3.4\n[evil]"]}, {"trunks": ["a;b"]}])
def test_an_address_that_would_change_a_file_is_refused(given):
    with pytest.raises(ValidationError):
        Settings(**given)


def test_a_child_reads_the_same_settings_from_its_environment(monkeypatch):
    given = Settings(home=Path("/x"), shift=7, trunks=("127.0.0.1", "192.0.2.0/24"), robots=True)
    for name, value in given.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == given.absolute()
