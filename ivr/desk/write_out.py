"""Messages of the voicemail are written out: one at a time, the fewest tries first, then the newest.

A try is counted before it is made. So a file at which the engine, or all of us, dies is given up after a few tries,
whatever died, and the others have their turn. What is written is never written again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

import structlog

from ivr.desk.ports_recognizer import Message, MessageTexts, NotHeardError, Recognizer
from ivr.desk.recording_path import open_recording
from ivr.errors import DeskError
from ivr.flows.model import Desk

EVERY = 5.0
"""Seconds between two looks while nothing waits."""
LOOK_ROUND = 60.0
"""Seconds for which it counts which languages are spoken here, and which can be heard."""

Spoken: TypeAlias = tuple[Mapping[str, str], frozenset[str]]
"""The language that each desk speaks unless a caller picks another one, and all languages of all desks."""

_log = structlog.get_logger("ivr.messages")


class Writer:
    """Writes the next message out, again and again."""

    def __init__(
        self,
        texts: MessageTexts,
        recognizer: Recognizer,
        root: Path,
        spoken: Callable[[], Spoken],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`root` is the recordings folder; `spoken` tells what the desk files say now."""
        self._texts = texts
        self._recognizer = recognizer
        self._root = root
        self._spoken = spoken
        self._clock = clock
        self._looked = float("-inf")
        self._by_desk: Mapping[str, str] = {}
        self._languages: frozenset[str] = frozenset()

    async def step(self) -> bool:
        """Try the next message; say whether there was one."""
        message = await asyncio.to_thread(self._next)
        if message is None:
            return False
        await asyncio.to_thread(self._texts.begin, message.name)
        try:
            await self._write(message)
        except asyncio.CancelledError:
            await asyncio.to_thread(self._texts.give_back, message.name)
            raise
        return True

    def _next(self) -> Message | None:
        if self._clock() - self._looked >= LOOK_ROUND:
            self._by_desk, languages = self._spoken()
            self._languages = self._recognizer.languages(languages)
            self._looked = self._clock()
        return self._texts.next(self._languages, self._by_desk) if self._languages else None

    async def _write(self, message: Message) -> None:
        try:
            with await asyncio.to_thread(open_recording, self._root, message.path) as wav:
                heard = await self._recognizer.hear(wav, message.language, message.seconds)
        except (DeskError, NotHeardError, OSError) as error:
            last = await asyncio.to_thread(self._texts.fail, message.name, str(error))
            _log.warning("message_not_written_out", call_id=message.call_id, reason=str(error), given_up=last)
            return
        kept = await asyncio.to_thread(self._texts.keep, message.name, message.language, heard)
        # What he said is personal, and stands in no log.
        _log.info("message_written_out", call_id=message.call_id, words=len(heard.words), by=heard.engine, kept=kept)


def spoken_by(desks: Iterable[Desk]) -> Spoken:
    """Return what the desks speak."""
    found = list(desks)
    languages = {language for desk in found for language in desk.languages}
    return {desk.desk: desk.languages[0] for desk in found}, frozenset(languages)


async def write_messages(writer: Writer, *, every: float = EVERY) -> None:
    """Write messages out until cancelled. A database or desk file that cannot be read is told once, and tried again."""
    away = False
    while True:
        busy = False
        try:
            busy = await writer.step()
            away = False
        except Exception as error:  # noqa: BLE001 - one bad moment must not be the end of all later messages
            if not away:
                _log.error("messages_not_written_out", error=str(error).splitlines()[0] if str(error) else repr(error))
            away = True
        if not busy:
            await asyncio.sleep(every)
