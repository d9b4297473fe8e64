"""`ivr test`: what an admin reads of his scenarios."""

from __future__ import annotations

import json
import shutil

from tests.command import run
from tests.running import REPO


def folder(tmp_path, **scenarios):
    place = tmp_path / "desks"
    place.mkdir()
    shutil.copy(REPO / "dialplans/ultralight.yaml", place)
    (place / "scenarios").mkdir()
    for name, text in scenarios.items():
        (place / "scenarios" / f"{name}.yaml").write_text(text)
    return place


def ran(tmp_path, desks, *words):
    return run("test", *words, "--home", str(tmp_path / "home"), folder=REPO, IVR_DESKS=str(desks))


def test_a_scenario_that_comes_as_expected_is_ok(tmp_path):
    done = ran(tmp_path, folder(tmp_path, ultralight="claims:\n  keys: '4'\n  line: third\n"))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 as expected, 0 otherwise")


def test_one_that_comes_otherwise_fails_the_command_and_says_what_came(tmp_path):
    desks = folder(tmp_path, ultralight="claims:\n  keys: '3'\n  line: third\n  category: order\n")
    done = ran(tmp_path, desks)
    assert done.returncode == 1
    assert "otherwise claims" in done.stdout
    assert "lines: second; expected: third" in done.stdout
    assert "0 as expected, 1 otherwise" in done.stdout


def test_what_is_tried_is_the_file_that_is_edited_and_not_what_a_desk_serves(tmp_path):
    desks = folder(tmp_path, ultralight="claims:\n  keys: '4'\n  line: third\n")
    served = tmp_path / "home/desks"
    served.mkdir(parents=True)
    (served / "ultralight.yaml").write_text((desks / "ultralight.yaml").read_text() + "# older\n")
    (tmp_path / "home/settings.json").write_text(json.dumps({"desks": str(served)}))
    assert ran(tmp_path, desks).returncode == 0
    done = ran(tmp_path, desks, "--real")
    assert done.returncode == 2
    assert "is not what is served" in done.stderr


def test_programs_get_json(tmp_path):
    desks = folder(tmp_path, ultralight="claims:\n  keys: '3'\n  line: third\n")
    [told] = json.loads(ran(tmp_path, desks, "--json").stdout)
    assert (told["desk"], told["scenario"], told["left_out"]) == ("ultralight", "claims", "")
    assert told["differences"] == ["lines: second; expected: third"]


def test_a_desk_without_scenarios_is_told_with_the_file_to_write(tmp_path):
    done = ran(tmp_path, folder(tmp_path))
    assert done.returncode == 2
    assert "scenarios/ultralight.yaml" in done.stderr


def test_an_unknown_desk_is_told_with_the_nearest(tmp_path):
    done = ran(tmp_path, folder(tmp_path), "ultralite")
    assert done.returncode == 2
    assert "did you mean `ultralight`?" in done.stderr.lower()


def test_mistakes_of_the_file_are_told_with_their_places(tmp_path):
    done = ran(tmp_path, folder(tmp_path, ultralight="claims:\n  keys: '3'\n  line: thrid\n"))
    assert done.returncode == 2
    assert "ultralight.yaml:3:9: `thrid` is no line of this desk" in done.stderr


def test_what_needs_a_moment_of_its_own_is_left_out_of_real_calls_and_says_why(tmp_path):
    desks = folder(tmp_path, ultralight="holiday:\n  at: 2026-01-01T12:00\n  ends: goodbye\n")
    done = ran(tmp_path, desks, "--real")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "0 as expected, 0 otherwise, 1 left out")
    assert "it has a moment of its own" in done.stdout
