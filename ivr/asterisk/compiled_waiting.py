"""What a waiting caller hears first: his place, how long it will take, and that he may be called back.

The dialplan reckons it alone, with a controller or without: it knows who waits, who works, and how long talks take. It
is the beginning of his music, so that he stands in the line while he hears it, and nobody passes him.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import product
from pathlib import Path

from ivr.asterisk.dialplan import extensions_of, fact
from ivr.flows.edition import Edition
from ivr.flows.line import Line
from ivr.flows.phrases import MINUTES, PLACES
from ivr.flows.prompts import key_prompt

ENOUGH = 10
"""Talks that a line has had since Asterisk's start before their length tells anything: its mean grows from nothing, by
a quarter of the difference with each."""
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
    offers = desk.calls_back and line.callback
    steps = [f"Gosub(back-{edition.name},seen,1)"] if desk.calls_back else []
    if not line.tells and not offers:
        yield "tell", [*steps, "Return()"]
        return
    steps += [
        f"MSet(IVR_PLACE=,IVR_AHEAD=${{QUEUE_WAITING_COUNT({queue})}},IVR_WORKING=0,IVR_MINUTES=)",
        f"GotoIf($[${{QUEUE_MEMBER({queue},ready)}} > ${{IVR_AHEAD}} | 0${{QUEUE_PRIO}} > 0]?none)",
    ]
    if "place" in line.tells:
        most = PLACES[-1]
        steps.append(f"Set(IVR_PLACE=${{IF($[${{IVR_AHEAD}} < {most}]?$[${{IVR_AHEAD}} + 1]:more)}})")
    if "wait" in line.tells:
        steps += [f"Set(IVR_WORKING=$[{expression}])" for expression in _working(queue, line.agents)]
        steps += [
            f"Set(IVR_KNOWN=${{QUEUE_VARIABLES({queue})}})",
            f"GotoIf($[0${{QUEUECOMPLETED}} < {ENOUGH} | ${{IVR_WORKING}} = 0]?told)",
            f"Set(IVR_EXPECTED=$[(${{IVR_AHEAD}} + 1) * (${{QUEUETALKTIME}} + {_wrap(line.wrap)}) / ${{IVR_WORKING}}])",
            "Set(IVR_MINUTES=more)",
            *(
                f"ExecIf($[${{IVR_EXPECTED}} <= {60 * minutes}]?Set(IVR_MINUTES={minutes}))"
                for minutes in reversed(MINUTES)
            ),
        ]
    told = fact("told", place="$[${IVR_AHEAD} + 1]", minutes="${IVR_MINUTES}")
    asked = '${IF($["${CHANNEL(musicclass)}" = "hold"]?:q)}'
    offered, nothing = "", ""
    if offers:
        offered, nothing = '${IF($["${IVR_BACK_TO}" = ""]?:c)}', "${IVR_BACK_TO}"
    name = f"{edition.name}-told-${{CHANNEL(language)}}-${{IVR_PLACE}}-${{IVR_MINUTES}}-{asked}{offered}"
    steps += [
        f'(told),GotoIf($["${{IVR_PLACE}}${{IVR_MINUTES}}{nothing}" = ""]?none)',
        f'ExecIf($["${{IVR_PLACE}}${{IVR_MINUTES}}" != ""]?{told})' if offers else told,
        f"Set(CHANNEL(musicclass)={name})",
        "(none),Return()",
    ]
    yield "tell", steps


def told_music(edition: Edition, sounds: Path, pieces: Sequence[Path]) -> Iterator[tuple[str, list[Path]]]:
    """Yield each music that begins with what a waiting caller is told: its class, and its files without their endings.

    `pieces`: the music behind it, so often that nobody comes to its end and hears an old place again.
    """
    desk = edition.desk
    told = sorted({combination for line in desk.lines.values() for combination in _combinations(line)})
    flags = (("q", desk.asks_while_waiting), ("c", desk.calls_back))
    for language in desk.languages:
        folder = sounds / edition.name / language
        for place, minutes in told:
            said = [folder / f"{name}.{what}" for name, what in (("place", place), ("wait", minutes)) if what]
            for question, offer in product(*(("", flag) if there else ("",) for flag, there in flags)):
                if not said and not offer:
                    continue
                own = f"{edition.name}-told-{language}-{place}-{minutes}-{question}{offer}"
                more = [folder / key_prompt("callback.offer", desk.callback.key)] if offer else []
                yield own, [*said, *more, *([folder / "source"] if question else []), *pieces]


def _combinations(line: Line) -> Iterator[tuple[str, str]]:
    places = [*map(str, PLACES), "more"] if "place" in line.tells else [""]
    minutes = ["", *map(str, MINUTES), "more"] if "wait" in line.tells else [""]
    yield from ((place, wait) for place in places for wait in minutes if place or wait or line.callback)


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
