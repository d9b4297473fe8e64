"""One message, one process: `python -m ivr.speech.hear ENGINE LANGUAGE [MODEL]`, a WAV file on its standard input.

It prints one line of JSON: `{"words": [["text", 0.93], …]}`, or `{"failed": "why"}`. Who starts it bounds its time
and memory, and kills it; nothing of an engine ever runs in a process that somebody needs.
"""

from __future__ import annotations

import json
import os
import sys
import wave
from collections.abc import Callable, Sequence
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
import soxr

RATE = 16000
"""Hz that every engine is given: their models were made from such sound."""
LONGEST = 1200.0
"""Seconds; no desk takes longer messages than 15 minutes."""
Samples: TypeAlias = npt.NDArray[np.float32]
"""One channel at `RATE`, -1 to 1."""
Words: TypeAlias = list[tuple[str, float]]
_WHOLE = 32768.0
_LOOPING = 2.4
"""Whisper's own measure: text that packs better than that says the same again and again, and nobody said it."""
_CHUNK = 4000
"""Samples that vosk gets at once."""


def main(argv: Sequence[str]) -> None:
    """Hear the message on standard input, and print what was said."""
    engine, language, model = argv[0], argv[1], argv[2] if len(argv) > 2 else ""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer of ours
    try:
        samples = read_message(sys.stdin.buffer)
        told: dict[str, str | Words] = {"words": _ENGINES[engine](samples, model, language) if len(samples) else []}
    except Exception as error:  # noqa: BLE001 - whatever it was, it is told, and counts as a try
        told = {"failed": f"{type(error).__name__}: {error}"}
    json.dump(told, answer, ensure_ascii=False)
    answer.flush()
    os._exit(0)  # an engine's own end has nothing more to say


def read_message(file: BinaryIO) -> Samples:
    """Read a WAV file of one channel and 16 bits, whatever its head promises. Raises `ValueError` for any other."""
    try:
        with wave.open(file, "rb") as sound:
            rate, frames = sound.getframerate(), sound.getnframes()
            if sound.getnchannels() != 1 or sound.getsampwidth() != 2 or not 4000 <= rate <= 48000:
                raise ValueError("it is no message: one channel of 16 bits is wanted")
            if frames > LONGEST * rate:
                raise ValueError(f"it is longer than {LONGEST:.0f} s")
            raw = sound.readframes(frames)
    except (wave.Error, EOFError, RuntimeError) as error:  # the last one from a piece that leads out of the file
        raise ValueError(f"it is no WAV file: {error or type(error).__name__}") from error
    samples = np.frombuffer(raw[: len(raw) // 2 * 2], dtype="<i2").astype(np.float32) / np.float32(_WHOLE)
    return np.asarray(soxr.resample(samples, rate, RATE), dtype=np.float32)


def _whisper(samples: Samples, model: str, language: str) -> Words:
    from faster_whisper import WhisperModel  # noqa: PLC0415 - only the engine that is asked for is there

    whisper = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)
    segments, _ = whisper.transcribe(
        samples,
        language=language.split("-", maxsplit=1)[0],
        vad_filter=True,  # in silence Whisper hears sentences that nobody said
        condition_on_previous_text=False,  # and says them again
        temperature=0.0,  # one try: more of them take several times as long
        word_timestamps=True,
    )
    words: Words = []
    for segment in segments:
        if segment.compression_ratio > _LOOPING:
            continue
        for word in segment.words or ():
            if words and not word.word.startswith(" "):  # a piece of the word before
                text, sure = words.pop()
                words.append((text + word.word, min(sure, word.probability)))
            else:
                words.append((word.word.strip(), word.probability))
    return words


def _vosk(samples: Samples, model: str, _: str) -> Words:
    import vosk  # noqa: PLC0415

    vosk.SetLogLevel(-1)
    recognizer = vosk.KaldiRecognizer(vosk.Model(model), RATE)
    recognizer.SetWords(True)
    sound = _whole_samples(samples)
    pieces = (sound[start : start + 2 * _CHUNK] for start in range(0, len(sound), 2 * _CHUNK))
    found = [recognizer.Result() for piece in pieces if recognizer.AcceptWaveform(piece)]
    found.append(recognizer.FinalResult())
    return [(word["word"], word["conf"]) for told in found for word in json.loads(told).get("result", ())]


def _pocketsphinx(samples: Samples, model: str, _: str) -> Words:
    from pocketsphinx import Decoder  # noqa: PLC0415

    decoder = Decoder(samprate=RATE, loglevel="FATAL", **({"hmm": model} if model else {}))
    decoder.start_utt()
    decoder.process_raw(_whole_samples(samples), full_utt=True)
    decoder.end_utt()
    # `<sil>` and `[NOISE]` are no words; `that(2)` is another way of saying one.
    return [(one.word.split("(")[0], one.prob) for one in decoder.seg() or () if one.word[0] not in "<["]


def _whole_samples(samples: Samples) -> bytes:
    return np.clip(np.round(samples * _WHOLE), -_WHOLE, _WHOLE - 1).astype("<i2").tobytes()


_ENGINES: dict[str, Callable[[Samples, str, str], Words]] = {
    "whisper": _whisper,
    "vosk": _vosk,
    "pocketsphinx": _pocketsphinx,
}

if __name__ == "__main__":
    main(sys.argv[1:])
