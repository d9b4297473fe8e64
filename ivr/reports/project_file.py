"""Project files from disk: read as strictly as desks, every mistake at once, each with its place and cure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as File
from typing import Any
from zoneinfo import ZoneInfo

from ivr.errors import AuthorError
from ivr.reports.catalogue import CATALOGUE
from ivr.reports.headings import LANGUAGES, heading_of
from ivr.reports.project import (
    CALL_COLUMNS,
    DIRECTIONS,
    FIELD_KINDS,
    FILTERS,
    LONGEST_HEADING,
    NAME,
    ROWS,
    Code,
    Column,
    Field,
    Project,
    code_column,
    fits,
    sum_column,
)
from ivr.written.document import Document
from ivr.written.file import error_of, read_written
from ivr.written.mistake import Mistake, Path, nearest

_KEYS = ("project", "title", "language", "time zone", "codes", "fields", "filters", "rows", "columns", "calls")
_NAME = re.compile(NAME, re.ASCII)


def read_project(path: File) -> Project:
    """Read a project file. Raises `AuthorError` with all mistakes of the file."""
    document = read_written(path, "project")
    if not isinstance(document.value, dict):
        raise AuthorError([f"{path}:1:1: this is no project: begin with `project: {path.stem}`"])
    reading = _Reading(document)
    project = reading.project()
    if reading.mistakes:
        raise error_of(path, document, reading.mistakes)
    return project


class _Reading:
    """One reading of a file: takes the parts, and notes each mistake."""

    def __init__(self, document: Document) -> None:
        self._value: dict[str, Any] = document.value
        self.mistakes: list[Mistake] = []

    def project(self) -> Project:
        self._known((), self._value, _KEYS)
        language = self._word(("language",), "en", LANGUAGES)
        codes, fields = dict(self._codes()), dict(self._fields())
        filters, rows = dict(self._filters()), self._word(("rows",), "day", ROWS)
        columns = tuple(self._once(self._columns(codes, fields, filters, rows, language)))
        return Project(
            id=self._name(),
            title=self._text(("title",), self._value.get("title", self._value.get("project"))),
            language=language,
            zone=self._zone(),
            codes=codes,
            fields=fields,
            rows=rows,
            columns=columns,
            filters=filters,
            calls=tuple(self._calls(fields)),
        )

    def _wrong(self, path: Path, wrong: str, cure: str, *, at_key: bool = False) -> None:
        self.mistakes.append(Mistake(path, wrong, cure, at_key=at_key))

    def _known(self, path: Path, value: Mapping[str, Any], known: Iterable[str]) -> None:
        for key in value:
            if key not in known:
                self._wrong((*path, key), f"`{key[:60]}` is not known here", nearest(key, known), at_key=True)

    def _name(self) -> str:
        name = self._value.get("project")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            cure = "write `project:` and small letters, digits and hyphens, as in `project: telemarketing`"
            wrong = f"{_shown(name)} is no name" if "project" in self._value else "the project has no name"
            self._wrong(("project",) if "project" in self._value else (), wrong, cure)
            return ""
        return name

    def _text(self, path: Path, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            self._wrong(path, "no text stands here", "write one, in quotes")
            return ""
        if len(value) > LONGEST_HEADING or not value.isprintable():
            self._wrong(path, "this is no heading", f"write one line of {LONGEST_HEADING} characters at most")
        return value.strip()

    def _word(self, path: Path, otherwise: str, known: Iterable[str]) -> str:
        value = self._value.get(path[0], otherwise)
        if not isinstance(value, str) or value not in known:
            self._wrong(path, f"{_shown(value)} is not one of the words known here", nearest(str(value), known))
            return otherwise
        return value

    def _zone(self) -> str:
        zone = self._value.get("time zone", "UTC")
        try:
            ZoneInfo(zone)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._wrong(("time zone",), f"{_shown(zone)} is no time zone", "write one such as Europe/Moscow")
            return "UTC"
        return str(zone)

    def _parts(self, name: str) -> Iterator[tuple[str, Path, Mapping[str, Any]]]:
        """Yield (name, path, what stands there as a mapping) of `codes` or `fields`."""
        part = self._value.get(name, {})
        if not isinstance(part, dict):
            self._wrong((name,), f"{_shown(part)} stands where one writes a mapping", "write `name: heading` lines")
            return
        for key, value in part.items():
            path = (name, key)
            if not _NAME.fullmatch(key):
                cure = "write small letters, digits and hyphens, beginning with a letter"
                self._wrong(path, f"{_shown(key)} is no name", cure, at_key=True)
            elif isinstance(value, dict):
                self._known(path, value, ("name", "is"))
                yield key, path, value
            else:
                yield key, path, {"name": value}

    def _codes(self) -> Iterator[tuple[str, Code]]:
        for name, path, value in self._parts("codes"):
            heading, kind = self._heading(path, value), value.get("is", "")
            if kind not in ("", "lead", "win"):
                self._wrong((*path, "is"), f"{_shown(kind)} is no kind of code", "write lead or win, or leave it out")
            yield name, Code(heading, kind if kind in ("lead", "win") else "")

    def _fields(self) -> Iterator[tuple[str, Field]]:
        for name, path, value in self._parts("fields"):
            heading, kind = self._heading(path, value), value.get("is", "text")
            if name in CALL_COLUMNS:
                wrong = f"`{name}` is a column that every list of calls has"
                self._wrong(path, wrong, "give the field another name", at_key=True)
            if kind not in FIELD_KINDS:
                self._wrong((*path, "is"), f"{_shown(kind)} is no kind of field", nearest(str(kind), FIELD_KINDS))
                kind = "text"
            yield name, Field(heading, kind)

    def _heading(self, path: Path, value: Mapping[str, Any]) -> str:
        return self._text((*path, "name") if "name" in value and len(value) > 1 else path, value.get("name"))

    def _filters(self) -> Iterator[tuple[str, frozenset[str]]]:
        part = self._value.get("filters", {})
        if not isinstance(part, dict):
            cure = "write `agent: [201, 202]` lines"
            self._wrong(("filters",), f"{_shown(part)} stands where one writes a mapping", cure)
            return
        self._known(("filters",), part, FILTERS)
        for key, value in part.items():
            words = value if isinstance(value, list) else [value]
            if not words or not all(isinstance(word, str) and word for word in words):
                self._wrong(("filters", key), "no words stand here", "write one, or several in brackets")
            elif key == "direction" and (odd := [word for word in words if word not in DIRECTIONS]):
                self._wrong(("filters", key), f"{_shown(odd[0])} is no direction", nearest(odd[0], DIRECTIONS))
            elif key in FILTERS:
                yield key, frozenset(words)

    def _columns(
        self,
        codes: Mapping[str, Code],
        fields: Mapping[str, Field],
        filters: Mapping[str, frozenset[str]],
        rows: str,
        language: str,
    ) -> Iterator[tuple[Path, Column]]:
        for path, value in self._list("columns", "add `columns:` and metrics, as `ivr metrics` lists them"):
            written = value if isinstance(value, dict) else {"metric": value}
            self._known(path, written, ("metric", "code", "sum", "name"))
            kinds = [kind for kind in ("metric", "code", "sum") if kind in written]
            if len(kinds) != 1:
                cure = "write a metric's id, or one of {metric: …}, {code: …}, {sum: …}"
                self._wrong(path, "this is no column", cure)
                continue
            kind, what = kinds[0], str(written[kinds[0]])
            at = (*path, kind) if isinstance(value, dict) else path
            name = self._text((*path, "name"), written["name"]) if "name" in written else ""
            if kind == "metric":
                if self._metric(at, what, filters, rows):
                    yield at, Column("metric", what, name or heading_of(what, language), CATALOGUE[what].unit)
            elif kind == "code":
                if self._among(at, what, codes, "codes"):
                    yield at, code_column(what, name or codes[what].heading)
            elif self._among(at, what, fields, "fields"):
                if fields[what].kind == "text":
                    wrong = f"`{what}` is a text and cannot be summed"
                    self._wrong(at, wrong, "write `is: number` or `is: money` in its field")
                yield at, sum_column(what, name or fields[what].heading, fields[what].kind)

    def _metric(self, path: Path, what: str, filters: Mapping[str, frozenset[str]], rows: str) -> bool:
        if what not in CATALOGUE:
            self._wrong(path, f"there is no metric {_shown(what)}", nearest(what, CATALOGUE))
            return False
        if odd := fits(CATALOGUE[what], rows, filters):
            others = [name for name, metric in CATALOGUE.items() if not fits(metric, rows, filters)]
            cure = f"leave it out, take another row or filter, or a metric that can, such as {', '.join(others[:4])}"
            self._wrong(path, f"`{what}` cannot be told by {odd}", cure)
            return False
        return True

    def _among(self, path: Path, what: str, known: Mapping[str, object], where: str) -> bool:
        if what not in known:
            self._wrong(path, f"{_shown(what)} is not in `{where}`", nearest(what, known, f"add it to `{where}`"))
        return what in known

    def _once(self, columns: Iterable[tuple[Path, Column]]) -> Iterator[Column]:
        """Yield the columns, each once, under a heading that no other has."""
        seen: set[tuple[str, str]] = set()
        headings: set[str] = set()
        for path, column in columns:
            if (column.kind, column.what) in seen:
                self._wrong(path, f"the column `{column.what}` stands here twice", "delete one")
            elif column.heading.casefold() in headings:
                wrong = f"two columns are called `{column.heading}`"
                self._wrong(path, wrong, "give one of them another `name:`")
            seen.add((column.kind, column.what))
            headings.add(column.heading.casefold())
            yield column

    def _calls(self, fields: Mapping[str, Field]) -> Iterator[str]:
        if "calls" not in self._value:
            return
        seen: set[str] = set()
        for path, word in self._list("calls", "write columns such as [began, number, outcome], or leave it out"):
            known = (*CALL_COLUMNS, *fields)
            if not isinstance(word, str) or word not in known:
                self._wrong(path, f"{_shown(word)} is no column of a list of calls", nearest(str(word), known))
            elif word in seen:
                self._wrong(path, f"`{word}` stands here twice", "delete one")
            else:
                seen.add(word)
                yield word

    def _list(self, name: str, cure: str) -> Iterator[tuple[Path, Any]]:
        part = self._value.get(name)
        if not isinstance(part, list) or not part:
            self._wrong((name,) if name in self._value else (), f"there is no list of `{name}`", cure)
            return
        for place, value in enumerate(part):
            yield (name, str(place)), value


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = "".join(letter if letter.isprintable() else "?" for letter in str(value))
    return f"`{text[:40]}{'…' if len(text) > 40 else ''}`"
