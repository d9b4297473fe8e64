import os
import subprocess
import sys

import pytest
import soundfile

from ivr.errors import DeskError
from ivr.flows.reader import read_desk
from ivr.speech.build import build
from ivr.speech.library import duration_of, made_path, publish, stale_prompts
from ivr.speech.wav import seconds_of, write_whole


def _states(desk, desks):
    """Return the states of what callers hear."""
    return {prompt.id: state for prompt, state in stale_prompts(desk, desks) if not prompt.id.startswith("agent.")}


def _files(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*.wav*")}


def test_every_prompt_is_missing_before_the_first_build_and_none_after_it(desk, desks, choose):
    assert _states(desk, desks) == {"hello": "missing", "menu": "missing", "sorry": "missing"}
    build(desk, desks, choose)
    assert _states(desk, desks) == {}


def test_a_changed_text_makes_its_prompt_stale_and_no_other(desk, desks, choose, desk_text):
    build(desk, desks, choose)
    (desks / "shop.yaml").write_text(desk_text.replace("Hello.", "Good day."), encoding="utf-8")
    assert _states(read_desk(desks / "shop.yaml"), desks) == {"hello": "stale"}


def test_one_rate_without_the_other_is_missing(desk, desks, choose):
    build(desk, desks, choose)
    made_path(desks, "shop", "menu", "en", ".wav16").unlink()
    assert _states(desk, desks) == {"menu": "missing"}


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg"])
def test_a_persons_recording_wins_and_is_levelled_on_its_way(built, desks, tmp_path, extension, tone):
    desk = built
    own = desks / f"shop/recorded/en/hello.{extension}"
    own.parent.mkdir(parents=True)
    soundfile.write(own, tone(900, 2.0, 44100, lead=1.0), 44100)
    assert _states(desk, desks) == {}
    assert duration_of(desks, "shop", "hello", "en") == pytest.approx(3.0, abs=0.1)
    publish(desk, desks, tmp_path / "sounds/shop")
    assert seconds_of(tmp_path / "sounds/shop/en/hello.wav") == pytest.approx(2.1, abs=0.1)
    assert seconds_of(tmp_path / "sounds/shop/en/hello.wav16") == pytest.approx(2.1, abs=0.1)
    own.unlink()
    publish(desk, desks, tmp_path / "sounds/shop")
    assert (tmp_path / "sounds/shop/en/hello.wav").read_bytes() == made_path(desks, "shop", "hello", "en").read_bytes()


def test_publishing_twice_writes_nothing_the_second_time(desk, desks, choose, tmp_path):
    build(desk, desks, choose)
    publish(desk, desks, tmp_path / "sounds/shop")
    for path in (tmp_path / "sounds/shop").rglob("*"):
        os.utime(path, (1, 1))
    publish(desk, desks, tmp_path / "sounds/shop")
    assert {path.stat().st_mtime for path in (tmp_path / "sounds/shop").rglob("*")} == {1.0}


def test_publishing_mends_a_removed_sound_and_removes_a_prompt_that_is_no_more(
    desk, desks, choose, tmp_path, desk_text
):
    build(desk, desks, choose)
    publish(desk, desks, tmp_path / "sounds/shop")
    whole = _files(tmp_path / "sounds/shop")
    (tmp_path / "sounds/shop/en/menu.wav").unlink()
    publish(desk, desks, tmp_path / "sounds/shop")
    assert _files(tmp_path / "sounds/shop") == whole
    short = desk_text.replace('hello: {say: "Hello.", then: menu}\n  ', "")
    (desks / "shop.yaml").write_text(short, encoding="utf-8")
    publish(read_desk(desks / "shop.yaml"), desks, tmp_path / "sounds/shop")
    assert {name for name in _files(tmp_path / "sounds/shop") if name[:6] != "agent."} == {
        "menu.wav",
        "menu.wav16",
        "sorry.wav",
        "sorry.wav16",
    }


def test_publishing_without_audio_names_what_is_missing_and_writes_nothing(desk, desks, tmp_path):
    with pytest.raises(DeskError, match="en/hello, en/menu, en/sorry") as error:
        publish(desk, desks, tmp_path / "sounds/shop")
    assert "ivr prompts build shop" in error.value.cure
    assert not (tmp_path / "sounds/shop").exists()


def test_a_broken_recording_stops_publishing_with_its_path(desk, desks, choose, tmp_path):
    build(desk, desks, choose)
    own = desks / "shop/recorded/en/hello.flac"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"not flac")
    with pytest.raises(DeskError, match=r"hello\.flac cannot be read as audio"):
        publish(desk, desks, tmp_path / "sounds/shop")


def test_a_broken_manifest_is_told_with_its_cure(desk, desks):
    (desks / "shop/prompts").mkdir(parents=True)
    for content in ("{", '{"prompts": {"en/hello": {"no": 1}}}', "[]"):
        (desks / "shop/prompts/manifest.json").write_text(content)
        with pytest.raises(DeskError, match=r"manifest\.json"):
            stale_prompts(desk, desks)


def test_lengths_are_read_without_the_audio_libraries():
    """`ivr check` adds up prompt by prompt, and must not wait for numpy."""
    program = "import sys, ivr.speech.library as l; print('numpy' in sys.modules or 'soundfile' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_a_length_is_none_without_audio_or_with_a_broken_file(desk, desks, choose):
    assert duration_of(desks, "shop", "hello", "en") is None
    build(desk, desks, choose)
    assert duration_of(desks, "shop", "hello", "en") == pytest.approx(0.92, abs=0.03)
    made_path(desks, "shop", "hello", "en").write_bytes(b"RIFF")
    assert duration_of(desks, "shop", "hello", "en") is None


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    write_whole(tmp_path / "a.wav", b"old")
    (tmp_path / "dir.wav").mkdir()
    with pytest.raises(OSError, match=r"dir\.wav"):
        write_whole(tmp_path / "dir.wav", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "dir.wav"]
