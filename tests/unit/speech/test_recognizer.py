"""A message is heard in a process that may hang, crash, eat memory or lie, and nobody else notices."""

from __future__ import annotations

import asyncio
import io
import os
import random
import sys
import wave
from functools import partial
from pathlib import Path

import pytest

from ivr.desk.ports_recognizer import NotHeardError, Word
from ivr.speech.hear import LONGEST, RATE, read_message
from ivr.speech.models import POCKETSPHINX, VOSK, WHISPER, Model, model_for, models, strangers
from ivr.speech.recognizer import PROGRAM, Limits, ProcessRecognizer
from ivr.speech.wav import wav_bytes
from tests.running import DEMO

FAKE = Model(VOSK, "small", None)
QUICK = Limits(start=5.0, processor=1.0, wall=1.0)
ANSWER = 'print(\'{"words": [["call", 0.5], ["me", 1]]}\')'


def fake(program, limits=QUICK, environment=os.environ):
    """Return a recognizer whose engine is this program; its model lies in no folder."""
    command = (sys.executable, "-c", program)
    return ProcessRecognizer(lambda _: FAKE, program=command, limits=limits, environment=environment)


@pytest.fixture
def wav(tmp_path):
    (tmp_path / "message.wav").write_bytes(wav_bytes(bytes(16000), 8000))
    with (tmp_path / "message.wav").open("rb") as file:
        yield file


async def test_words_come_with_engine_model_and_the_mean_of_their_confidence(wav):
    heard = await fake(ANSWER).hear(wav, "en", 1.0)
    assert heard.words == [Word("call", 0.5), Word("me", 1.0)]
    assert (heard.text, heard.confidence, heard.model) == ("call me", 0.75, "small")
    assert heard.engine.startswith("vosk ")


async def test_the_engine_gets_the_sound_on_its_standard_input_and_what_it_is_to_do(wav):
    told = "[[str(len(data)), 1], *([word, 1] for word in sys.argv[1:])]"
    program = f"import json, sys; data = sys.stdin.buffer.read(); print(json.dumps({{'words': {told}}}))"
    heard = await fake(program).hear(wav, "en", 1.0)
    assert heard.text == "16044 vosk en"


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "died: SIGSEGV"),
        ("raise SystemExit(3)", "died: exit code 3"),
        ("print('no answer of ours')", "answer is none"),
        ("print('{\"words\": 7}')", "answer is none"),
        ("", "answer is none"),
        ("import sys\nwhile True: sys.stdout.write('x' * 65536)", "no end"),
        ("import json; print(json.dumps({'failed': 'ValueError: it is no WAV file'}))", "it is no WAV file"),
        ("x = bytearray(16 << 30); " + ANSWER, "exit code 1"),
        ("import os; os.write(os.open('left', os.O_WRONLY | os.O_CREAT), b'words'); " + ANSWER, "exit code 1"),
    ],
)
async def test_whatever_an_engine_does_is_one_failed_try_with_its_reason(wav, tmp_path, monkeypatch, program, why):
    """It crashes, ends, talks rubbish or without end, asks for more memory than it may have, or writes a file."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotHeardError, match=why):
        await fake(program).hear(wav, "en", 1.0)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_an_engine_that_hangs_is_killed_with_all_that_it_started(wav, tmp_path):
    pids = tmp_path / "pids"
    program = f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
os.mkdir({str(pids)!r})
os.mkdir({str(pids)!r} + f"/{{os.getpid()}}")
os.mkdir({str(pids)!r} + f"/{{child.pid}}")
time.sleep(60)
"""
    with pytest.raises(NotHeardError, match="no answer within"):
        await fake(program, Limits(start=1.0, wall=0.0)).hear(wav, "en", 1.0)
    found = [int(one.name) for one in pids.iterdir()]
    assert len(found) == 2
    while any(map(_lives, found)):
        await asyncio.sleep(0.01)


async def test_an_engine_that_turns_in_circles_is_ended_by_the_kernel(wav):
    with pytest.raises(NotHeardError, match=r"SIGXCPU|SIGKILL"):
        await fake("while True: pass", Limits(start=1.0, processor=0.0, wall=60.0)).hear(wav, "en", 1.0)


async def test_who_stops_asking_leaves_no_engine_behind(wav, tmp_path):
    place = tmp_path / "pid"
    place.mkdir()
    program = f"import os, time; os.mkdir({str(place)!r} + f'/{{os.getpid()}}'); time.sleep(60)"
    task = asyncio.create_task(fake(program).hear(wav, "en", 1.0))
    while not any(place.iterdir()):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _lives(int(next(place.iterdir()).name))


async def test_who_stops_asking_while_it_begins_leaves_no_engine_behind_either(wav, tmp_path):
    program = f"import os, time; os.mkdir({str(tmp_path)!r} + f'/pid{{os.getpid()}}'); time.sleep(60)"
    for turns in range(4):
        task = asyncio.create_task(fake(program).hear(wav, "en", 1.0))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not any(_lives(int(one.name.removeprefix("pid"))) for one in tmp_path.glob("pid*"))


async def test_an_engine_is_the_last_on_the_processors_and_knows_no_setting_of_ours(wav):
    told = "[[str(os.nice(0)), 1], [os.getenv('IVR_DATABASE', 'none'), 1]]"
    program = f"import json, os; print(json.dumps({{'words': {told}}}))"
    environment = {**os.environ, "IVR_DATABASE": "postgresql://desk:secret@127.0.0.1/ivr"}
    heard = await fake(program, environment=environment).hear(wav, "en", 1.0)
    assert heard.text == "19 none"


async def test_what_a_terminal_would_obey_or_a_database_refuse_is_no_part_of_a_word(wav):
    words = [["call\x1b[31m", 2.0], ["\x00", 0.5], ["two\nlines", -1.0], [" ", 1.0]]
    heard = await fake(f"import json; print(json.dumps({{'words': {words!r}}}))").hear(wav, "en", 1.0)
    assert heard.words == [Word("call [31m", 1.0), Word("two lines", 0.0)]


async def test_a_language_without_a_model_is_a_failed_try(wav):
    recognizer = ProcessRecognizer(lambda _: None)
    assert recognizer.languages(["ru", "en"]) == frozenset()
    with pytest.raises(NotHeardError, match="nothing here hears ru"):
        await recognizer.hear(wav, "ru", 1.0)


def _wav(channels=1, width=2, rate=8000, frames=8000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, width, rate, 0, "NONE", ""))
        out.writeframes(bytes(channels * width * frames))
    return file.getvalue()


HOSTILE = {
    "nothing": b"",
    "text": b"hello",
    "half a head": _wav()[:20],
    "two channels": _wav(channels=2),
    "eight bits": _wav(width=1),
    "no rate": _wav()[:24] + bytes(4) + _wav()[28:],
    "a rate of four billion": _wav()[:24] + b"\xff" * 4 + _wav()[28:],
    "longer than any message": _wav(rate=4000, frames=int(4000 * LONGEST) + 1),
    "compressed": _wav()[:20] + b"\x55\x00" + _wav()[22:],
    **{f"noise {seed}": b"RIFF" + random.Random(seed).randbytes(4) + b"WAVE" + random.Random(seed).randbytes(3000)
       for seed in range(20)},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_message_is_refused_before_any_engine_sees_it(name):
    with pytest.raises(ValueError, match="it is"):
        read_message(io.BytesIO(HOSTILE[name]))


def test_a_head_that_promises_more_than_there_is_gives_what_is_there():
    torn = _wav()[:40] + (16000 * 100).to_bytes(4, "little") + _wav()[44:-1]
    assert len(read_message(io.BytesIO(torn))) == pytest.approx(RATE, abs=4)


async def test_a_hostile_file_is_a_failed_try_whose_reason_the_real_program_tells(tmp_path):
    """Without any engine: the file is read first."""
    (tmp_path / "message.wav").write_bytes(HOSTILE["two channels"])
    recognizer = ProcessRecognizer(lambda _: FAKE, program=PROGRAM)
    with (tmp_path / "message.wav").open("rb") as file, pytest.raises(NotHeardError, match="one channel of 16 bits"):
        await recognizer.hear(file, "en", 1.0)


def lay(place: Path, marks) -> Path:
    for mark in marks:
        (place / mark).parent.mkdir(parents=True, exist_ok=True)
        (place / mark).write_bytes(b"x" * 100)
    return place


def test_a_model_is_known_by_its_files_its_language_by_its_folder(tmp_path):
    lay(tmp_path / "ru/vosk-model-small-ru-0.22", VOSK.marks)
    lay(tmp_path / "all/whisper-base", WHISPER.marks)
    (tmp_path / "en/half").mkdir(parents=True)
    assert [(model.engine, model.name, model.bytes) for model in models(tmp_path, "ru")] == [
        (VOSK, "vosk-model-small-ru-0.22", 200),
        (WHISPER, "whisper-base", 200),
    ]
    assert next(models(tmp_path, "de")).name == "whisper-base"
    assert strangers(tmp_path) == ["en/half"]
    assert strangers(tmp_path / "nowhere") == []


def test_a_model_whose_engine_is_not_installed_hears_nothing(tmp_path):
    if VOSK.version():
        pytest.skip("vosk is installed here")
    lay(tmp_path / "ru/small", VOSK.marks)
    assert model_for(tmp_path, "ru") is None


@pytest.mark.slow
async def test_a_real_engine_hears_real_speech_of_telephone_quality(tmp_path):
    if POCKETSPHINX.version() is None:
        pytest.skip("pocketsphinx is not installed: pip install pocketsphinx")
    recognizer = ProcessRecognizer(partial(model_for, tmp_path))
    assert recognizer.languages(["en", "ru"]) == {"en"}
    with (DEMO / "homecare/prompts/en/voicemail.wav").open("rb") as file:
        heard = await recognizer.hear(file, "en", 5.8)
    assert {"sorry", "name", "number", "tone", "call"} <= set(heard.text.split())
    assert heard.confidence > 0.5
    assert (heard.engine.split()[0], heard.model) == ("pocketsphinx", "en-us")


@pytest.mark.slow
async def test_in_silence_and_noise_a_real_engine_finds_no_failure(tmp_path):
    if POCKETSPHINX.version() is None:
        pytest.skip("pocketsphinx is not installed: pip install pocketsphinx")
    recognizer = ProcessRecognizer(partial(model_for, tmp_path))
    for name, samples in (("silence", bytes(32000)), ("noise", random.Random(1).randbytes(32000)), ("none", b"")):
        (tmp_path / f"{name}.wav").write_bytes(wav_bytes(samples, 8000))
        with (tmp_path / f"{name}.wav").open("rb") as file:
            assert len((await recognizer.hear(file, "en", 2.0)).words) < 10
