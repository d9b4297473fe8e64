from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.errors import AuthorError
from ivr.flows.reader import read_desk

SMALL = """\
desk: shop
numbers: ["100"]
language: en
agents: {201: Anna, 202: Boris}
categories: {sale: sale, claim: complaint}
lines:
  first: {agents: [201], then: second}
  second: {agents: [202], then: first}
flow:
  hello: {say: Hello, then: reason}
  reason:
    menu: Sales one. Complaints two.
    1: {category: sale, then: first}
    2: {category: claim, then: second}
    no answer: first
"""


@pytest.fixture
def small() -> str:
    """Return a desk without mistakes."""
    return SMALL


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a desk file, the small desk with pieces replaced: `write({"Anna": "Alla"})`."""

    def _write(pieces: dict[str, str] | None = None, add: str = "", name: str = "shop.yaml") -> Path:
        text = SMALL
        for old, new in (pieces or {}).items():
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text + add, encoding="utf-8")
        return path

    return _write


@pytest.fixture
def mistakes(write, tmp_path: Path) -> Callable[..., list[str]]:
    """Return what writes a desk file and gives its mistakes without the folder: `shop.yaml:4:11: …`."""

    def _mistakes(pieces: dict[str, str] | None = None, add: str = "") -> list[str]:
        try:
            read_desk(write(pieces, add))
        except AuthorError as error:
            return [line.removeprefix(f"{tmp_path}/") for line in error.mistakes]
        return []

    return _mistakes
