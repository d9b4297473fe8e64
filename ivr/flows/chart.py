"""A desk drawn as an SVG picture: boxes in columns from the call to the lines; a key is a row, where its way begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ivr.flows.drawing import beginnings_of, kind_of, overflow_of, ways_of
from ivr.flows.model import HANG_UP, VOICEMAIL, Desk, Way, way_to

CALL = "call"
"""The box where calls begin; no node has the name, for theirs are drawn with a kind."""
_CHARACTER, _ROW, _PAD = 7.3, 20, 10
"""Pixels of a character, of a row, and beside a text."""
_ACROSS, _BETWEEN, _MARGIN = 90, 22, 20
"""Pixels between columns, between boxes, and around the picture."""
_LANE = 9
"""Pixels between ways that go below the boxes."""
_COLOURS = {
    "call": "#d9ead3",
    "say": "#e8f0fe",
    "menu": "#cfe2ff",
    "script": "#ead9f7",
    "split": "#fbe3d4",
    "when": "#fbe3d4",
    "line": "#fff0c7",
    "end": "#e6e6e6",
}


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its title, a row for each way that begins here, and where it stands."""

    name: str
    kind: str
    title: str
    rows: tuple[tuple[str, str], ...]
    """Label and target."""
    column: int
    left: float = 0.0
    top: float = 0.0
    width: float = 0.0

    @property
    def height(self) -> float:
        """Pixels."""
        return _ROW * (1 + len(self.rows)) + _PAD / 2

    def moved(self, left: float, top: float, width: float) -> Box:
        """Return it at its place."""
        return Box(self.name, self.kind, self.title, self.rows, self.column, left, top, width)


def svg(desk: Desk) -> str:
    """Return the picture."""
    boxes = lay_out(desk)
    right = max(box.left + box.width for box in boxes.values()) + _ACROSS
    long = sum(boxes[to].column > box.column + 1 for box in boxes.values() for _, to in box.rows)
    bottom = max(box.top + box.height for box in boxes.values()) + _MARGIN + _LANE * long
    drawn = [*_paths(boxes), *(line for box in boxes.values() for line in _box(box))]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right:.0f} {bottom:.0f}" width="{right:.0f}" '
            f'height="{bottom:.0f}" font-family="system-ui, sans-serif" font-size="12.5">',
            f"<title>{escape(desk.desk)}</title>",
            '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>',
            '<rect width="100%" height="100%" fill="white"/>',
            *drawn,
            "</svg>\n",
        )
    )


def lay_out(desk: Desk) -> dict[str, Box]:
    """Return every box at its place: columns by the fewest steps from the call, lines and ends behind the flow."""
    boxes = _boxes(desk)
    columns = [[box for box in boxes if box.column == column] for column in range(max(b.column for b in boxes) + 1)]
    placed: dict[str, Box] = {}
    left = float(_MARGIN)
    for some in columns:
        width = max((_width(box) for box in some), default=0.0)
        top = float(_MARGIN)
        for box in some:
            placed[box.name] = box.moved(left, top, width)
            top += box.height + _BETWEEN
        left += width + _ACROSS if some else 0.0
    return placed


def _boxes(desk: Desk) -> list[Box]:
    begin = [(label or "calls", way.then) for label, way in beginnings_of(desk)]
    depth, ahead = {CALL: 0}, [(target, 1) for _, target in begin]
    order: list[str] = []
    while ahead:
        name, column = ahead.pop(0)
        if name in desk.flow and name not in depth:
            depth[name] = column
            order.append(name)
            ahead += [(way.then, column + 1) for _, way in ways_of(desk.flow[name])]
        elif name in desk.lines and name not in depth:
            depth[name] = -1  # its way on may lead back into the flow
            ahead.append((desk.lines[name].then, column))
    last = max(depth.values()) + 1
    found = [Box(CALL, CALL, f"{desk.desk}: {', '.join(desk.numbers)}", tuple(begin), 0)]
    for name in order:
        node = desk.flow[name]
        found.append(Box(name, kind_of(node), name, _rows(ways_of(node)), depth[name]))
    for name, line in desk.lines.items():
        title = f"{name}: {', '.join(line.agents)}"
        found.append(Box(name, "line", title, _rows([(overflow_of(line), way_to(line.then))]), last))
    targets = {target for box in found for _, target in box.rows}
    found += [Box(end, "end", end, (), last + 1) for end in (VOICEMAIL, HANG_UP) if end in targets]
    return found


def _rows(ways: Iterator[tuple[str, Way]] | Sequence[tuple[str, Way]]) -> tuple[tuple[str, str], ...]:
    return tuple((label or "then", way.then) for label, way in ways)


def _width(box: Box) -> float:
    longest = max(len(box.title) + 2, *(len(label) + 2 for label, _ in box.rows), 8)
    return longest * _CHARACTER + 2 * _PAD


def _box(box: Box) -> Iterator[str]:
    yield (
        f'<g data-box={quoteattr(box.name)}><rect x="{box.left:.0f}" y="{box.top:.0f}" width="{box.width:.0f}" '
        f'height="{box.height:.0f}" rx="6" fill="{_COLOURS[box.kind]}" stroke="#555"/>'
    )
    yield _text(box.left + _PAD, box.top + 15, box.title, "font-weight='600'")
    for place, (label, _) in enumerate(box.rows):
        yield _text(box.left + _PAD, box.top + 15 + _ROW * (place + 1), label)
    yield "</g>"


def _text(left: float, base: float, words: str, more: str = "") -> str:
    return f'<text x="{left:.0f}" y="{base:.0f}" {more}>{escape(words)}</text>'


def _paths(boxes: dict[str, Box]) -> Iterator[str]:
    lane = max(box.top + box.height for box in boxes.values())
    for box in boxes.values():
        for place, (label, target) in enumerate(box.rows):
            to = boxes[target]
            begin = box.left + box.width, box.top + 11 + _ROW * (place + 1)
            if to.column > box.column + 1:
                lane += _LANE
                way = _under(begin, (to.left, to.top + 11), lane, 12 + 6 * place)
            else:
                way = _curve(begin, to, ahead=to.column > box.column)
            dashed = "" if to.column > box.column else ' stroke-dasharray="5 3"'
            told = escape(f"{box.name}, {label}: {target}")
            yield (
                f'<path data-from={quoteattr(box.name)} data-to={quoteattr(target)} d="{way}" fill="none" '
                f'stroke="#555"{dashed} marker-end="url(#to)"><title>{told}</title></path>'
            )


def _curve(begin: tuple[float, float], to: Box, *, ahead: bool) -> str:
    """Go to the next column; a way back, or within a column, comes to its target from the right."""
    end = (to.left if ahead else to.left + to.width), to.top + 11
    bend = _ACROSS * (0.6 if ahead else 0.7)
    first = begin[0] + bend if ahead else max(begin[0], end[0]) + bend
    other = end[0] - bend if ahead else first
    return (
        f"M{begin[0]:.0f} {begin[1]:.0f}C{first:.0f} {begin[1]:.0f} {other:.0f} {end[1]:.0f} {end[0]:.0f} {end[1]:.0f}"
    )


def _under(begin: tuple[float, float], end: tuple[float, float], lane: float, aside: float) -> str:
    """Go below all boxes: between are others."""
    (left, top), (right, base) = begin, end
    return f"M{left:.0f} {top:.0f}H{left + aside:.0f}V{lane:.0f}H{right - aside:.0f}V{base:.0f}H{right:.0f}"
