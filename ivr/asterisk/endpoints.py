"""pjsip.conf, read back: who may call in by an endpoint, and where his calls come to."""

from __future__ import annotations

import re
from typing import NamedTuple

_SECTION = re.compile(r"\[([A-Za-z0-9_-]+)\](?:\(([!a-z-]+)\))?")
_MOVED = "TRANSFER_CONTEXT="


class Endpoint(NamedTuple):
    """An endpoint of Asterisk's."""

    proven: bool
    """Whether who calls by it must know a password; else he is known by his address alone, or not at all."""
    contexts: tuple[str, ...]
    """Where his calls come to, and what he transfers."""
    may_transfer: bool


def read_endpoints(text: str) -> dict[str, Endpoint]:
    """Return the endpoints by name."""
    found: dict[str, Endpoint] = {}
    templates: dict[str, list[str]] = {}
    for name, base, lines in _sections(text):
        own = [*templates.get(base, ()), *lines]
        if base == "!":
            templates[name] = lines
        elif "type = endpoint" in own:
            values = [line.partition(" = ")[::2] for line in own]
            contexts = [value for key, value in values if key == "context"]
            contexts += [value.removeprefix(_MOVED) for _, value in values if value.startswith(_MOVED)]
            moved = any(value.startswith(_MOVED) for _, value in values)
            found[name] = Endpoint(
                proven=any(key == "auth" and value for key, value in values),
                # Without a word about it Asterisk takes its own `default`.
                contexts=tuple(dict.fromkeys(contexts)) if moved else (*contexts, "default"),
                may_transfer=("allow_transfer", "no") not in values,
            )
    return found


def _sections(text: str) -> list[tuple[str, str, list[str]]]:
    found: list[tuple[str, str, list[str]]] = []
    for line in text.splitlines():
        if heading := _SECTION.fullmatch(line):
            found.append((heading[1], heading[2] or "", []))
        elif line and line[0] != ";" and found:
            key, _, value = line.partition("=")
            found[-1][2].append(f"{key.strip()} = {value.removeprefix('>').strip()}")
    return found
