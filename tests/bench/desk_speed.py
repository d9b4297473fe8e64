"""How long an admin waits: a large desk checked, planned and applied; many desks compiled; Asterisk's reload beside it.

The large desk has 300 menus and 60 agents. Its commands are run as an admin runs them, each a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from ivr.asterisk.compiled import compile_flow
from ivr.flows.edition import Edition
from ivr.flows.model import Desk
from ivr.flows.reader import read_desk
from tests.running import RunningDesk, desk_folder

NODES, AGENTS = 300, 60
FEW, MANY = 100, 1000
SHIFT = 3200
TURNS = 5


def run() -> list[dict[str, Any]]:
    """Measure; return rows as `tests.bench.figures` has them."""
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder:
        place = Path(folder)
        return [*_commands(place), _growth(place)]


def large_desk(nodes: int, agents: int, *, name: str = "large", number: str = "900", first: int = 30000) -> str:
    """Return a desk file: a tree of menus of three keys, three lines."""
    numbers = [str(first + place) for place in range(agents)]
    lines = ("first", "second", "third")
    shares = {line: numbers[place::3] or numbers[:1] for place, line in enumerate(lines)}
    text = [f"desk: {name}", f'numbers: ["{number}"]', "language: en", "agents:"]
    text += [f"  {agent}: Agent {agent}" for agent in numbers]
    text += ["categories: {sale: a sale, repair: a repair}", "lines:"]
    for line, then in zip(lines, ("second", "third", "hang up"), strict=True):
        text.append(f"  {line}: {{agents: [{', '.join(shares[line])}], ring: 15s, wait: 30s, then: {then}}}")
    text.append("flow:")
    for node in range(nodes):
        text += [f"  node{node}:", f"    menu: This is menu {node}.", "    wait: 2s"]
        for key in (1, 2, 3):
            child = 3 * node + key
            to = f"node{child}" if child < nodes else lines[key - 1]
            text.append(f"    {key}: {{category: {'sale' if key % 2 else 'repair'}, then: {to}}}")
        text.append("    no answer: {then: first}")
    return "\n".join(text) + "\n"


def _commands(place: Path) -> list[dict[str, Any]]:
    text = large_desk(NODES, AGENTS)
    desks = desk_folder(place / "desks", {"large": text})
    desk = RunningDesk(place / "home", SHIFT, desks=desks).start()
    try:
        check = _took(lambda: _ivr("check", str(desks / "large.yaml")))  # its flow is proven the first time
        changed = text.replace("This is menu 7.", "This is the seventh menu.")
        edition = 0

        def edit() -> None:
            nonlocal edition
            edition += 1
            desk_folder(desks, {"large": changed.replace("seventh", f"seventh {edition}")})

        anew = _took(lambda: _ivr("check", str(desks / "large.yaml")), edit)
        plan = _took(lambda: desk.ivr("plan", "--desks", str(desks)), edit)
        apply = _took(lambda: desk.ivr("apply", "a new word", "--desks", str(desks)), edit)

        def turn() -> None:
            """Let a key lead elsewhere, each time at another node: such a flow was never proven before."""
            node = NODES // 3 + time.time_ns() // 1000 % (NODES // 2)
            old = f"  node{node}:\n    menu: This is menu {node}.\n"
            assert old in changed
            new = f"{old}    4: {{category: sale, then: node{time.time_ns() // 1000 % (NODES // 3)}}}\n"
            desk_folder(desks, {"large": changed.replace(old, new)})

        turned = _took(lambda: desk.ivr("plan", "--desks", str(desks)), turn)
        turned += _took(lambda: desk.ivr("apply", "another way", "--desks", str(desks)), turn)
        reload = _took(lambda: desk.asterisk("dialplan reload"))
    finally:
        desk.stop()
    return [
        _row("a desk of 300 nodes and 60 agents, `ivr check`", check, ratio=check, limit="<= 0.5 s"),
        _row("the same, one prompt changed: `ivr check`", anew),
        _row("the same, one prompt changed: `ivr plan`", plan),
        _row("the same, one prompt changed: `ivr apply`, its own call with it", apply),
        _row("the same: planned and applied", plan + apply, ratio=plan + apply, limit="<= 2 s"),
        _row(
            "the same, another flow, whose dialplan is proven: planned and applied",
            turned,
            ratio=turned,
            limit="<= 2 s",
        ),
        _row(
            "the same: `ivr apply`",
            apply,
            peer="`dialplan reload` of the same files by hand",
            peer_value=reload * 1e3,
            ratio=apply / reload,
        ),
    ]


def _growth(place: Path) -> dict[str, Any]:
    """Compile many desks of a usual size, and few; the time of one."""
    file = place / "usual.yaml"
    file.write_text(large_desk(12, 6, name="usual"))
    desk = read_desk(file)
    each = {count: _took(lambda count=count: _compile(desk, count)) / count for count in (FEW, MANY)}
    return _row(
        f"a desk of {MANY} compiled",
        each[MANY],
        peer=f"one of {FEW}",
        peer_value=each[FEW] * 1e3,
        ratio=each[MANY] / each[FEW],
        limit="<= 1.20",
    )


def _compile(desk: Desk, count: int) -> None:
    for number in range(count):
        compile_flow(Edition(desk, f"{number:012}"))


def _ivr(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "ivr", *words], check=False, capture_output=True)


def _took(act: Callable[[], Any], before: Callable[[], Any] = lambda: None) -> float:
    """Return the seconds of the middle turn."""
    times = []
    for _ in range(TURNS):
        before()
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return median(times)


def _row(name: str, seconds: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": seconds * 1e3, "unit": "ms", **more}
