"""What a caller hears before his wait: his place, and how long it will take.

The dialplan says it alone, with a controller or without: it knows who waits, who works, and how long talks take.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ivr.asterisk.dialplan import extensions_of, fact
from ivr.flows.edition import Edition
from ivr.flows.phrases import MINUTES, PLACES

ENOUGH = 5
"""Talks that a line has had since Asterisk's start before their length tells anything of the next ones."""
_EXPRESSION = 10
"""Agents of one expression: Asterisk cuts a line of its dialplan at 4096 characters."""


def tell_waiting(edition: Edition, name: str) -> str:
    """Return the subroutine `tell` of a line's context.

    Nothing is said to who need not wait, nor to a caller with a priority, who passes others. The time is that of the
    talks before his own, each of the usual length, shared by the agents who work in the line now.
    """
    return extensions_of(dict(_tell(edition, name)))


def _tell(edition: Edition, name: str) -> Iterator[tuple[str, list[str]]]:
    desk, line = edition.desk, edition.desk.lines[name]
    queue = f"{desk.desk}-{name}"
    steps = [
        f"MSet(IVR_SAY=,IVR_AHEAD=${{QUEUE_WAITING_COUNT({queue})}},IVR_WORKING=0,IVR_MINUTES=)",
        f"GotoIf($[${{QUEUE_MEMBER({queue},ready)}} > ${{IVR_AHEAD}} | 0${{QUEUE_PRIO}} > 0]?none)",
    ]
    said = f"{edition.name}/${{CHANNEL(language)}}"
    if "place" in line.tells:
        most = PLACES[-1]
        steps.append(f"Set(IVR_SAY={said}/place.${{IF($[${{IVR_AHEAD}} < {most}]?$[${{IVR_AHEAD}} + 1]:more)}}&)")
    if "wait" in line.tells:
        steps += [f"Set(IVR_WORKING=$[{expression}])" for expression in _working(queue, line.agents)]
        steps += [
            f"Set(IVR_KNOWN=${{QUEUE_VARIABLES({queue})}})",
            f"GotoIf($[0${{QUEUECOMPLETED}} < {ENOUGH} | ${{IVR_WORKING}} = 0]?speak)",
            f"Set(IVR_EXPECTED=$[(${{IVR_AHEAD}} + 1) * (${{QUEUETALKTIME}} + {_wrap(line.wrap)}) / ${{IVR_WORKING}}])",
            "Set(IVR_MINUTES=more)",
            *(
                f"ExecIf($[${{IVR_EXPECTED}} <= {60 * minutes}]?Set(IVR_MINUTES={minutes}))"
                for minutes in reversed(MINUTES)
            ),
            f"Set(IVR_SAY=${{IVR_SAY}}{said}/wait.${{IVR_MINUTES}}&)",
        ]
    told = fact("told", place="$[${IVR_AHEAD} + 1]", minutes="${IVR_MINUTES}")
    steps += ['(speak),GotoIf($["${IVR_SAY}" = ""]?none)', told, "Playback(${IVR_SAY:0:-1})", "(none),Return()"]
    yield "tell", steps


def _working(queue: str, agents: tuple[str, ...]) -> Iterator[str]:
    """Yield expressions that add up the agents who could take a call now or later: not paused, with a telephone."""
    for begin in range(0, len(agents), _EXPRESSION):
        some = (
            f'("${{QUEUE_MEMBER({queue},paused,Local/{agent}@agents/n)}}" = "0" & '
            f'"${{EXTENSION_STATE({agent}@agents)}}" != "UNAVAILABLE")'
            for agent in agents[begin : begin + _EXPRESSION]
        )
        yield f"${{IVR_WORKING}} + {' + '.join(some)}"


def _wrap(wrap: timedelta | None) -> int:
    return round(wrap.total_seconds()) if wrap else 0
