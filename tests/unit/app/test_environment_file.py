"""A setting in the home's `environment` is changed, and nothing else of it."""

from __future__ import annotations

import shutil
import stat
import subprocess

import pytest

from ivr.app.environment_file import set_in_environment

KEPT = "# IVR_DATABASE=commented\nIVR_BIND=192.0.2.5\n\nIVR_DATABASES=another\n"


@pytest.mark.parametrize(
    "old",
    [
        "",
        "IVR_DATABASE=old\n",
        "  ivr_database = 'old'\n",
        "IVR_DATABASE=old\nIVR_DATABASE=older\n",
        "IVR_DATABASE=o\\\nld\n",
    ],
)
def test_every_earlier_value_is_gone_and_every_other_line_stays(tmp_path, old):
    path = tmp_path / "environment"
    path.write_text(old + KEPT)
    set_in_environment(path, "IVR_DATABASE", "postgresql://ivr@host/new")
    assert path.read_text() == KEPT + "IVR_DATABASE=postgresql://ivr@host/new\n"


def test_a_last_line_without_its_end_stays_a_line_of_its_own(tmp_path):
    path = tmp_path / "environment"
    path.write_bytes(b"IVR_X=\xe9")
    set_in_environment(path, "IVR_DATABASE", "new")
    assert path.read_bytes() == b"IVR_X=\xe9\nIVR_DATABASE=new\n"


def test_a_file_that_is_not_there_is_made_for_its_owner_alone(tmp_path):
    path = tmp_path / "environment"
    set_in_environment(path, "IVR_DATABASE", "new")
    assert path.read_text() == "IVR_DATABASE=new\n"
    assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


@pytest.mark.parametrize("value", ["postgresql://a:p%40ss@h/d", "a b", """it's "so" \\ here"""])
def test_a_shell_reads_what_was_meant_as_systemd_does(tmp_path, value):
    path = tmp_path / "environment"
    set_in_environment(path, "IVR_DATABASE", value)
    command = [shutil.which("sh"), "-c", f'. {path}; printf %s "$IVR_DATABASE"']
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == value
