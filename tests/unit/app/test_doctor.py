"""What the doctor finds, and what it prescribes."""

from __future__ import annotations

import json
import os
import shutil
import socket

import pytest

from ivr.app.doctor import clock_state, examine
from ivr.asterisk import zones
from ivr.settings import Settings
from ivr.speech.models import POCKETSPHINX, WHISPER
from tests.command import run
from tests.running import DEMO, REPO


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home", recordings=tmp_path / "recordings", desks=DEMO, shift=7300)


def found(settings, what):
    return next(one for one in examine(settings) if one.what == what)


def test_a_fresh_machine_with_the_demo_desks_is_not_ill(settings):
    ill = [one for one in examine(settings) if one.state == "ill" and one.what != "host name"]
    assert ill == []


def test_everything_that_is_not_well_has_a_cure(settings):
    (settings.home).mkdir()
    (settings.home / "secrets.json").write_text("{}")
    (settings.home / "secrets.json").chmod(0o644)
    assert all(one.cure for one in examine(settings) if one.state != "well")


def test_secrets_that_others_may_read_are_ill(settings):
    settings.home.mkdir()
    path = settings.home / "secrets.json"
    path.write_text("{}")
    path.chmod(0o640)
    assert found(settings, "secrets") == ("secrets", "ill", f"others may read {path}", f"Run: chmod 600 {path}")
    path.chmod(0o600)
    assert found(settings, "secrets").state == "well"


@pytest.mark.parametrize(("uid", "state"), [(0, "warning"), (1000, "well")])
def test_root_is_warned_of_by_who_would_start_the_desk(settings, monkeypatch, uid, state):
    """S18."""
    monkeypatch.setattr("os.geteuid", lambda: uid)
    assert found(settings, "user").state == state


def test_root_is_warned_of_by_who_runs_the_desk_whoever_asks(settings, monkeypatch):
    """S18."""
    settings.home.mkdir()
    (settings.home / "run.json").write_text(json.dumps({"pid": os.getpid()}))
    mine = os.geteuid()
    monkeypatch.setattr("os.geteuid", lambda: 1000 if mine == 0 else 0)
    finding = found(settings, "user")
    assert (finding.state, "the desk runs " in finding.said) == ("well" if mine else "warning", True)


def test_an_asterisk_below_the_floor_is_warned_of(settings, monkeypatch, tmp_path):
    """S19."""
    old = tmp_path / "bin/asterisk"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'Asterisk 20.1.0'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    finding = found(settings, "Asterisk")
    assert (finding.state, f"{old} is 20.1.0, older than 22.10.1" in finding.said) == ("warning", True)


def test_a_zone_that_asterisk_does_not_know_is_ill(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(zones, "ZONES", tmp_path)
    finding = found(settings, "time zones")
    assert (finding.state, finding.said) == ("ill", "Asterisk does not know Europe/London, Europe/Moscow")
    assert "tzdata" in finding.cure


def test_a_port_that_another_has_is_ill(settings):
    with socket.create_server(("127.0.0.1", settings.agi_port)):
        finding = found(settings, "ports")
    assert finding.state == "ill"
    assert f"127.0.0.1:{settings.agi_port}" in finding.said


def test_a_folder_that_cannot_be_written_is_ill(settings, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert found(settings, "folders").state == "ill"


def test_prompts_without_sound_and_with_an_old_text_are_told_apart(settings, tmp_path):
    desks = tmp_path / "desks"
    shutil.copytree(DEMO, desks)
    path = desks / "homecare.yaml"
    path.write_text(path.read_text().replace("Hello, this is Homecare.", "Good day, this is Homecare."))
    mine = settings.model_copy(update={"desks": desks})
    assert found(mine, "prompts of homecare")[1:3] == ("warning", "1 of 32 say an old text")
    shutil.rmtree(desks / "homecare/prompts")
    assert found(mine, "prompts of homecare")[1:3] == ("ill", "32 of 32 have no sound")


def test_a_desk_with_mistakes_is_ill_and_the_rest_is_looked_at_all_the_same(settings, tmp_path):
    desks = tmp_path / "desks"
    desks.mkdir()
    (desks / "bad.yaml").write_text("desk: bad\n")
    findings = list(examine(settings.model_copy(update={"desks": desks})))
    assert findings[0][:2] == ("desks", "ill")
    assert {"Python", "disk", "ports"} <= {one.what for one in findings}


def test_the_kernel_says_whether_somebody_keeps_its_clock():
    assert clock_state() in (True, False, None)


def test_the_command_tells_programs_too_and_fails_when_one_is_ill(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "secrets.json").write_text("{}")
    (home / "secrets.json").chmod(0o644)
    done = run("doctor", "--json", "--home", str(home), folder=REPO, IVR_SHIFT="7310")
    assert done.returncode == 2
    assert [one["state"] for one in json.loads(done.stdout) if one["what"] == "secrets"] == ["ill"]


@pytest.fixture
def russian(settings, tmp_path):
    """Give a desk that speaks Russian alone: no engine brings that along."""
    (tmp_path / "desks").mkdir()
    shutil.copy(DEMO / "ultralight.yaml", tmp_path / "desks")
    return settings.model_copy(update={"desks": tmp_path / "desks"})


def test_where_messages_are_only_listened_to_the_doctor_says_how_they_could_be_read(russian):
    finding = found(russian, "messages")
    assert (finding.state, finding.said) == ("well", "nothing here writes them out: they are listened to")
    assert str(russian.models) in finding.cure
    (russian.models / "ru/half").mkdir(parents=True)
    finding = found(russian, "messages")
    assert finding.state == "warning"
    assert finding.said.startswith("ru/half in ")


def test_a_model_whose_engine_is_missing_is_told_with_the_engine_to_install(russian):
    if WHISPER.version():
        pytest.skip("faster-whisper is installed here")
    for mark in WHISPER.marks:
        (russian.models / "all/base").mkdir(parents=True, exist_ok=True)
        (russian.models / "all/base" / mark).write_text("x")
    finding = found(russian, "messages")
    assert finding.state == "warning"
    assert finding.cure == "Run: pip install faster-whisper"


def test_a_language_that_is_heard_is_told_with_engine_and_model_and_one_that_is_not_with_a_cure(settings):
    if POCKETSPHINX.version() is None:
        pytest.skip("pocketsphinx is not installed: pip install pocketsphinx")
    finding = found(settings, "messages")
    assert finding.said.startswith("written out: en by pocketsphinx")
    assert finding.said.endswith("(en-us); not ru")
    assert "For ru: " in finding.cure
