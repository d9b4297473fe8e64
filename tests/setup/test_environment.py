"""`make`'s first step: the Python environment, made by a bare Python in a path with a blank."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """Copy what the set-up needs; the project itself wants no packages there, so that only the set-up takes time."""
    folder = tmp_path_factory.mktemp("project") / "a clone"
    (folder / "ivr").mkdir(parents=True)
    shutil.copytree(REPO / "setup", folder / "setup")
    shutil.copytree(REPO / "ivr/asterisk", folder / "ivr/asterisk")
    for name in ("ivr/__init__.py", "ivr/errors.py", "LICENSE"):
        shutil.copy(REPO / name, folder / name)
    text = (REPO / "pyproject.toml").read_text()
    text = re.sub(r"(?m)^(dependencies|dev) = \[.*?^\]", r"\1 = []", text, flags=re.DOTALL)
    text = re.sub(r"(?m)^readme.*\n", "", text).split("[tool.hatch.build.targets.wheel.force-include]")[0]
    (folder / "pyproject.toml").write_text(text)
    assert set_up(folder).returncode == 0
    return folder


def set_up(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        ["sh", "setup/environment.sh"],
        cwd=folder,
        env=environment | {"PYTHON": sys.executable} | settings,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_second_set_up_does_and_says_nothing(project):
    before = (project / ".venv/ready.json").stat().st_mtime_ns
    again = set_up(project)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert (project / ".venv/ready.json").stat().st_mtime_ns == before


def test_the_projects_own_command_is_there(project):
    assert (project / ".venv/bin/ivr").is_file()


def test_a_package_removed_by_hand_comes_back(project):
    """The stamp knows what was installed; pip alone would trust its own notes."""
    packages = next((project / ".venv/lib").glob("python3*/site-packages"))
    shutil.rmtree(packages / "pip")
    assert set_up(project).returncode == 0
    assert (packages / "pip").is_dir()


def test_an_environment_whose_python_is_gone_is_made_again(project):
    """As after the machine's Python was upgraded or removed."""
    (project / ".venv/bin/python").unlink()
    (project / ".venv/bin/python").symlink_to("/nowhere/python3")
    assert set_up(project).returncode == 0
    subprocess.run([project / ".venv/bin/python", "-c", "import ivr"], check=True)


def test_a_moved_clone_gets_an_environment_of_its_place(project):
    """Scripts begin with the path that they were made in."""
    moved = project.with_name("another place")
    project.rename(moved)
    try:
        assert set_up(moved).returncode == 0
        assert str(moved) in (moved / ".venv/bin/ivr").read_text()
    finally:
        moved.rename(project)


def test_pips_failure_is_shown_with_one_sentence_and_the_next_run_goes_on_from_there(project):
    """Without an index nothing can be installed. It leaves an environment that is half there and has no stamp."""
    (project / ".venv/ready.json").unlink()
    shutil.rmtree(project / ".venv/bin")
    failed = set_up(project, PIP_NO_INDEX="1", PIP_FIND_LINKS="", PIP_CONFIG_FILE=os.devnull)
    assert failed.returncode == 2
    last = failed.stderr.splitlines()[-1]
    assert last.startswith("The Python packages could not be installed")
    assert "run the command again" in last
    assert "Traceback" not in failed.stderr
    assert not (project / ".venv/ready.json").exists()
    assert set_up(project).returncode == 0
    assert (project / ".venv/bin/ivr").is_file()


def test_an_old_python_is_refused_by_name(project, tmp_path):
    """A `python3` that is older than 3.11 is no Python for the desk."""
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    for name in ("dirname", "sh"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    refused = set_up(project, PATH=str(tmp_path), PYTHON="")
    assert refused.returncode == 2
    assert "Python 3.11 or later" in refused.stderr


def test_make_alone_names_the_commands():
    """Each target has its line."""
    said = subprocess.run(["make", "-C", str(REPO), "--no-print-directory"], capture_output=True, text=True, check=True)
    assert re.findall(r"^  make (\w+)", said.stdout, re.MULTILINE) == ["help", "run", "check", "test", "bench"]
