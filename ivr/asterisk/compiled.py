"""The desk's flow as plain dialplan: the way of a call when no controller answers, or ours is gone in the middle.

It does what `ivr.engine.machine` does, prompt by prompt and fact by fact, but for what needs the ledger (is the caller
known?) or a handler's program, which fails. The engine is its oracle: `tests/asterisk/test_compiled.py`.

The contexts of an edition, and what they leave to each other in channel variables:

`flow-EDITION`        begin, closed, source (the question before the line), line, limit
`node-EDITION.NODE`   enter; ask; an extension for each key: `key1`, `more1` (its beginning), and what follows a wrong
                      key or none
                      Both have `again`: where a call goes on whose controller was lost at the question, or the handler
`to-EDITION.LINE`     notice and hand-over
`whisper-EDITION`     a subroutine on the telephone of the agent ARG1: IVR_TOKEN is `whispered`, `accepted` or `refused`
`callers-EDITION`     a subroutine that every call goes through first: see `ivr.asterisk.compiled_callers`
`hours-EDITION`       a subroutine: ARG1 is the moment, seconds since 1970; IVR_OPEN=1 when the desk is open then
`week-EDITION`         a subroutine: IVR_WEEK is the minute of the week at the moment ARG1

IVR_SAY  what is still to be spoken, files each followed by `&`: keys pressed meanwhile answer the question behind them
IVR_CLOSED=1  the desk is closed for now, whatever its hours say
IVR_GO   the line; IVR_SOURCE  the source, once known; IVR_ASKED=1  the question is not to be put any more
IVR_DIGITS, IVR_TRIES, IVR_TURNS  as the engine's session has them
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

from ivr.asterisk.compiled_callers import compile_callers, treat
from ivr.asterisk.compiled_hours import by_the_clock, compile_hours, compile_week
from ivr.asterisk.dialplan import LANGUAGE, context, fact
from ivr.engine.limits import ACCEPT_KEY, DECISION_WAIT, NEXT_DIGIT_WAIT, TURNS_PER_CALL, WAITS
from ivr.flows.callers import prompt_of
from ivr.flows.edition import Edition
from ivr.flows.model import HANG_UP, VOICEMAIL, Menu, Say, Script, Split, Way, When, way_to
from ivr.flows.prompts import key_prompt, tells_notice
from ivr.flows.split import DIGITS, PRIME, edges, mixture_of, way_name

_KEYS = "-_.:+*"
"""What stands in a fact as it is; see `ivr.telephony.facts`."""
_POUND = 'ExecIf($["${IVR_KEY}" = "" & "${READSTATUS}" = "OK"]?Set(IVR_KEY=#))'
"""`#` ends Read, and leaves nothing."""
_SPEAK = 'ExecIf($["${IVR_SAY}" != ""]?Playback(${IVR_SAY:0:-1}))'


def compile_flow(edition: Edition) -> str:
    """Return the contexts of the desk's flow, as text of extensions.conf."""
    desk = edition.desk
    contexts: list[tuple[str, dict[str, list[str]]]] = [
        (f"flow-{edition.name}", dict(_entry(edition))),
        *((f"node-{edition.name}.{name}", dict(_node(edition, name))) for name in desk.flow),
        *((f"to-{edition.name}.{line}", {"s": _hand_over(edition, line)}) for line in desk.lines),
    ]
    if desk.whispers:
        contexts.append((f"whisper-{edition.name}", dict(_whisper(edition))))
    if desk.callers:
        contexts.append((f"callers-{edition.name}", dict(compile_callers(desk.callers))))
    if desk.hours:
        contexts.append((f"hours-{edition.name}", dict(compile_hours(desk.hours, desk.time_zone))))
    if any(isinstance(node, When) for node in desk.flow.values()):
        contexts.append((f"week-{edition.name}", dict(compile_week(desk.time_zone))))
    return "\n".join(context(name, extensions) for name, extensions in contexts)


def _entry(edition: Edition) -> Iterator[tuple[str, list[str]]]:
    desk = edition.desk
    name = edition.name
    flow = f"flow-{name}"
    begin = ["MSet(IVR_SAY=,IVR_ASKED=,IVR_TURNS=0,__IVR_SOURCE=,__IVR_CATEGORY=)"]
    if desk.source and desk.source.by_number:
        for number, source in desk.source.by_number.items():
            begin.append(f'ExecIf($["${{IVR_NUMBER}}" = "{number}"]?Set(__IVR_SOURCE={source}))')
        begin.append(f'ExecIf($["${{IVR_SOURCE}}" != ""]?{fact("source", source="${IVR_SOURCE}", how="dialled")})')
    begin += treat(flow, desk.callers)
    if desk.hours:
        begin.append(f"Gosub(hours-{name},s,1(${{EPOCH}}))")
        begin.append('GotoIf($["${IVR_OPEN}" != "1" | "${IVR_CLOSED}" = "1"]?closed,1)')
    if any(rule.then not in {None, HANG_UP} for rule in desk.callers):
        begin.append('GotoIf($["${IVR_RULE}" != ""]?caller${IVR_RULE},1)')
    yield "begin", [*begin, *_way(edition, way_to(desk.first_node), "")]
    if desk.hours:
        yield "closed", [fact("closed"), *_way(edition, desk.hours.closed, "closed")]
    for place, rule in enumerate(desk.callers):
        if rule.way:
            way = _way(edition, rule.way, prompt_of(place))
            yield (f"blocked{place}", [fact("blocked"), *way]) if rule.then == HANG_UP else (f"caller{place}", way)
    yield "limit", [fact("limit"), f"MSet(IVR_GO={next(iter(desk.lines))},IVR_ASKED=1)", "Goto(line,1)"]
    asks = desk.asks_before_line
    ready = f"Goto(to-{name}.${{IVR_GO}},s,1)"
    yield "line", ['GotoIf($["${IVR_SOURCE}" = "" & "${IVR_ASKED}" != "1"]?source,1)', ready] if asks else [ready]
    if asks and desk.source:
        yield from _source(edition, desk.source.options, desk.source.wait, ready)


def _source(edition: Edition, options: dict[str, str], wait: timedelta, ready: str) -> Iterator[tuple[str, list[str]]]:
    yield (
        "source",
        [
            "Set(IVR_ASKED=1)",
            *_read(f"flow-{edition.name}", f"${{IVR_SAY}}{_file(edition, 'source')}", wait.total_seconds()),
            "Goto(answered,1)",
        ],
    )
    yield "again", [*_answered_meanwhile("answered"), "Goto(source,1)"]
    yield (
        "answered",
        [
            'GotoIf($["${READSTATUS}" = "TIMEOUT"]?silent,1)',
            f"GotoIf(${{DIALPLAN_EXISTS(flow-{edition.name},key${{IVR_KEY}},1)}}?key${{IVR_KEY}},1)",
            fact("wrong", node="source", key="${STRREPLACE(IVR_KEY,#,%23)}"),
            ready,
        ],
    )
    yield "silent", [fact("silent", node="source"), ready]
    for key, source in options.items():
        yield f"key{key}", [fact("source", source=source, how="asked"), f"Set(__IVR_SOURCE={source})", ready]


def _node(edition: Edition, name: str) -> Iterator[tuple[str, list[str]]]:
    node, context = edition.desk.flow[name], f"node-{edition.name}.{name}"
    entered = fact("entered", node=name)
    match node:
        case Say():
            yield "enter", [entered, _say(edition, name), *_way(edition, way_to(node.then), "")]
        case Script():
            failed = fact("script", node=name, answer="", failed="1")
            yield "enter", [entered, _SPEAK, "Set(IVR_SAY=)", "Goto(again,1)"]
            yield "again", [failed, *_way(edition, node.otherwise, f"{name}.otherwise")]
        case Split() | When():
            if isinstance(node, When):
                told, sent = "when", by_the_clock(node, context, f"week-{edition.name}")
            else:
                told, sent = "split", _split(name, node, context)
            yield "enter", [entered, *sent]
            for target in node.targets:
                noted = fact(told, node=name, way=way_name(target))
                yield f"to-{way_name(target)}", [noted, *_way(edition, way_to(target), "")]
        case Menu():
            yield "enter", [entered, "Set(IVR_TRIES=1)", "Goto(ask,1)"]
            yield from _menu(edition, name, node)


def _split(name: str, node: Split, context: str) -> list[str]:
    """Send a caller by the digits of his number, or of the call's name: see `ivr.flows.split.way_for`."""
    mixture = mixture_of(name)
    mixed = f"(0${{IVR_DIGITS:-{DIGITS}}} % {PRIME} * {mixture.factor} + {mixture.shift}) % {PRIME} % 100"
    *some, (rest, _) = edges(node)
    return [
        "Set(IVR_DIGITS=${FILTER(0-9,${CALLERID(num)})})",
        'ExecIf($["${CALLERID(num)}" = ""]?Set(IVR_DIGITS=${FILTER(0-9,${UNIQUEID})}))',
        f"MSet(IVR_PLACE=$[{mixed}],IVR_DIGITS=)",
        *(f"GotoIf($[${{IVR_PLACE}} < {edge}]?{context},to-{way_name(to)},1)" for to, edge in some),
        f"Goto({context},to-{way_name(rest)},1)",
    ]


def _menu(edition: Edition, name: str, node: Menu) -> Iterator[tuple[str, list[str]]]:
    context = f"node-{edition.name}.{name}"
    asked = f"${{IVR_SAY}}{_file(edition, name)}"
    yield "again", [*_answered_meanwhile("pressed"), "Goto(ask,1)"]
    yield (
        "ask",
        ["Set(IVR_DIGITS=)", *_read(f"flow-{edition.name}", asked, node.wait.total_seconds()), "Goto(pressed,1)"],
    )
    pressed = f"GotoIf(${{DIALPLAN_EXISTS({context},%s${{IVR_DIGITS}},1)}}?%s${{IVR_DIGITS}},1)"
    yield (
        "pressed",
        [
            'GotoIf($["${READSTATUS}" = "TIMEOUT"]?silent,1)',
            "Set(IVR_DIGITS=${IVR_DIGITS}${IVR_KEY})",
            pressed % ("key", "key"),
            pressed % ("more", "more"),
            "Goto(wrong,1)",
        ],
    )
    for key, way in node.options.items():
        told = fact("key", node=name, key=quote(key, safe=_KEYS))
        yield f"key{key}", [told, *_way(edition, way, key_prompt(name, key))]
    beginnings = {key[:size] for key in node.options for size in range(1, len(key))} - node.options.keys()
    for digits in sorted(beginnings):
        yield f"more{digits}", [*_read(f"flow-{edition.name}", "", NEXT_DIGIT_WAIT), "Goto(pressed,1)"]
    again = [f"GotoIf($[${{IVR_TRIES}} >= {node.tries}]?unanswered,1)", "Set(IVR_TRIES=$[${IVR_TRIES} + 1])"]
    sorry = [_say(edition, f"{name}.wrong-key")] if node.wrong_key is not None else []
    yield (
        "wrong",
        [fact("wrong", node=name, key="${STRREPLACE(IVR_DIGITS,#,%23)}"), *again, *sorry, "Goto(ask,1)"],
    )
    silent = ['GotoIf($["${IVR_DIGITS}" != ""]?wrong,1)', fact("silent", node=name), *again, "Goto(ask,1)"]
    yield "silent", silent
    yield "unanswered", _way(edition, node.no_answer or way_to(HANG_UP), f"{name}.no-answer")


def _read(flow: str, files: str, wait: float) -> list[str]:
    """Take one key into IVR_KEY; READSTATUS tells whether there was one."""
    return [
        "Set(IVR_TURNS=$[0${IVR_TURNS} + 1])",
        f"GotoIf($[${{IVR_TURNS}} >= {TURNS_PER_CALL}]?{flow},limit,1)",
        f"Read(IVR_KEY,{files},1,,1,{wait:g})",
        "Set(IVR_SAY=)",
        _POUND,
    ]


def _answered_meanwhile(then: str) -> list[str]:
    """Go on with what the caller did at the question of a controller that was lost, if he has done anything."""
    return [
        'ExecIf($["${IVR_TRIES}" = ""]?Set(IVR_TRIES=1))',
        _POUND,
        f'GotoIf($["${{READSTATUS}}" = "OK" | "${{READSTATUS}}" = "TIMEOUT"]?{then},1)',
    ]


def _way(edition: Edition, way: Way, prompt: str) -> list[str]:
    """Go a way; `prompt` is the id of its own text."""
    desk = edition.desk
    steps = []
    if way.category:
        steps += [fact("category", category=way.category), f"Set(__IVR_CATEGORY={way.category})"]
    if way.language:
        changed = f'$["{LANGUAGE}" != "{way.language}"]'
        steps += [
            f"ExecIf({changed}?{fact('language', language=way.language)})",
            f"Set(CHANNEL(language)={way.language})",
        ]
    if way.say is not None and prompt:
        steps.append(_say(edition, prompt))
    if way.then == HANG_UP:
        return [*steps, fact("ended", reason="goodbye"), _SPEAK, "Hangup(16)"]
    if way.then == VOICEMAIL and desk.voicemail:
        return [*steps, _SPEAK, "Set(IVR_SAY=)", f"Goto(desk-{edition.name},voicemail,1)"]
    if way.then in desk.lines:
        return [*steps, f"Set(IVR_GO={way.then})", f"Goto(flow-{edition.name},line,1)"]
    return [*steps, f"Goto(node-{edition.name}.{way.then},enter,1)"]


def _hand_over(edition: Edition, line: str) -> list[str]:
    desk = edition.desk
    steps = []
    if tells_notice(desk, line):
        steps = [
            'GotoIf($["${IVR_NOTICED}" = "1"]?on)',
            fact("notice"),
            "Set(IVR_NOTICED=1)",
            _say(edition, "notice"),
        ]
    steps.append("(on)," * bool(steps) + fact("handover", line=line))
    asks = {"while waiting": "waiting", "by agent": "agent"}.get(desk.source.ask, "") if desk.source else ""
    question = "Set(IVR_ASK=)"
    if desk.source and desk.source.options and asks:
        question = f'Set(IVR_ASK=${{IF($["${{IVR_SOURCE}}" = "" & "${{IVR_ASKED}}" != "1"]?{asks}:)}})'
    return [*steps, _SPEAK, "Set(IVR_SAY=)", question, "Set(IVR_ASKED=1)", f"Goto(line-{edition.name}-{line},s,1)"]


def _whisper(edition: Edition) -> Iterator[tuple[str, list[str]]]:
    """Tell the agent what `ivr.engine.whisper` does, and ask on `accept` lines as `ivr.asterisk.whispering` does."""
    desk = edition.desk
    own = f"Set(IVR_SAY=${{IVR_SAY}}{edition.name}/{desk.languages[0]}/whisper.%s&)"
    steps = ["MSet(IVR_SAY=,IVR_WAITED=$[${EPOCH} - ${IVR_SINCE}],IVR_TOLD=)"]
    if desk.calls_back:
        steps.append(f'ExecIf($["${{IVR_PROMISED}}" != ""]?{own % "callback"})')
    steps.append(f'ExecIf($["${{IVR_CATEGORY}}" != ""]?{own % "category.${IVR_CATEGORY}"})')
    if desk.source:
        told = (f'ExecIf($["${{IVR_SOURCE}}" = "{one}"]?{own % f"source.{one}"})' for one in desk.source.names)
        steps += told
        if desk.source.ask == "by agent" and desk.source.options:
            steps.append(f'ExecIf($["${{IVR_SOURCE}}" = ""]?{own % "ask-source"})')
    steps += [f"ExecIf($[${{IVR_WAITED}} >= {least}]?Set(IVR_TOLD={least}))" for least in sorted(WAITS)]
    steps.append(f'ExecIf($["${{IVR_TOLD}}" != ""]?{own % "waited.${IVR_TOLD}"})')
    asks = any(line.whisper == "accept" for line in desk.lines.values())
    if asks:
        steps.append('GotoIf($["${IVR_WHISPER}" = "accept"]?accept,1)')
    yield "s", [*steps, _SPEAK, "Set(IVR_TOKEN=whispered)", "Return()"]
    if asks:
        yield (
            "accept",
            [
                own % "accept",
                f"Read(IVR_KEY,${{IVR_SAY:0:-1}},1,,1,{DECISION_WAIT:g})",
                f'GotoIf($["${{IVR_KEY}}" = "{ACCEPT_KEY}"]?accepted,1)',
                fact(
                    "refused",
                    agent="${ARG1}",
                    how='${IF($["${READSTATUS}" = "TIMEOUT"]?silence:key)}',
                ),
                "Set(IVR_TOKEN=refused)",
                "Return()",
            ],
        )
        yield "accepted", [fact("accepted", agent="${ARG1}", how="key"), "Set(IVR_TOKEN=accepted)", "Return()"]


def _file(edition: Edition, prompt: str) -> str:
    return f"{edition.name}/{LANGUAGE}/{prompt}"


def _say(edition: Edition, prompt: str) -> str:
    return f"Set(IVR_SAY=${{IVR_SAY}}{_file(edition, prompt)}&)"
