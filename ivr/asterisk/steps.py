"""What one step of the dialplan does: where it may go, whom it rings, which names it reads and writes."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from ivr.asterisk.reread import UnreadableError, split

Kind: TypeAlias = Literal["goto", "gosub", "called", "moved", "placed"]
"""`called`: a subroutine on the telephone that is rung. `moved`: another channel goes there. `placed`: a placeholder
does, which stands in a line for a customer who is called back; neither caller nor agent ever gets there."""


class Jump(NamedTuple):
    """A place that a step names; context and extension are empty when they are the step's own."""

    kind: Kind
    context: str
    extension: str
    label: str
    """`1`, or a label of the extension."""


class Step(NamedTuple):
    """One step."""

    app: str
    arguments: tuple[str, ...]
    jumps: tuple[Jump, ...] = ()
    rings: tuple[str, ...] = ()
    """What Dial rings, as it stands there."""
    ends: bool = False
    """Nothing behind it is ever done."""
    inner: tuple[Step, ...] = ()
    """What ExecIf does when it does anything."""


_STEP = re.compile(r"([A-Za-z]+)\((.*)\)")
_CALL = re.compile(r"([^()]+)(?:\((.*)\))?")
_SUBROUTINE = re.compile(r"[Ub]\(([^()]*)\)")
_AT_CONNECT = 6
"""Where Queue says what a member does before he is connected."""
_LEAST = {"AddQueueMember": 2, "ChannelRedirect": 4, "Originate": 5, "Read": 6}
"""How much must be said to them."""
_ENDING = frozenset({"Goto", "Hangup", "Return"})


def read_step(text: str) -> Step:
    """Return what a step does. Raises `UnreadableError` when it is none that we write."""
    shape = _STEP.fullmatch(text)
    if shape is None:
        raise UnreadableError(f"`{text[:100]}` is no step")
    app, inside = shape[1], shape[2]
    if app in {"GotoIf", "ExecIf"}:
        return _conditional(app, inside)
    if app == "CELGenUserEvent":  # the most of all, and the least
        return Step(app, (inside,))
    arguments = tuple(split(inside, ","))
    if len(arguments) < _LEAST.get(app, 0):
        raise UnreadableError(f"`{text[:100]}` says too little")
    return Step(app, arguments, _jumps(app, inside, arguments), _rings(app, arguments), ends=app in _ENDING)


def _jumps(app: str, inside: str, arguments: tuple[str, ...]) -> tuple[Jump, ...]:
    match app:
        case "Goto" | "Gosub":
            return (_jump("goto" if app == "Goto" else "gosub", inside),)
        case "Dial":
            called = _SUBROUTINE.findall(arguments[2]) if len(arguments) > 2 else []
            return tuple(Jump("called", *_subroutine(one), "1") for one in called)
        case "Queue":
            return tuple(
                Jump("called", context, "s", "1") for context in arguments[_AT_CONNECT : _AT_CONNECT + 1] if context
            )
        case "ChannelRedirect":
            kind: Kind = "placed" if arguments[0].startswith("${DB(placeholder/") else "moved"
            return (Jump(kind, arguments[1], arguments[2], arguments[3]),)
        case "Originate":
            begun = arguments[0].removeprefix("Local/").removesuffix("/n").partition("@")
            return Jump("placed", begun[2], begun[0], "1"), Jump("placed", arguments[2], arguments[3], arguments[4])
    return ()


def _rings(app: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(split(arguments[0], "&")) if app == "Dial" else ()


def _subroutine(written: str) -> tuple[str, str]:
    """Return context and extension: `U(context^argument)` means its `s`, `b(context^extension^1)` says more."""
    context, *rest = written.split("^")
    return context, rest[0] if len(rest) > 1 else "s"


def _conditional(app: str, inside: str) -> Step:
    condition, *rest = split(inside, "?")
    if len(rest) != 1:
        raise UnreadableError(f"`{app}({inside[:100]})`: one question is asked at a time")
    branches = split(rest[0], ":")
    if len(branches) > 2 or not branches[0]:
        raise UnreadableError(f"`{app}({inside[:100]})` has not one or two ways")
    if app == "GotoIf":
        jumps = tuple(_jump("goto", one) for one in branches if one)
        return Step(app, (condition,), jumps, ends=len(jumps) > 1)
    if any(one.startswith("ExecIf(") for one in branches):
        raise UnreadableError(f"`{app}({inside[:100]})`: one question is asked at a time")
    done = tuple(read_step(one) for one in branches if one)
    return Step(
        app,
        (condition,),
        tuple(jump for one in done for jump in one.jumps),
        tuple(ring for one in done for ring in one.rings),
        inner=done,
    )


def _jump(kind: Kind, text: str) -> Jump:
    words = split(text, ",")
    if len(words) > 3 or not all(words):
        raise UnreadableError(f"`{text[:100]}` is no place")
    call = _CALL.fullmatch(words[-1]) if kind == "gosub" else None
    label = call[1] if call else words[-1]
    context, extension = ("", "", *words[:-1])[-2:]
    return Jump(kind, context, extension, label)


class Text(NamedTuple):
    """A text with variables: what stands still in it, and what it may become."""

    texts: tuple[str, ...] | None
    """All that it may become; None when that is not known."""
    pattern: str
    """What all of that looks like, as a regular expression."""

    @property
    def shape(self) -> re.Pattern[str]:
        """Return what it looks like; compiled only where it is asked for, as of few texts."""
        return _compiled(self.pattern)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


_CHOICE = re.compile(r"\$\{IF\(\$\[.*?\]\?([^${}:]*):([^${}:]*)\)\}")
_CHOICES = 4
"""Of a text with more of them nobody knows what it becomes."""
_VARIABLE = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}")


def text_of(written: str) -> Text:
    """Return what a text may become when its variables stand for anything, and a choice for one of two."""
    if "$" not in written:
        return Text((written,), re.escape(written))
    if (choice := _CHOICE.search(written)) and len(_CHOICE.findall(written)) <= _CHOICES:
        either = tuple(written[: choice.start()] + one + written[choice.end() :] for one in choice.groups())
        several = [text_of(one) for one in either]
        known = tuple(text for one in several if one.texts for text in one.texts)
        return Text(
            known if all(one.texts for one in several) else None,
            "|".join(f"(?:{one.pattern})" for one in several),
        )
    still = _VARIABLE.split(written)
    return Text(None, ".*".join(map(re.escape, still)))
