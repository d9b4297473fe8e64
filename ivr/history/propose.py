"""A map proposed from a file's own content: every queue, agent and number in it, with how often it was met."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from ivr.history.naming import extension
from ivr.history.rows import Row, one_line

_MOST = 200
"""Names of one sort; more are no agents but telephone numbers of callers."""


class Names:
    """Counts the names that a file uses."""

    def __init__(self) -> None:
        self.queues: Counter[str] = Counter()
        self.agents: Counter[str] = Counter()
        self.numbers: Counter[str] = Counter()

    def take(self, row: Row) -> None:
        """Count what one row names."""
        if row.kind == "queue_log":
            if row.event == "ENTERQUEUE":
                self.queues[row.get("queue")] += 1
            elif row.event in ("CONNECT", "RINGNOANSWER", "ADDMEMBER", "PAUSE"):
                self.agents[row.get("agent")] += 1
        elif row.kind == "cdr":
            if row.get("lastapp") == "Queue":
                self.queues[row.get("lastdata").partition(",")[0]] += 1
            if number := extension(row.get("dstchannel")):
                self.agents[number] += 1
            if row.get("did"):
                self.numbers[row.get("did")] += 1
        elif row.event == "APP_START" and row.get("appname") == "Queue":
            self.queues[row.get("appdata").partition(",")[0]] += 1
        elif row.event == "CHAN_START" and (number := extension(row.get("channame"))):
            self.agents[number] += 1


def propose(rows: Iterable[Row], desks: Mapping[str, Collection[str]], *, system: str, zone: str) -> str:
    """Return the text of a map file; what it cannot know is said in its comments."""
    names = Names()
    for row in rows:
        names.take(row)
    desk = next(iter(desks), "shop")
    lines = [
        f"system: {system}    # begins the ids of the calls",
        f"desk: {desk}    # of calls through queues and numbers that are not named here",
        f"time zone: {zone or 'UTC'}    # of the machine that wrote the files",
    ]
    lines += _section("queues", names.queues, lambda name: _place(name, desks, desk))
    lines += _agents(names.agents)
    lines += _section("numbers", names.numbers, lambda _: desk)
    return "\n".join(lines) + "\n"


def _section(title: str, counts: Counter[str], meaning: Callable[[str], str]) -> list[str]:
    known = [(name, count) for name, count in counts.most_common() if name and name != "NONE"]
    if not known:
        return []
    lines = [f"{title}:"]
    lines += [f"  {_quoted(name)}: {meaning(name)}    # {count} rows" for name, count in known[:_MOST]]
    if len(known) > _MOST:
        lines.append(f"  # and {len(known) - _MOST} more")
    return lines


def _place(queue: str, desks: Mapping[str, Collection[str]], desk: str) -> str:
    for name, lines in desks.items():
        for line in lines:
            if queue in (f"{name}-{line}", line):
                return f"{{desk: {name}, line: {line}}}"
    first = next(iter(desks.get(desk, ())), "first")
    return f"{{desk: {desk}, line: {first}}}"


def _agents(counts: Counter[str]) -> list[str]:
    """Return the agents that need a line: extensions mean themselves, names mean nothing to us."""
    known = sorted({number for name in counts if (number := extension(name))})
    strange = [
        (name, count) for name, count in counts.most_common(_MOST) if name not in ("", "NONE") and not extension(name)
    ]
    lines = [f"# agents by their extensions, as they are: {', '.join(known[:_MOST])}"] if known else []
    if strange:
        lines.append("agents:    # write each one's number, and take the # away")
        lines += [f'  # {_quoted(name)}: "201"    # {count} rows' for name, count in strange]
    return lines


def _quoted(name: str) -> str:
    return json.dumps(one_line(name, 80), ensure_ascii=False)
