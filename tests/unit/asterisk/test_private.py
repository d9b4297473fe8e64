"""What a private Asterisk is taken for, and how it is run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ivr.asterisk import private
from ivr.asterisk.hostname import check_hostname
from ivr.asterisk.mirror import Source, reason, sources, version_of
from ivr.asterisk.programs import run
from ivr.asterisk.unpack import STAMP, damage, write_stamp


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1:22.10.1+dfsg+~cs6.17.60671434-1", (22, 10, 1)),
        ("Asterisk 22.10.1~dfsg+~cs6.17.60671434-1", (22, 10, 1)),
        ("Asterisk certified/20.7-cert3", ()),
        ("22.4.0~rc1", (22, 4, 0)),
        ("23.0", (23, 0)),
        ("(none)", ()),
        ("", ()),
    ],
)
def test_a_version_is_read_without_epoch_and_debians_part(text, version):
    assert version_of(text) == version


def test_a_source_is_signed_unless_it_is_trusted_by_name():
    """`trusted=yes` stands in the line only when asked for."""
    source = Source("http://127.0.0.1/debian", "forky", "main", Path("/usr/share/keyrings/k.gpg"))
    signed = "deb [target=Packages signed-by=/usr/share/keyrings/k.gpg] http://127.0.0.1/debian forky main\n"
    assert source.line() == signed
    assert source.line(trusted=True) == "deb [target=Packages trusted=yes] http://127.0.0.1/debian forky main\n"


def test_apts_error_is_given_before_its_warning_and_on_one_line():
    printed = "Get:1 x\nW: a warning\nE: Failed to fetch x  Could not connect. \nE: Some index files\n"
    assert reason(printed) == "Failed to fetch x Could not connect"
    assert reason("W: only this\n") == "only this"
    assert reason("") == "no word"


def test_mirrors_are_known_without_package_lists(tmp_path, monkeypatch):
    """On a machine that was never updated, the mirror of its release is asked for newer suites, the others are not."""
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\nDir::Etc::sourceparts "/dev/null";\n'
        f'Dir::State "{tmp_path}/state";\n'
    )
    codename = run(["sh", "-c", '. /etc/os-release; echo "$VERSION_CODENAME"']).stdout.strip()
    (tmp_path / "sources.list").write_text(
        f"deb http://127.0.0.1:9/security {codename}-security main\n"
        f"deb http://127.0.0.1:9/own {codename} main\n"
        f"deb http://127.0.0.1:9/own {codename}-updates main\n"
        "deb http://127.0.0.1:9/other anything main\n"
    )
    (tmp_path / "state/lists/partial").mkdir(parents=True)
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    found = sources()
    assert {source.site for source in found} == {"http://127.0.0.1:9/own"}
    assert len(found) == 2


def test_the_cache_follows_the_users_setting_when_it_is_absolute(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/mine")
    assert private.cache_dir() == Path("/var/cache/mine/front-desk/asterisk")
    for unusable in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", unusable)
        assert private.cache_dir() == Path("/home/somebody/.cache/front-desk/asterisk")


def a_system(folder: Path, version: str) -> Path:
    """Lay out a system's Asterisk of the version; return the folder of its program."""
    modules = folder / "usr/lib/asterisk/modules"
    sounds = folder / "usr/share/asterisk/sounds/en_US_f_Allison"
    for place in (modules, sounds, folder / "usr/sbin", folder / "usr/share/asterisk/documentation"):
        place.mkdir(parents=True)
    for name in private._NEEDED:
        (modules / name).touch()
    (sounds / "beep.wav").touch()
    (sounds.parent / "en").symlink_to("en_US_f_Allison")
    program = folder / "usr/sbin/asterisk"
    program.write_text(f"#!/bin/sh\necho 'Asterisk {version}'\n")
    program.chmod(0o755)
    return program.parent


def test_a_new_enough_asterisk_of_the_system_wins(tmp_path, monkeypatch):
    """It is run by its own name, with its own folders, and its prompts are the real folder behind the links."""
    monkeypatch.setenv("PATH", f"{a_system(tmp_path, '22.10.1')}:{os.environ['PATH']}")
    found = private.find_asterisk()
    assert found.command == (str(tmp_path / "usr/sbin/asterisk"),)
    assert found.version == (22, 10, 1)
    assert not found.private
    assert found.modules_dir == tmp_path / "usr/lib/asterisk/modules"
    assert found.sounds_en_dir == tmp_path / "usr/share/asterisk/sounds/en_US_f_Allison"


@pytest.mark.parametrize("version", ["22.10.0", "20.15.2", "nonsense"])
def test_an_old_asterisk_of_the_system_is_passed_over_aloud(version, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{a_system(tmp_path, version)}:{os.environ['PATH']}")
    said: list[str] = []
    assert private.system_asterisk(said.append) is None
    assert len(said) == 1
    assert "a private copy is taken" in said[0]


def test_an_asterisk_of_the_system_without_a_needed_module_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{a_system(tmp_path, '23.1.0')}:{os.environ['PATH']}")
    (tmp_path / "usr/lib/asterisk/modules/cel_custom.so").unlink()
    said: list[str] = []
    assert private.system_asterisk(said.append) is None
    assert "lacks modules" in said[0]


def test_the_command_runs_in_the_foreground_and_the_console_joins_it():
    """Paths with blanks stay one argument; a console without a command is interactive."""
    here = Path("/a folder/etc")
    found = private.Installation(
        ("ld.so", "--library-path", "/lib", "asterisk"), (22, 10, 1), Path("/m"), Path("/d"), Path("/s")
    )
    begin = ["ld.so", "--library-path", "/lib", "asterisk"]
    assert found.argv(here) == [*begin, "-f", "-C", "/a folder/etc/asterisk.conf"]
    assert found.cli_argv(here) == [*begin, "-C", "/a folder/etc/asterisk.conf", "-r"]
    assert found.cli_argv(here, "core stop now")[-2:] == ["-rx", "core stop now"]


@pytest.fixture
def copy(tmp_path) -> Path:
    """Make a small stamped folder."""
    (tmp_path / "root/lib").mkdir(parents=True)
    (tmp_path / "root/lib/a.so").write_bytes(b"code")
    (tmp_path / "root/lib/b.so").symlink_to("a.so")
    write_stamp(tmp_path)
    return tmp_path


def test_a_whole_copy_has_no_damage(copy):
    assert damage(copy) == ""
    assert damage(copy, thorough=True) == ""


def test_a_missing_a_cut_and_a_changed_file_are_damage(copy):
    """A change of the same size is seen only by the thorough look."""
    (copy / "root/lib/a.so").write_bytes(b"edoc")
    assert damage(copy) == ""
    assert damage(copy, thorough=True) == "root/lib/a.so is not what was unpacked"
    (copy / "root/lib/a.so").write_bytes(b"co")
    assert damage(copy) == "root/lib/a.so is not what was unpacked"
    (copy / "root/lib/a.so").unlink()
    assert damage(copy) == "root/lib/a.so is missing"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": []}', '{"files": {"a": 1}}', "\0", '{"files": {}}'])
def test_an_unreadable_stamp_does_not_pass_for_a_whole_copy(text, copy):
    (copy / STAMP).write_text(text)
    assert damage(copy)


def test_no_stamp_is_no_copy(copy):
    (copy / STAMP).unlink()
    assert damage(copy) == "it is not complete"


def test_a_stamp_takes_dangerous_rights_away(copy):
    """Unpacked as root, a set-user-id program must not lie in a cache."""
    program = copy / "root/lib/a.so"
    program.chmod(0o4755)
    write_stamp(copy)
    assert program.stat().st_mode & 0o7777 == 0o755
    assert json.loads((copy / STAMP).read_text())["files"].keys() == {"root/lib/a.so"}


def test_a_program_that_is_missing_fails_as_in_a_shell(tmp_path):
    (tmp_path / "plain").write_text("")
    assert run(["no-such-program-anywhere"]).returncode == 127
    assert run([tmp_path / "plain"]).returncode == 126


def test_a_host_name_that_does_not_resolve_is_said_with_its_cure():
    """`.invalid` never resolves; localhost always does."""
    assert check_hostname("localhost") is None
    said = check_hostname("desk.invalid")
    assert said is not None
    assert "does not know its own name, desk.invalid" in said
    assert ">> /etc/hosts" in said
