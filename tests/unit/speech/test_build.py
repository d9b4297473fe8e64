import pytest

from ivr.errors import DeskError
from ivr.flows.reader import read_desk
from ivr.speech.build import build
from ivr.speech.engine import Engine, engines, pick
from ivr.speech.library import made_path
from ivr.speech.manifest import read_manifest
from ivr.speech.rhvoice import RHVoice

pytestmark = pytest.mark.slow

CONFIRMED = {f"en/agent.{word}" for word in ("ready", "paused", "out", "unknown")}
"""What every desk says to its agents when they dial a code."""


def test_only_missing_and_stale_prompts_are_made(desk, desks, engine, choose, desk_text):
    assert build(desk, desks, choose) == 7
    assert build(desk, desks, choose) == 0
    (desks / "shop.yaml").write_text(desk_text.replace("Hello.", "Good day."), encoding="utf-8")
    assert build(read_desk(desks / "shop.yaml"), desks, choose) == 1
    assert engine.spoken[-1] == "Good day."


def test_force_makes_all_but_what_a_person_recorded_and_the_bytes_are_the_same(desk, desks, choose, engine):
    build(desk, desks, choose)
    before = {path: path.read_bytes() for path in (desks / "shop").rglob("*.*")}
    (desks / "shop/recorded/en").mkdir(parents=True)
    (desks / "shop/recorded/en/menu.wav").write_bytes(b"a person")
    engine.spoken.clear()
    assert build(desk, desks, choose, force=True) == 6
    assert "Press one." not in engine.spoken
    assert {path: path.read_bytes() for path in before} == before


def test_prompts_that_the_desk_no_longer_speaks_are_removed_and_strangers_stay(desk, desks, choose, desk_text):
    build(desk, desks, choose)
    stranger = desks / "shop/prompts/en/note.txt"
    stranger.write_text("mine")
    short = desk_text.replace('hello: {say: "Hello.", then: menu}\n  ', "")
    (desks / "shop.yaml").write_text(short, encoding="utf-8")
    build(read_desk(desks / "shop.yaml"), desks, choose)
    assert not made_path(desks, "shop", "hello", "en").exists()
    assert not made_path(desks, "shop", "hello", "en", ".wav16").exists()
    assert set(read_manifest(desks / "shop/prompts")) == {"en/menu", "en/sorry", *CONFIRMED}
    assert stranger.exists()


def test_what_was_made_before_a_failure_stays_in_the_manifest(desk, desks, tone_engine):
    class Tired(tone_engine):
        def speak(self, text, voice, out):
            if self.spoken:
                raise DeskError("It is tired.", "Let it rest.")
            super().speak(text, voice, out)

    with pytest.raises(DeskError, match="tired"):
        build(desk, desks, lambda _: (Tired(), "sine"))
    assert len(read_manifest(desks / "shop/prompts")) == 1


def test_a_language_without_any_voice_changes_nothing_and_tells_each_cure(desks, tone_engine, desk_text):
    words = ", ".join(f"{name.removeprefix('en/')}: Well" for name in sorted(CONFIRMED))
    (desks / "shop.yaml").write_text(desk_text.replace("language: en", "language: xx"), encoding="utf-8")
    text = (desks / "shop.yaml").read_text().replace("flow:", f"phrases: {{sorry: Sorry., {words}}}\nflow:")
    (desks / "shop.yaml").write_text(text)
    silent = tone_engine()
    with pytest.raises(DeskError, match="voice for language xx") as error:
        build(read_desk(desks / "shop.yaml"), desks, lambda language: pick(language, among=[silent]))
    assert silent.cure in error.value.cure
    assert not (desks / "shop").exists()


def test_an_unknown_engine_is_refused_with_the_names_of_the_known():
    with pytest.raises(DeskError, match="no speech engine nobody") as error:
        pick("en", "nobody")
    assert all(engine.name in error.value.cure for engine in engines())


def test_an_engine_that_is_not_here_is_passed_over(tone_engine):
    absent, here = tone_engine(version=None), tone_engine()
    assert pick("en", among=[absent, here]) == (here, "sine")


def test_our_own_engines_are_engines():
    assert {engine.name for engine in engines()} >= {"rhvoice", "piper", "espeak-ng"}
    assert all(isinstance(engine, Engine) for engine in engines())


def test_rhvoice_never_takes_a_voice_that_forbids_commercial_use_by_itself(tmp_path, monkeypatch):
    for name in ("arina", "mikhail", "elena"):
        (tmp_path / name).mkdir()
    assert RHVoice(tmp_path).voice("ru") == "elena"
    assert RHVoice(tmp_path).voice("de") is None
    monkeypatch.setenv("IVR_RHVOICE_RU", "arina")
    assert RHVoice(tmp_path).voice("ru") == "arina"
