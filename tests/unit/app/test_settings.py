"""Defaults that keep two systems apart and real callers away from robots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from ivr.settings import Settings
from tests.command import run


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


def test_what_is_given_comes_before_the_environment_whose_names_may_be_small(monkeypatch):
    monkeypatch.setenv("ivr_node", "desk7")
    monkeypatch.setenv("IVR_SHIFT", "7")
    assert (Settings().node, Settings().shift) == ("desk7", 7)
    assert (Settings(node="desk8", shift=8).node, Settings(shift=8).shift) == ("desk8", 8)


def test_a_drain_is_twenty_seconds_unless_said_and_an_hour_at_most(monkeypatch):
    assert Settings().drain == 20
    monkeypatch.setenv("IVR_DRAIN", "3600")
    assert Settings().environment()["IVR_DRAIN"] == "3600"
    for wrong in ("-1", "3601", "long"):
        monkeypatch.setenv("IVR_DRAIN", wrong)
        with pytest.raises(ValidationError, match="drain"):
            Settings()


def test_a_setting_that_there_is_not_is_refused():
    with pytest.raises(ValidationError, match="nodes"):
        Settings(nodes="desk7")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("IVR_EXTERNAL", "desk.example", "desk.example is no address"),
        ("IVR_EXTERNAL", "999.1.1.1", "is no address"),
        ("IVR_LOCAL_NETS", '["10.0.0.0/8", "10.0.0.5/8"]', "10.0.0.5/8 is no network"),
        ("IVR_LOCAL_NETS", "10.0.0.0/8", "IVR_LOCAL_NETS cannot be read"),
        ("IVR_TRUNKS", "203.0.113.7", "IVR_TRUNKS cannot be read"),
        ("IVR_HTTP", "localhost:9180", "localhost is no address"),
        ("IVR_HTTP", "127.0.0.1", "a port from 1 to 65535"),
    ],
)
def test_a_setting_that_cannot_be_is_told_in_one_sentence(tmp_path, name, value, said):
    done = run("up", "--home", str(tmp_path), **{name: value})
    assert done.returncode == 2
    assert said in done.stderr
    assert name in done.stderr
    assert "pattern" not in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_settings_come_to_the_parts_as_they_are(monkeypatch, tmp_path):
    settings = Settings(
        home=tmp_path, external="203.0.113.5", local_nets=["10.0.0.0/8"], trunk_tls=True, http="[::1]:9180",
        tls_certificate=tmp_path / "cert.pem", tls_key=tmp_path / "key.pem",
    ).absolute()  # fmt: skip
    for key, value in settings.environment().items():
        monkeypatch.setenv(key, value)
    assert Settings().absolute() == settings
    assert Settings(**json.loads(settings.model_dump_json())) == settings
