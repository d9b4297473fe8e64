"""`ivr check` and `ivr schema` from the command line."""

import json
import shutil
import wave
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ivr.app import proven
from ivr.cli.check import check
from ivr.cli.schema import schema
from ivr.flows.prompts import prompts_of
from ivr.flows.reader import read_desk

DIALPLANS = Path(__file__).parents[3] / "dialplans"
app = typer.Typer()
app.command()(check)
app.command()(schema)


@pytest.fixture
def ivr(tmp_path, monkeypatch):
    """Return what runs a command with the desks of the temporary folder."""
    monkeypatch.setenv("IVR_DESKS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda *words: CliRunner().invoke(app, list(words))


def speak(path: Path, seconds: float = 1.0) -> None:
    """Record all prompts of a desk, as a person would."""
    desk = read_desk(path)
    for prompt in prompts_of(desk):
        folder = path.parent / desk.desk / "recorded" / prompt.language
        folder.mkdir(parents=True, exist_ok=True)
        with wave.open(str(folder / f"{prompt.id}.wav"), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(b"\0\0" * int(8000 * seconds))


def test_a_good_desk_is_shown_with_the_time_on_each_way(ivr, write):
    speak(write(add="budget: {time to human: 20s}\n"))
    result = ivr("check")
    assert result.exit_code == 0
    assert "shop: time to a human, 20 s promised" in result.output
    assert "1 desk: no mistakes, no warnings." in result.output
    assert "hello 1.0 s + reason 1.0 s" in result.output


def test_prompts_without_audio_are_mistakes_at_their_texts(ivr, write):
    write()
    result = ivr("check", "shop")
    assert result.exit_code == 2
    assert "shop.yaml:10:16: the prompt `hello` (en) has no audio: run `ivr prompts build shop`" in result.output
    assert "estimated from the text" in result.output


def test_all_mistakes_of_a_file_are_printed(ivr, write):
    write({"then: reason": "then: raison", "[202]": "[203]"})
    result = ivr("check")
    assert result.exit_code == 2
    assert "did you mean `reason`?" in result.output
    assert "did you mean `202`?" in result.output
    assert "1 desk: 2 mistakes, no warnings." in result.output


def test_real_audio_is_what_breaks_the_budget(ivr, write):
    speak(write(add="budget: {time to human: 9s}\n"), seconds=5.0)
    result = ivr("check")
    assert result.exit_code == 2
    assert "hello 5.0 s + reason 5.0 s = 10.0 s > 9 s" in result.output


def test_a_desk_is_checked_against_its_neighbours(ivr, write):
    speak(write(name="shop.yaml"))
    write({"desk: shop": "desk: zoo"}, name="zoo.yaml")
    assert "zoo.yaml:2:11: `100` is a number of shop.yaml too" in ivr("check", "zoo").output


def test_programs_get_json(ivr, write):
    speak(write(add="budget: {time to human: 20s}\n"))
    (report,) = json.loads(ivr("check", "--json").output)
    assert report["desk"] == "shop"
    assert report["mistakes"] == report["warnings"] == []
    assert len(report["version"]) == 12
    assert report["routes"][0] == {
        "keys": ["reason 1"],
        "line": "first",
        "silent": False,
        "seconds": 2.0,
        "estimated": False,
        "parts": [{"what": "hello", "seconds": 1.0}, {"what": "reason", "seconds": 1.0}],
    }


def test_an_unknown_desk_gets_its_nearest_neighbour(ivr, write):
    write()
    result = ivr("check", "shoop")
    assert "There is no desk `shoop`" in str(result.exception)
    assert "id you mean `shop`?" in str(result.exception)


def test_a_file_may_be_named_wherever_it_is(ivr, write, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shutil.move(write(), other / "shop.yaml")
    assert "1 desk: 7 mistakes" in ivr("check", str(other / "shop.yaml")).output
    assert "there is no such file" in ivr("check", str(tmp_path / "none.yaml")).output


def test_a_folder_without_desks_gets_one_sentence(ivr):
    assert "There is no desk in" in str(ivr("check").exception)


def test_the_schema_is_printed(ivr):
    assert json.loads(ivr("schema").output) == json.loads((DIALPLANS / "desk.schema.json").read_text(encoding="utf-8"))


def test_of_a_large_desk_the_longest_ways_are_shown_and_json_has_all(ivr, write):
    flow = "".join(
        f"  step{place}:\n    menu: Step {place}.\n    1: {{then: {'hello' if place == 39 else f'step{place + 1}'}}}\n"
        "    2: {then: first}\n    no answer: {then: first}\n"
        for place in range(40)
    )
    speak(write({"flow:\n": f"flow:\n{flow}"}))
    shown = ivr("check").output
    assert "the 30 longest ways of" in shown
    assert "step39 1.0 s" in " ".join(shown.split())
    assert len(json.loads(ivr("check", "--json").output)[0]["routes"]) > 30


PLAN = "extensions.conf.j2"


@pytest.fixture
def templates(tmp_path, monkeypatch):
    """Return a copy of our templates that the program takes for its own."""
    copy = tmp_path / "templates"
    shutil.copytree(DIALPLANS.parent / "asterisk-config", copy)
    monkeypatch.setattr(proven, "bundled", lambda _: copy)
    return copy


def test_a_dialplan_that_lets_callers_out_is_told_as_our_mistake_with_its_way(ivr, write, templates):
    speak(write(add='outbound: {allow: ["+7"]}\nbudget: {time to human: 20s}\n'))
    assert ivr("check").exit_code == 0
    text = (templates / PLAN).read_text()
    (templates / PLAN).write_text(text.replace("[inbound]\n", "[inbound]\ninclude => out-shop\n"))
    result = ivr("check")
    assert result.exit_code == 2
    assert (
        "a caller gets outside: inbound → out-shop → outside-shop → Dial(PJSIP/${IVR_OUTSIDE}@outside)" in result.output
    )
    assert (
        "this is a mistake of the program, or of a template that somebody edited, and not of your desk" in result.output
    )


def test_what_was_proven_is_not_proven_again_until_flow_or_program_change(ivr, write, templates, monkeypatch):
    path = write(add="budget: {time to human: 20s}\n")
    speak(path)
    proofs = []
    prove = proven._findings
    monkeypatch.setattr(proven, "_findings", lambda *given: proofs.append(1) or prove(*given))
    assert [ivr("check").exit_code for _ in range(3)] == [0, 0, 0]
    assert len(proofs) == 1
    path.write_text(path.read_text().replace("Good day", "Good evening") + "# another word\n")
    assert ivr("check").exit_code == 0
    assert len(proofs) == 1
    path.write_text(path.read_text().replace("then: second", "then: first", 1))
    ivr("check")
    assert len(proofs) == 2
    (templates / PLAN).write_text((templates / PLAN).read_text() + "; another word\n")
    ivr("check")
    assert len(proofs) == 3


def test_a_proof_that_cannot_be_remembered_is_made_again(ivr, write, tmp_path, monkeypatch):
    speak(write(add="budget: {time to human: 20s}\n"))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert [ivr("check").exit_code for _ in range(2)] == [0, 0]


def test_a_mistake_of_ours_is_never_remembered_as_proven(ivr, write, templates):
    speak(write(add="budget: {time to human: 20s}\n"))
    text = (templates / PLAN).read_text()
    (templates / PLAN).write_text(text.replace("FILTER(0-9+*#,", "FILTER(0-9+*#&,"))
    assert [ivr("check").exit_code for _ in range(2)] == [2, 2]


@pytest.mark.parametrize(
    ("mistake", "told"),
    [("{% if %}\n", "a template cannot be rendered: extensions.conf.j2:4: "),
     ("{{ nobody }}\n", "'nobody' is undefined"),
     ("exten => s,1,Playback(x)\n", "a line that cannot be read back: extensions.conf:4: `exten => s,1,Playback(x)`")],
)  # fmt: skip
def test_a_template_that_somebody_broke_is_one_sentence(ivr, write, templates, mistake, told):
    speak(write(add="budget: {time to human: 20s}\n"))
    lines = (templates / PLAN).read_text().splitlines(keepends=True)
    (templates / PLAN).write_text("".join((*lines[:3], mistake, *lines[3:])))
    result = ivr("check")
    assert result.exit_code == 2
    assert told in result.output


def test_desks_that_clash_are_told_so_and_nothing_of_their_dialplan(ivr, write):
    speak(write(name="shop.yaml"))
    speak(write({"desk: shop": "desk: zoo"}, name="zoo.yaml"))
    told = ivr("check").output
    assert "is a number of" in told
    assert "mistake of the program" not in told
