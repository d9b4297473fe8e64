"""Messages heard in a process of their own, which is bounded in time and memory and never trusted.

Its sound comes from callers, and its engine is a large library in another language: it may hang, eat memory, crash or
print rubbish. None of that reaches who asked.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from ivr.desk.ports_recognizer import Heard, NotHeardError, Word
from ivr.speech.models import Model

PROGRAM = (sys.executable, "-m", "ivr.speech.hear")
_OUR_OWN = "IVR_"
"""Settings of ours: a database's password is among them."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
"""faster-whisper knows a hub of models; what is not here is not asked for there."""
_LONGEST_WORD = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may take; it grows with the message and with the model."""

    start: float = 60.0
    """Seconds for a model to come up."""
    processor: float = 5.0
    """Seconds of the processor for each second of the message."""
    wall: float = 10.0
    """Seconds for each second of the message: others come first on the processors."""
    memory: int = 2 << 30
    """Bytes of address space, beside six times the model's size."""
    answer: int = 1 << 20
    """Bytes."""

    def patience(self, seconds: float) -> float:
        """Return after how many seconds nobody waits for a message any more."""
        return 2 * self.start + self.wall * seconds

    def command(self, seconds: float, model: Model) -> tuple[str, ...]:
        """Return what stands before a command that the kernel holds to the limits. It may write no file, either."""
        processor = round(self.start + self.processor * seconds)
        memory = self.memory + 6 * model.bytes
        bounds = (f"--cpu={processor}", f"--as={memory}", "--core=0", "--fsize=0")
        return ("prlimit", *bounds, "--", "nice", "-n", "19")


class ProcessRecognizer:
    """`ivr.desk.ports_recognizer.Recognizer` by the engines and models of this machine."""

    def __init__(
        self,
        find: Callable[[str], Model | None],
        *,
        before: Sequence[str] = (),
        program: Sequence[str] = PROGRAM,
        limits: Limits | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """`find` gives a language's model; `before` stands before each command, as what lets it die with us."""
        self._find = find
        self._before = tuple(before)
        self._program = tuple(program)
        self._limits = limits or Limits()
        self._environment = environment

    def languages(self, wanted: Collection[str]) -> frozenset[str]:
        """Return those of the languages for which there is a model whose engine is installed."""
        return frozenset(language for language in wanted if self._find(language))

    async def hear(self, wav: BinaryIO, language: str, seconds: float) -> Heard:
        """Return the words. Raises `NotHeardError` when the process gives none in its time."""
        model = self._find(language)
        if model is None:
            raise NotHeardError(f"nothing here hears {language}")
        place = [str(model.path.absolute())] if model.path else []
        argv = [*self._program, model.engine.name, language, *place]
        answer = await self._run((*self._before, *self._limits.command(seconds, model), *argv), wav, seconds)
        return Heard(_words(answer), f"{model.engine.package} {model.engine.version()}", model.name)

    async def _run(self, argv: Sequence[str], wav: BinaryIO, seconds: float) -> bytes:
        process = await self._start(argv, wav)
        patience = self._limits.patience(seconds)
        try:
            async with asyncio.timeout(patience):
                answer = await self._answer(process)
                code = await process.wait()
        except TimeoutError as error:
            raise NotHeardError(f"the engine gave no answer within {patience:.0f} s") from error
        finally:
            await _end(process)
        if code:
            raise NotHeardError(f"the engine died: {_death(code)}")
        return answer

    async def _start(self, argv: Sequence[str], wav: BinaryIO) -> asyncio.subprocess.Process:
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *argv,
                stdin=wav,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_environment(self._environment),
                start_new_session=True,
            )
        )
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:  # a process that is half begun would be nobody's
            await _end(await starting)
            raise

    async def _answer(self, process: asyncio.subprocess.Process) -> bytes:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        found = b""
        while piece := await process.stdout.read(65536):
            found += piece
            if len(found) > self._limits.answer:
                raise NotHeardError("the engine's answer has no end")
        return found


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing of it behind, whatever it has started itself."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in given.items() if not name.startswith(_OUR_OWN)}
    return kept | _ONE_THREAD | _OFFLINE


def _death(code: int) -> str:
    try:
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
    except ValueError:
        return f"signal {-code}"


def _words(answer: bytes) -> list[Word]:
    """Read an answer; what is no word, or cannot be shown, is left out. Raises `NotHeardError`."""
    try:
        told: dict[str, Any] = json.loads(answer)
        if "failed" in told:
            raise NotHeardError(f"the engine failed: {_shown(str(told['failed']))[:300]}")
        pairs = [(_shown(str(text)), float(sure)) for text, sure in told["words"]]
    except (ValueError, KeyError, TypeError) as error:
        raise NotHeardError("the engine's answer is none") from error
    return [Word(text[:_LONGEST_WORD], min(1.0, max(0.0, sure))) for text, sure in pairs if text]


def _shown(text: str) -> str:
    """Return the text as one line without what a terminal would obey, or a database refuse."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
