"""The Debian package, but for its Python packages, whose fetching takes a minute."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tomllib

import pytest

from tests.running import REPO

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no dpkg-deb")


@pytest.fixture(scope="module")
def deb():
    spec = importlib.util.spec_from_file_location("deb", REPO / "setup/deb.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def package(deb, tmp_path_factory):
    folder = tmp_path_factory.mktemp("deb")
    (folder / "stage").mkdir()
    deb._lay_files(folder / "stage")
    return deb._pack(folder / "stage", folder)


def told(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_the_package_brings_the_unit_the_command_and_a_place_for_desks_all_of_them_roots(package):
    files = told("dpkg-deb", "-c", package).splitlines()
    assert {" ".join(line.split()[1:2]) for line in files} == {"root/root"}
    paths = {line.split()[5] for line in files}
    assert {
        "./usr/bin/ivr",
        "./usr/sbin/front-desk",
        "./lib/systemd/system/front-desk.service",
        "./etc/front-desk/",
    } <= paths
    assert "./usr/share/doc/front-desk/examples/ultralight.yaml" in paths


def test_it_asks_for_the_python_that_its_packages_were_built_for(package):
    needs = told("dpkg-deb", "-f", package, "Depends")
    assert needs.startswith("python3 (>= 3.1")
    assert "python3 (<< 3.1" in needs


def test_the_unit_runs_the_packages_program_as_its_user(package, tmp_path):
    subprocess.run(["dpkg-deb", "-x", package, tmp_path], check=True)
    unit = (tmp_path / "lib/systemd/system/front-desk.service").read_text()
    assert "User=frontdesk\nWorkingDirectory=/\n" in unit
    assert 'ExecStart="/opt/front-desk/bin/ivr" up --home "/var/lib/front-desk/home" --desks "/etc/front-desk"' in unit


@pytest.mark.parametrize("name", ["COMMAND", "POSTINST", "PRERM", "POSTRM"])
def test_the_scripts_of_the_package_are_shell(deb, name):
    subprocess.run(["sh", "-n"], input=getattr(deb, name), text=True, check=True)


def test_packages_for_another_python_are_not_built(deb, tmp_path, monkeypatch, capsys):
    other = tmp_path / "python3"
    other.write_text("#!/bin/sh\necho 3.99\n")
    other.chmod(0o755)
    monkeypatch.setattr(deb, "SYSTEM_PYTHON", str(other))
    monkeypatch.setattr("sys.argv", ["deb.py", str(tmp_path / "out")])
    assert deb.main() == 2
    assert "would not fit" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_each_recognizer_that_can_be_chosen_is_an_optional_part_of_the_project(deb):
    parts = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(deb.RECOGNIZERS) == parts.keys()
