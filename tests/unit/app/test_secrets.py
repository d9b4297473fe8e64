"""The home's secrets."""

from __future__ import annotations

import pytest

from ivr.app.secrets import keep_secrets, read_secrets
from ivr.errors import DeskError


def test_they_are_made_once_and_only_their_owner_can_read_them(tmp_path):
    path = tmp_path / "secrets.json"
    first = keep_secrets(path, ["101", "102"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert keep_secrets(path, ["101", "102"]) == first
    assert len({*first.agents.values(), first.ami}) == 3


def test_a_new_agent_gets_a_password_and_nobody_loses_his(tmp_path):
    path = tmp_path / "secrets.json"
    first = keep_secrets(path, ["101", "102"])
    second = keep_secrets(path, ["102", "103"])
    assert second.agents.keys() == {"101", "102", "103"}
    assert {agent: second.agents[agent] for agent in first.agents} == first.agents


@pytest.mark.parametrize("text", ["", "{", "[]", '{"agents": {}}', '{"agents": [], "ami": "x"}'])
def test_a_broken_file_is_told_with_its_cure_and_left_as_it_was(tmp_path, text):
    path = tmp_path / "secrets.json"
    path.write_text(text)
    with pytest.raises(DeskError, match="Remove the file"):
        keep_secrets(path, ["101"])
    assert path.read_text() == text


def test_missing_secrets_name_the_command_that_makes_them(tmp_path):
    with pytest.raises(DeskError, match="make run"):
        read_secrets(tmp_path / "secrets.json")
