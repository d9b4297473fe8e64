"""A rendered dialplan as a graph: which contexts a call can come to from which; rather too many ways than too few."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[A-Za-z0-9_+*-]+(?:\$\{[^{}]*\}[A-Za-z0-9_-]*)*")
_JUMP = re.compile(r"(?:Goto|GotoIf|Gosub|GosubIf|ExecIf|Dial|ChannelRedirect|Queue|Macro|Set|MSet|AGI)\(")


class Dialplan:
    """`extensions.conf`, with the members of `queues.conf` that a `Queue` rings."""

    def __init__(self, extensions: str, queues: str) -> None:
        self.lines = sections(extensions)
        members = set(re.findall(r"^member => Local/[^@\s]+@([a-z0-9-]+)", queues, re.MULTILINE))
        self.ways = {name: self._ways(lines, members) for name, lines in self.lines.items()}

    def reached(self, starts: Iterable[str]) -> set[str]:
        """Return every context that a call may come to from these, themselves among them."""
        reached: set[str] = set()
        ahead = list(starts)
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead += self.ways.get(name, ())
        return reached

    def dials(self, contexts: Iterable[str]) -> set[str]:
        """Return whom these contexts dial, without what decides about a telephone's kind."""
        lines = (line for name in contexts for line in self.lines.get(name, ()))
        return {found for line in lines for found in re.findall(r"(?<![A-Za-z])Dial\(([^,]*)", line)}

    def _ways(self, lines: Iterable[str], members: set[str]) -> set[str]:
        """Every context whose name stands anywhere in the lines; a variable in a name stands for anything."""
        found: set[str] = set()
        for line in lines:
            if include := re.fullmatch(r"include => (\S+)", line):
                found.add(include[1])
            for word in _WORD.findall(line) if _JUMP.search(line) else ():
                shape = re.sub(r"\\\$\\\{[^{}]*\\\}", ".*", re.escape(word))
                found |= {name for name in self.lines if re.fullmatch(shape, name)}
            if "Queue(" in line:
                found |= members
        return found


def sections(text: str) -> dict[str, list[str]]:
    """Return section → its lines, comments left out; a section that stands there twice has the lines of both."""
    found: dict[str, list[str]] = {}
    section: list[str] = []
    for line in text.splitlines():
        if heading := re.match(r"\[([^\]]+)\]", line):
            section = found.setdefault(heading[1], [])
        elif line.strip() and not line.startswith(";"):
            section.append(line.strip())
    return found


def endpoints(pjsip: str) -> Mapping[str, Mapping[str, list[str]]]:
    """Return endpoint → key → its values, of `pjsip.conf`."""
    found: dict[str, dict[str, list[str]]] = {}
    for heading, body in re.findall(r"^\[([^\]]+)\](?:\([^)]*\))?\n((?:(?!\[).*\n?)*)", pjsip, re.MULTILINE):
        values: dict[str, list[str]] = {}
        for key, value in re.findall(r"^([a-z_0-9]+) *=>? *(.*?)\s*$", body, re.MULTILINE):
            values.setdefault(key, []).append(value)
        if "context" in values:
            found[heading] = values
    return found
