"""Callers who would go round for ever, since they press nothing: a desk leads them out."""

from __future__ import annotations

from dataclasses import replace

from ivr.migration.shape import GONE, Announcement, Clock, Findings, Menu, Node, Way


def break_rings(nodes: dict[str, Node], findings: Findings) -> None:
    """Lead a caller who presses nothing out of every ring."""
    safe: set[str] = set()
    for start in list(nodes):
        walked = {start: _without_a_key(nodes[start])} if start not in safe else {}
        while walked:
            last = next(reversed(walked))
            if not walked[last]:
                safe.add(last)
                del walked[last]
                continue
            key = walked[last].pop().to
            if key in walked:
                node = nodes[last]
                what = f"a caller who presses nothing goes round for ever at `{node.name}`: he is hung up on instead"
                findings.lose(node.where, what, "lead `no answer`, `then` or `otherwise` to a line")
                nodes[last] = _led_out(node, key)
            elif key in nodes and key not in safe:
                walked[key] = _without_a_key(nodes[key])


def _without_a_key(node: Node) -> list[Way]:
    match node:
        case Menu():
            return [node.silent]
        case Clock():
            return [node.otherwise, node.during]
        case Announcement():
            return [node.then]


def _led_out(node: Node, key: str) -> Node:
    match node:
        case Menu():
            return replace(node, silent=GONE)
        case Clock():
            during, otherwise = (GONE if way.to == key else way for way in (node.during, node.otherwise))
            return replace(node, during=during, otherwise=otherwise)
        case Announcement():
            return replace(node, then=GONE)
