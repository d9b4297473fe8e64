"""A file of an author's: its text, and his mistakes located in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ivr.errors import AuthorError
from ivr.written.document import Document, read_document
from ivr.written.mistake import Mistake

LARGEST = 1_000_000
"""Bytes of a file; a large desk has ten thousand."""
MOST_MISTAKES = 100


def read_bytes(path: Path, kind: str) -> bytes:
    """Return the file's bytes. Raises `AuthorError`; `kind` is what it should be, such as `desk`."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise AuthorError([f"{path}:1:1: there is no such file: check the name"]) from None
    except IsADirectoryError:
        raise AuthorError([f"{path}:1:1: this is a folder: name a {kind} file in it"]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name cannot be one"
        raise AuthorError([f"{path}:1:1: the file cannot be read ({reason}): check the name and its rights"]) from None
    if len(content) > LARGEST:
        wrong = f"the file is larger than 1 MB: a {kind} is a short text; is it the right file?"
        raise AuthorError([f"{path}:1:1: {wrong}"])
    return content


def read_text(path: Path, kind: str) -> str:
    """Return the file's text. Raises `AuthorError`."""
    content = read_bytes(path, kind)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise AuthorError([f"{path}:{line}:{column}: the file is not UTF-8: save it as UTF-8"]) from None


def read_written(path: Path, kind: str) -> Document:
    """Return the file as plain values with their places. Raises `AuthorError` with what is wrong with its form."""
    document = read_document(read_text(path, kind), kind)
    if document.mistakes:
        raise author_error(f"{path}:{place.line}:{place.column}: {wrong}" for place, wrong in sorted(document.mistakes))
    return document


def located(path: Path, document: Document, mistake: Mistake) -> str:
    """Return the mistake as `file:line:column: what is wrong: the cure`."""
    place = document.place(mistake.path, at_key=mistake.at_key)
    return f"{path}:{place.line}:{place.column}: {mistake}"


def error_of(path: Path, document: Document, mistakes: Iterable[Mistake]) -> AuthorError:
    """Return the mistakes in the order of their places as one error; what is told twice stands there once."""
    ordered = sorted(mistakes, key=lambda mistake: document.place(mistake.path, at_key=mistake.at_key))
    return author_error(dict.fromkeys(located(path, document, mistake) for mistake in ordered))


def author_error(lines: Iterable[str]) -> AuthorError:
    """Return the mistakes as one error, the first hundred of them."""
    every = list(lines)
    if len(every) > MOST_MISTAKES:
        place = every[MOST_MISTAKES].split(": ", 1)[0]
        every = [*every[:MOST_MISTAKES], f"{place}: {len(every) - MOST_MISTAKES} more mistakes: mend these first"]
    return AuthorError(every)
