"""The kinds of a flow's nodes, one module each: `enter` is called when a call comes to the node.

A new kind is a model in `ivr.flows.model` and a module here; `KINDS` names both, and a test fails when one is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ivr.engine.nodes import menu, say, script, split, when
from ivr.engine.turn import Draft
from ivr.flows.model import Menu, Say, Script, Split, Way, When

Enter = Callable[[Draft, str, Any], Way | None]
"""Enter the node of this name: return the way on, or None when the node waits for an input."""

KINDS: dict[type, Enter] = {
    Say: say.enter,
    Menu: menu.enter,
    Script: script.enter,
    Split: split.enter,
    When: when.enter,
}
