"""A node that asks for a key."""

from __future__ import annotations

from ivr.engine.limits import NEXT_DIGIT_WAIT
from ivr.engine.turn import Draft
from ivr.flows.model import HANG_UP, Menu, Way, way_to


def enter(draft: Draft, name: str, node: Menu) -> None:
    """Ask for the first time."""
    draft.change(tries=1, digits="")
    _ask(draft, name, node)


def key_pressed(draft: Draft, name: str, node: Menu, digit: str) -> Way | None:
    """Return the key's way; None while more digits or another try are awaited."""
    pressed = draft.session.digits + digit
    if pressed in node.options:
        draft.fact("key", node=name, key=pressed)
        return node.options[pressed]
    if any(key.startswith(pressed) for key in node.options):
        draft.change(digits=pressed)
        draft.ask("", NEXT_DIGIT_WAIT, "key")
        return None
    draft.fact("wrong", node=name, key=pressed)
    return _again(draft, name, node, wrong=True)


def no_key(draft: Draft, name: str, node: Menu) -> Way | None:
    """Ask once more, or give the way of a caller who does not answer."""
    if draft.session.digits:
        draft.fact("wrong", node=name, key=draft.session.digits)
        return _again(draft, name, node, wrong=True)
    draft.fact("silent", node=name)
    return _again(draft, name, node, wrong=False)


def _again(draft: Draft, name: str, node: Menu, *, wrong: bool) -> Way | None:
    if draft.session.tries >= node.tries:
        return node.no_answer or way_to(HANG_UP)
    draft.change(tries=draft.session.tries + 1, digits="")
    if wrong and node.wrong_key is not None:
        draft.speak(f"{name}.wrong-key")
    _ask(draft, name, node)
    return None


def _ask(draft: Draft, name: str, node: Menu) -> None:
    draft.ask(name, node.wait.total_seconds(), "key")


def key_name(key: str) -> str:
    """Return a key as it stands in the prompt ids: `*` and `#` are no letters of a file's name."""
    return key.replace("*", "star").replace("#", "pound")
