"""Where Asterisk's control socket lies: a socket's path may have 107 bytes, a home's may have more."""

from __future__ import annotations

import os
import socket
import stat

import pytest

from ivr.asterisk.control import DEEPEST, LONGEST, check_depth, control_dir, lay_control_dir
from ivr.errors import DeskError


@pytest.fixture
def deep(tmp_path, monkeypatch):
    """Return a home whose own run folder is too deep; the machine's folder for short-lived files is the test's own."""
    machine = tmp_path / "t"
    machine.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(machine))
    home = tmp_path / ("ж" * (LONGEST // 2)) / "home"
    home.mkdir(parents=True)
    return home


def listen(folder):
    """Bind a socket as Asterisk does, under its full path."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(folder / "asterisk.ctl"))


def test_a_home_keeps_its_control_socket_when_the_path_fits(tmp_path):
    lay_control_dir(tmp_path)
    assert control_dir(tmp_path) == tmp_path / "asterisk/run"
    listen(control_dir(tmp_path))


def test_a_deep_home_has_it_in_a_short_folder_of_this_user_alone(deep):
    lay_control_dir(deep)
    lay_control_dir(deep)
    chosen = control_dir(deep)
    assert stat.S_IMODE(chosen.stat().st_mode) == 0o700
    assert (deep / "asterisk/run").resolve() == chosen
    listen(chosen)


def test_the_limit_is_that_of_the_kernel_to_the_byte(tmp_path):
    room = LONGEST - len(os.fsencode(tmp_path / "x/asterisk/run/asterisk.ctl")) + 1
    fits, too_long = tmp_path / ("x" * room), tmp_path / ("x" * (room + 1))
    assert control_dir(fits) == fits / "asterisk/run"
    assert control_dir(too_long).parent != too_long / "asterisk"
    lay_control_dir(fits)
    listen(control_dir(fits))


def test_two_deep_homes_never_share_a_folder(deep):
    assert control_dir(deep) != control_dir(deep.with_name("other"))


def test_a_machine_folder_that_is_deep_itself_is_passed_over(deep, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    assert len(os.fsencode(control_dir(deep) / "asterisk.ctl")) <= LONGEST


@pytest.mark.parametrize("laid", ["open to others", "a link", "a file"])
def test_what_somebody_else_laid_there_is_refused_with_the_cure(deep, tmp_path, laid):
    chosen = control_dir(deep)
    if laid == "open to others":
        chosen.mkdir()
        chosen.chmod(0o777)
    elif laid == "a link":
        chosen.symlink_to(tmp_path)
    else:
        chosen.touch()
    with pytest.raises(DeskError, match="shorter --home"):
        lay_control_dir(deep)


def test_a_home_that_moved_takes_the_folder_that_fits_its_new_place(deep, tmp_path):
    lay_control_dir(deep)
    moved = tmp_path / "m"
    deep.rename(moved)
    lay_control_dir(moved)
    assert not (moved / "asterisk/run").is_symlink()
    moved.rename(deep)
    (deep / "asterisk/run/asterisk.pid").touch()
    lay_control_dir(deep)
    assert (deep / "asterisk/run").resolve() == control_dir(deep)


def test_a_home_too_deep_for_asterisks_own_files_is_refused_before_anything_is_made(tmp_path):
    deepest = tmp_path / ("x" * (DEEPEST - len(os.fsencode(tmp_path)) - 1))
    check_depth(deepest)
    with pytest.raises(DeskError, match="201 bytes"):
        check_depth(deepest.with_name(deepest.name + "x"))
