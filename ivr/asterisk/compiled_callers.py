"""Who is treated otherwise, as plain dialplan; `ivr.flows.callers` is its oracle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ivr.asterisk.dialplan import LANGUAGE, fact
from ivr.flows.callers import CallerRule, pattern
from ivr.flows.way import HANG_UP

_LONGEST = 2000
"""Characters of an expression: Asterisk cuts a line of its dialplan at 4096."""


def compile_callers(rules: Sequence[CallerRule]) -> Iterator[tuple[str, list[str]]]:
    """Return the subroutine that looks at the caller's number.

    It leaves IVR_SPEAKS, his language; IVR_RULE, the place of the rule that has his way; each empty without one; and
    QUEUE_PRIO, which Queue itself reads, and which is 0 before.
    """
    steps = ["MSet(IVR_SPEAKS=,IVR_RULE=)"]
    for place, rule in enumerate(rules):
        sets = []
        if rule.language:
            sets.append(("IVR_SPEAKS", "", rule.language))
        if rule.priority:
            sets.append(("QUEUE_PRIO", "0", str(rule.priority)))
        if rule.then is not None:
            sets.append(("IVR_RULE", "", str(place)))
        for expression in _expressions(rule.who):
            fits = f'${{REGEX("{expression}" ${{CALLERID(num)}})}}'
            steps += [f'ExecIf($["${{{name}}}" = "{none}" & {fits}]?Set({name}={to}))' for name, none, to in sets]
    yield "s", [*steps, "Return()"]


def treat(flow: str, rules: Sequence[CallerRule]) -> Iterator[str]:
    """Walk over the first steps of a flow: they do what the subroutine has found out, up to who is blocked."""
    if rules:
        other = f'$["${{IVR_SPEAKS}}" != "" & "${{IVR_SPEAKS}}" != "{LANGUAGE}"]'
        yield f"ExecIf({other}?{fact('language', language='${IVR_SPEAKS}')})"
        yield 'ExecIf($["${IVR_SPEAKS}" != ""]?Set(CHANNEL(language)=${IVR_SPEAKS}))'
        yield f'ExecIf($["${{QUEUE_PRIO}}" != "0"]?{fact("priority", priority="${QUEUE_PRIO}")})'
    if any(rule.then == HANG_UP for rule in rules):
        blocked = f'$["${{IVR_RULE}}" != "" & ${{DIALPLAN_EXISTS({flow},blocked${{IVR_RULE}},1)}}]'
        yield f"GotoIf({blocked}?blocked${{IVR_RULE}},1)"


def _expressions(who: Sequence[str]) -> Iterator[str]:
    """Yield expressions of which his number fits one; many numbers are one expression, for each costs every call."""
    joined = ""
    for one in map(pattern, dict.fromkeys(who)):
        if joined and len(joined) + len(one) > _LONGEST:
            yield joined
            joined = ""
        joined = f"{joined}|{one}" if joined else one
    yield joined
