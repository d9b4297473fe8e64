"""What every command does with what a user can get wrong: one sentence, a cure, an exit code, nothing changed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from tests.command import run

pytestmark = pytest.mark.slow


def ivr(*words, **environment):
    """Run `ivr up` as a process, since it would be one for long if it did not refuse; the others in this one."""
    if words[0] != "up":
        return run(*words, **environment)
    return subprocess.run(
        [sys.executable, "-m", "ivr", *words],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=60,
        check=False,
    )


def refused(done):
    """Return what a refusal says; it must be short, without a traceback, with exit code 2."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("ivr: ")
    return done.stderr


@pytest.mark.parametrize("command", ["status", "agents", "calls", "recordings list"])
def test_a_home_without_a_desk_names_the_command_that_starts_one(tmp_path, command):
    said = refused(ivr(*command.split(), "--home", str(tmp_path / "nowhere")))
    assert "make run" in said or "ivr up" in said
    assert not (tmp_path / "nowhere").exists()


def test_a_home_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    assert "--home" in refused(ivr("up", "--home", str(tmp_path / "file" / "home")))


def test_a_port_that_is_taken_is_named_with_a_way_out(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 5060 + 19990))
        said = refused(ivr("up", "--home", str(tmp_path / "home"), "--shift", "19990"))
    assert "SIP port" in said
    assert "--shift" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["up", "--shift", "99999"], "shift"),
        (["up", "--node", "No Such"], "node"),
        (["play", "nowhere"], "There is no desk 'nowhere'"),
        (["play", "ultralight", "--keys", "x"], "on no telephone"),
        (["play", "ultralight", "--at", "soon"], "no moment"),
        (["play", "ultralight", "--number", "5"], "Its numbers"),
        (["agi", "juggle"], "no AGI path"),
    ],
)
def test_a_wrong_option_is_told_in_one_sentence(tmp_path, words, told):
    assert told in refused(ivr(*words, IVR_HOME=str(tmp_path / "home")))


def test_a_desk_with_mistakes_does_not_start_and_every_mistake_is_told(tmp_path):
    (tmp_path / "bad.yaml").write_text("desk: bad\nnumbers: [x]\nlanguage: english\n")
    said = refused(ivr("up", "--home", str(tmp_path / "home"), "--desks", str(tmp_path), "--shift", "7000"))
    assert said.count("bad.yaml:") >= 3


def test_every_command_explains_itself():
    listed = ivr("--help").stdout
    for command in ("up", "call", "calls", "recordings", "check", "play", "prompts", "asterisk", "ledger"):
        assert f" {command} " in listed
        assert "Usage" in ivr(command, "--help").stdout
