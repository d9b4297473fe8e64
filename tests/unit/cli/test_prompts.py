"""`ivr prompts` on the demo desks and on mistakes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.command import run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@pytest.fixture
def desks(tmp_path):
    """Give a copy of the English demo desk with its audio."""
    folder = tmp_path / "dialplans"
    shutil.copytree(ROOT / "dialplans/homecare", folder / "homecare")
    shutil.copy(ROOT / "dialplans/homecare.yaml", folder)
    return folder


def _run(desks, *words, code=0):
    done = run("prompts", *words, IVR_DESKS=str(desks), COLUMNS="200")
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_the_list_tells_present_missing_stale_and_recorded_by_a_person(desks):
    (desks / "homecare/prompts/en/sorry.wav").unlink()
    (desks / "homecare/recorded/en").mkdir(parents=True)
    shutil.copy(desks / "homecare/prompts/en/notice.wav", desks / "homecare/recorded/en/notice.wav")
    file = desks / "homecare.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("this is Homecare", "you reached Homecare"), encoding="utf-8"
    )
    states = {row["id"]: row["state"] for row in json.loads(_run(desks, "list", "--json"))}
    assert states.pop("sorry") == "missing"
    assert states.pop("notice") == "recorded"
    assert states.pop("greeting") == "stale"
    assert set(states.values()) == {"present"}
    assert "stale" in _run(desks, "list", "homecare")


def test_building_a_desk_that_has_all_does_nothing_and_needs_no_voice(desks):
    assert _run(desks, "build", "homecare") == "homecare: nothing to do\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [(("build", "nobody"), "no desk nobody"), (("build", "--force", "--engine", "parrot"), "no speech engine parrot")],
)
def test_a_mistake_is_a_sentence_and_a_cure_and_changes_nothing(desks, words, told):
    before = {path: path.read_bytes() for path in desks.rglob("*.*")}
    error = _run(desks, *words, code=2)
    assert told in error
    assert "Traceback" not in error
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="apt-get is not on this machine")
def test_the_commands_that_install_voices_can_be_seen_without_root(desks):
    told = _run(desks, "install-voices", "--show")
    assert "non-free" in told
    assert "rhvoice-russian" in told
    assert "SourceParts=/dev/null" in told


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not on this machine")
def test_the_last_resort_speaks_a_changed_text_and_says_so_in_the_manifest(desks):
    file = desks / "homecare.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("this is Homecare", "you reached Homecare"), encoding="utf-8"
    )
    assert _run(desks, "build", "--engine", "espeak-ng") == "homecare: 1 made\n"
    rows = {row["id"]: row for row in json.loads(_run(desks, "list", "--json"))}
    assert (rows["greeting"]["state"], rows["greeting"]["engine"]) == ("present", "espeak-ng")
    assert rows["sorry"]["engine"] == "piper"
