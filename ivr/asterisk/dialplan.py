"""Text of extensions.conf, as the compiled flow is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ivr.telephony.facts import EVENT_NAME

LANGUAGE = "${CHANNEL(language)}"
"""The one that is spoken with the caller."""


def context(name: str, extensions: Mapping[str, Sequence[str]]) -> str:
    """Return a context: each extension's steps in order, a labelled one as `(label),Application()`."""
    return f"[{name}]\n{extensions_of(extensions)}"


def extensions_of(extensions: Mapping[str, Sequence[str]]) -> str:
    """Return a context's inside."""
    lines = []
    for extension, steps in extensions.items():
        first, *others = steps
        lines.append(f"exten => {extension},1,{first}")
        lines += [f" same => n{'' if step.startswith('(') else ','}{step}" for step in others]
    return "\n".join(lines) + "\n"


def fact(name: str, **values: str) -> str:
    """Return the step that notes a fact; its values stand in it as they are."""
    told = "&".join(f"{key}={value}" for key, value in values.items())
    return f"CELGenUserEvent({EVENT_NAME},{name}{'?' if told else ''}{told})"
