"""A desk drawn: as Mermaid's flowchart, for a page; as a tree, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.flows.model import HANG_UP, VOICEMAIL, Desk, Line, Menu, Node, Say, Split, Way, When, way_to

_SHAPES = {
    "say": ("([", "])"),
    "menu": ("{{", "}}"),
    "script": ("[[", "]]"),
    "split": ("{", "}"),
    "when": ("{", "}"),
    "line": ("[/", "/]"),
    "end": ("((", "))"),
}


def mermaid(desk: Desk) -> str:
    """Return the flowchart: where a call begins, each node, line and end, and each way with its key and category."""
    (_, first), *others = beginnings_of(desk)
    lines = ["flowchart TD", f'  call(["{", ".join(desk.numbers)}"]) --> {_id(first.then)}']
    lines += [f"  call --{_edge(label)}> {_id(way.then)}" for label, way in others]
    for name, node in desk.flow.items():
        lines.append(f"  {_id(name)}{_shape(kind_of(node), name)}")
        lines += [f"  {_id(name)} --{_edge(label)}> {_id(way.then)}" for label, way in ways_of(node)]
    for name, line in desk.lines.items():
        agents = ", ".join(line.agents)
        lines.append(f"  {_id(name)}{_shape('line', f'{name}: {agents}')}")
        lines.append(f"  {_id(name)} --{_edge(overflow_of(line))}> {_id(line.then)}")
    targets = {way.then for node in desk.flow.values() for _, way in ways_of(node)}
    targets |= {line.then for line in desk.lines.values()} | {way.then for _, way in others}
    lines += [f"  {_id(end)}{_shape('end', end)}" for end in (HANG_UP, VOICEMAIL) if end in targets]
    return "\n".join(lines) + "\n"


def tree(desk: Desk) -> Iterator[str]:
    """Yield the lines of a tree; what was drawn already is only named."""
    yield f"{desk.desk}  {', '.join(desk.numbers)}"
    drawn: set[str] = set()
    yield from _branches(desk, list(beginnings_of(desk)), "", drawn)
    for name, line in desk.lines.items():
        yield f"line {name}: {', '.join(line.agents)}"
        yield from _branches(desk, [(overflow_of(line), way_to(line.then))], "", drawn)


def _branches(desk: Desk, ways: list[tuple[str, Way]], indent: str, drawn: set[str]) -> Iterator[str]:
    for place, (label, way) in enumerate(ways):
        last = place == len(ways) - 1
        name = way.then
        node = desk.flow.get(name)
        word = f"{label} → " if label else ""
        again = " …" if node and name in drawn else ""
        what = f" ({kind_of(node)})" if node else " (line)" if name in desk.lines else ""
        yield f"{indent}{'└─' if last else '├─'} {word}{name}{what}{again}"
        if node and name not in drawn:
            drawn.add(name)
            yield from _branches(desk, list(ways_of(node)), indent + ("   " if last else "│  "), drawn)


def beginnings_of(desk: Desk) -> Iterator[tuple[str, Way]]:
    """Yield the ways of a call that arrives, with their labels; the usual one is first and has none."""
    yield "", way_to(desk.first_node)
    for rule in desk.callers:
        if rule.way:
            more = f" and {len(rule.who) - 2} more" if len(rule.who) > 2 else ""
            yield _labelled(", ".join(rule.who[:2]) + more, rule.way), rule.way
    if desk.hours:
        yield _labelled("closed", desk.hours.closed), desk.hours.closed


def ways_of(node: Node) -> Iterator[tuple[str, Way]]:
    """Yield a node's ways with their labels."""
    if isinstance(node, Say):
        yield "", way_to(node.then)
    elif isinstance(node, Menu):
        for key, way in node.options.items():
            yield _labelled(key, way), way
        unanswered = node.no_answer or way_to(HANG_UP)
        yield _labelled("no answer", unanswered), unanswered
    elif isinstance(node, Split):
        for target, share in node.split.items():
            yield f"{share} %", way_to(target)
    elif isinstance(node, When):
        for span, target in (*node.when.items(), ("otherwise", node.otherwise)):
            yield span, way_to(target)
    else:
        for answer, way in (*node.answers.items(), ("otherwise", node.otherwise)):
            yield _labelled(answer, way), way


def _labelled(word: str, way: Way) -> str:
    return " ".join((word, *([f"[{way.category}]"] if way.category else []), *([way.language] if way.language else [])))


def overflow_of(line: Line) -> str:
    """Return the label of a line's way on."""
    return f"after {line.wait.total_seconds():g} s"


def kind_of(node: Node) -> str:
    """Return `say`, `menu`, `script`, `split` or `when`."""
    return type(node).__name__.lower()


def _id(name: str) -> str:
    """Return a name that Mermaid takes for one, `end` and hyphens it does not."""
    return f"n_{name.replace('-', '_').replace(' ', '_')}"


def _shape(kind: str, text: str) -> str:
    begin, end = _SHAPES[kind]
    return f"{begin}{_quoted(text)}{end}"


def _edge(label: str) -> str:
    return f" {_quoted(label)} --" if label else ""


def _quoted(text: str) -> str:
    """Return a label as Mermaid reads it: `#` begins an entity of its own there."""
    return f'"{text.replace("#", "#35;").replace(chr(34), "#quot;")}"'
