"""`scenarios/DESK.yaml` beside the desks: scenarios read as strictly as a desk, against the desk that they try."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path as File
from typing import Any
from zoneinfo import ZoneInfo

from ivr.flows.model import Desk
from ivr.flows.prompts import prompts_of, sources_of
from ivr.flows.scenario import ENDS, TOLD, Scenario, Way
from ivr.written.document import Document
from ivr.written.file import error_of, read_written
from ivr.written.mistake import Mistake, Path, nearest

FOLDER = "scenarios"
"""Beside the desk files."""
DOES = ("number", "from", "keys", "at", "known", "told before", "nobody at", "hangs up at")
KEYS = r"[0-9*#\- ]*"
_NUMBER = re.compile(r"\+?[0-9]{2,20}").fullmatch
_FACT = re.compile(r"[a-z_]+( [a-z0-9_]+=\S*)*").fullmatch


def read_scenarios(path: File, desk: Desk) -> tuple[Scenario, ...]:
    """Read a desk's file. Raises `AuthorError` with all its mistakes, each with its place and cure."""
    document = read_written(path, "scenario file")
    reading = _Reading(document, desk)
    scenarios = reading.scenarios()
    if reading.mistakes:
        raise error_of(path, document, reading.mistakes)
    return scenarios


class _Reading:
    """One reading of a file: takes the parts, and notes each mistake."""

    def __init__(self, document: Document, desk: Desk) -> None:
        self._value, self._desk = document.value, desk
        self.mistakes: list[Mistake] = []

    def scenarios(self) -> tuple[Scenario, ...]:
        value = self._value
        if not isinstance(value, dict) or not value:
            self._wrong((), "there is no scenario", "begin with a name, as in `a claim comes to the third line:`")
            return ()
        return tuple(self._scenario(str(name), given) for name, given in value.items())

    def _scenario(self, name: str, given: Any) -> Scenario:
        path, desk = (name,), self._desk
        if not isinstance(given, dict):
            self._wrong(path, "this is no scenario", 'write {keys: "4", line: third}', at_key=True)
            return Scenario(name)
        for key in given.keys() - {*DOES, *TOLD, "line"}:
            self._wrong(
                (*path, key), f"`{key[:60]}` is not known here", nearest(key, (*DOES, *TOLD, "line")), at_key=True
            )
        if not given.keys() & {*TOLD, "line"}:
            self._wrong(path, "it expects nothing", "say what is to come of it, as `line: third`", at_key=True)
        prompts = {prompt.id for prompt in prompts_of(desk)}
        lines = self._words((*path, "lines"), given.get("lines"), desk.lines, "line")
        if "line" in given:
            lines = (self._word((*path, "line"), given["line"], desk.lines, "line"),)
        return Scenario(
            name,
            keys=self._keys((*path, "keys"), given.get("keys", "")),
            number=self._word((*path, "number"), given["number"], desk.numbers, "number") if "number" in given else "",
            caller=self._text((*path, "from"), given.get("from", ""), _NUMBER, "telephone number", "+78120000000"),
            at=self._moment((*path, "at"), given["at"]) if "at" in given else None,
            known=self._switch((*path, "known"), given.get("known", False)),
            told_before=self._named(path, "told before", given, sources_of(desk), "source") or "",
            nobody_at=self._words((*path, "nobody at"), given.get("nobody at"), desk.lines, "line") or (),
            hangs_up_at=self._named(path, "hangs up at", given, prompts, "prompt") or "",
            expected=Way(
                hears=self._words((*path, "hears"), given.get("hears"), prompts, "prompt"),
                category=self._named(path, "category", given, ("", *desk.categories), "category"),
                source=self._named(path, "source", given, ("", *sources_of(desk)), "source"),
                lines=lines,
                whisper=self._words((*path, "whisper"), given.get("whisper"), prompts, "prompt"),
                notes=self._notes((*path, "notes"), given.get("notes")),
                ends=self._named(path, "ends", given, ENDS, "end"),
            ),
        )

    def _keys(self, path: Path, value: Any) -> tuple[str, ...]:
        if not isinstance(value, str) or not re.fullmatch(KEYS, value):
            self._wrong(
                path, f"`{str(value)[:40]}` is on no telephone", 'write 0-9, * and #, and - for silence, as in "2-1"'
            )
            return ()
        return tuple(key.replace("-", "") for key in value if key != " ")

    def _named(self, path: Path, key: str, given: dict[str, Any], known: Collection[str], what: str) -> str | None:
        return self._word((*path, key), given[key], known, what) if key in given else None

    def _word(self, path: Path, value: Any, known: Collection[str], what: str) -> str:
        word = "" if value is None else value
        if isinstance(word, str) and word in known:
            return word
        near = nearest(str(word), [one for one in known if one], "leave it out")
        self._wrong(path, f"`{str(word)[:40]}` is no {what} of this desk", near)
        return ""

    def _words(self, path: Path, value: Any, known: Collection[str], what: str) -> tuple[str, ...] | None:
        if value is None:
            return None
        if not isinstance(value, list):
            self._wrong(path, "this is no list", "write it in brackets, as in [one, two]")
            return None
        return tuple(self._word((*path, str(place)), word, known, what) for place, word in enumerate(value))

    def _notes(self, path: Path, value: Any) -> tuple[str, ...] | None:
        if value is None:
            return None
        if not isinstance(value, list):
            self._wrong(path, "this is no list", 'write it in brackets, as in ["key node=reason key=1"]')
            return None
        example = "key node=reason key=1"
        return tuple(self._text((*path, str(place)), one, _FACT, "fact", example) for place, one in enumerate(value))

    def _text(self, path: Path, value: Any, fits: Callable[[str], Any], what: str, example: str) -> str:
        if value == "" or (isinstance(value, str) and fits(value)):
            return str(value)
        self._wrong(path, f"`{str(value)[:40]}` is no {what}", f"write one such as {example}")
        return ""

    def _switch(self, path: Path, value: Any) -> bool:
        if not isinstance(value, bool):
            self._wrong(path, f"`{str(value)[:40]}` is neither true nor false", "write true or false")
        return value is True

    def _moment(self, path: Path, value: Any) -> datetime | None:
        try:
            moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            self._wrong(path, f"`{str(value)[:40]}` is no moment", "write it as 2026-12-31T18:00, in the desk's zone")
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self._desk.time_zone))

    def _wrong(self, path: Path, wrong: str, cure: str, *, at_key: bool = False) -> None:
        self.mistakes.append(Mistake(path, wrong, cure, at_key=at_key))
