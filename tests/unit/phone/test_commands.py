"""`ivr call` and `ivr robots`: what a user can do wrong, told in one sentence with a cure."""

from __future__ import annotations

import json
import socket

import pytest

from ivr.app.robots import read_behaviours
from ivr.errors import DeskError
from ivr.phone.robot import Behaviour
from tests.command import run

pytestmark = pytest.mark.slow


def ivr(*words, home):
    return run(*words, "--home", str(home))


@pytest.fixture
def closed_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--keys", "2x"), "--keys cannot hold 'x'."),
        (("--say", "nosuch.wav"), "There is no sound file nosuch.wav."),
        (("--say", __file__), "is not a sound file that can be read."),
        (("--hang-up-after", "soon"), "--hang-up-after cannot be 'soon'."),
        (("--patience", "-1"), "--patience cannot be '-1'."),
        (("--to", "here"), "--to cannot be 'here'."),
        (("--to", "127.0.0.1:99999"), "--to cannot be '127.0.0.1:99999'."),
    ],
)
def test_a_wrong_option_is_one_sentence_and_a_cure(tmp_path, words, sentence):
    done = ivr("call", "100", *words, home=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_desk_that_does_not_run_is_told_with_the_cure(tmp_path, closed_port):
    done = ivr("call", "100", "--to", f"127.0.0.1:{closed_port}", home=tmp_path)
    assert done.returncode == 1
    sentence, cure = done.stderr.splitlines()
    assert sentence == f"ivr: Nothing answers at 127.0.0.1:{closed_port}."
    assert cure == "     Start the desk with `make run`, or name it by --home."
    assert done.stdout == ""


def test_a_failed_call_is_json_too_when_asked_for(tmp_path, closed_port):
    done = ivr("call", "100", "--to", f"127.0.0.1:{closed_port}", "--json", home=tmp_path)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["ended"] == {"by": "failed", "code": 408, "reason": "nobody answers there"}


def test_robots_without_a_desk_s_secrets_say_what_to_start(tmp_path):
    done = ivr("robots", home=tmp_path)
    assert done.returncode == 2
    assert "There are no secrets in" in done.stderr


def test_a_behaviour_file_names_what_differs_from_a_good_agent(tmp_path):
    path = tmp_path / "behaviour.json"
    path.write_text('{"201": {"ring": 0.5, "answer": "refuse", "tone": 700, "talk": 10}, "202": {}}')
    assert read_behaviours(path) == {"201": Behaviour(0.5, "refuse", 700, 10.0), "202": Behaviour()}


@pytest.mark.parametrize("text", ["", "[]", '{"201": {"answer": "shout"}}', '{"201": 5}', '{"201": {"ring": "x"}}'])
def test_a_wrong_behaviour_file_is_told_with_an_example(tmp_path, text):
    path = tmp_path / "behaviour.json"
    path.write_text(text)
    with pytest.raises(DeskError, match="does not say how robots behave") as failure:
        read_behaviours(path)
    assert '"answer": "refuse"' in failure.value.cure
    with pytest.raises(DeskError, match="cannot be read"):
        read_behaviours(tmp_path / "none.json")
