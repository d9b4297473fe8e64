"""Callbacks as plain dialplan: the promise, its place in the line, and the call that keeps it.

A caller presses the key; a Local channel, his placeholder, takes his place in the queue. Half `;1` waits there as a
caller does. When an agent takes it, half `;2` calls the customer. Promises stand in Asterisk's own database, so that a
restart loses none: DB(callback/DESK/NUMBER) is, with colons between them,
since, until, tries, not before, number to dial, line, language, category, source, priority, the call it was made in,
whether its line recorded (1 or 0).

The contexts of an edition, and of a desk as it is now:

`back-EDITION`   seen: a subroutine for who enters a line; pressed: he has pressed the key
`key-DESK-LINE`  where a queue sends who presses a key
`hold-DESK` `wait-DESK`  where the halves begin, by his number; both go on in `callback`, which all desks share
`callback-DESK`  ready, line, to-LINE, dial, called, again, begin
`hello-DESK`     a subroutine on the customer's telephone when he answers

IVR_WHO      the customer's number in its one spelling, IVR_BACK_TO the one that may be dialled
IVR_PROMISE  what stands in the database
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import timedelta
from math import ceil

from ivr.asterisk.dialplan import LANGUAGE, context, fact
from ivr.flows.edition import Edition
from ivr.flows.model import Desk
from ivr.telephony.number import same_number

SHORTEST = 7
"""Digits of a number that somebody can be called back on: shorter ones are of our own house, or of services."""
CUSTOMER = "PJSIP/${IVR_BACK_TO}@outside"
LONGEST = 20
"""Digits of such a number at most, with what is dialled before a country: its placeholder bears no longer one."""
_ABROAD = "^(00|810)"
"""How a number of another country begins, as it is dialled."""
_NUMBER = "_[0-9+]!"
_WHO = "${FILTER(0-9+,${EXTEN}):0:21}"
_AGAIN_SOON = 5
"""Seconds after which a placeholder that was lost is back: until then the lost one may still be counted."""


def allowed(allow: Collection[str]) -> str:
    """Return the expression that a number fits which the desk may dial."""
    beginnings = "|".join(prefix.replace("+", "[+]") for prefix in allow)
    return f"^({beginnings})[0-9]*$"


def may_dial(allow: Collection[str], variable: str) -> str:
    """Return the condition that a variable holds such a number."""
    length = f"${{LEN(${{{variable}}})}}"
    return f'${{REGEX("{allowed(allow)}" ${{{variable}}})}} & {length} >= {SHORTEST} & {length} <= {LONGEST}'


def one_spelling(name: str) -> list[str]:
    """Return the steps that set IVR_WHO to the one spelling of the number that stands in `name`, a variable's."""
    forms = (("^00[1-9][0-9]{7,14}$", "+", 2), ("^810[1-9][0-9]{9,14}$", "+", 3), ("^[78][3-9][0-9]{9}$", "+7", 1))
    return [
        f'ExecIf(${{REGEX("{form}" ${{{name}}})}}?Set(__IVR_WHO={country}${{{name}:{cut}}}))'
        for form, country, cut in forms
    ]


def promise_of(desk: Desk) -> str:
    """Return where the promise to IVR_WHO stands."""
    return f"DB(callback/{desk.desk}/${{IVR_WHO}})"


def compile_back(edition: Edition, numbers: Collection[str]) -> str:
    """Return an edition's context for its callers, as text of extensions.conf.

    `numbers`: those of all desks, which are called back by none of them.
    """
    return context(f"back-{edition.name}", dict(_back(edition, numbers)))


def compile_callback(edition: Edition, line_values: dict[str, str]) -> str:
    """Return the contexts of a desk as it is now. `line_values`: what each line sets, as MSet takes it."""
    desk = edition.desk
    who = f"__IVR_WHO={_WHO},__IVR_DESK={desk.desk}"
    waiting = "__IVR_CALL=${UNIQUEID},__IVR_CALLER=${CHANNEL},__IVR_PROMISED=1,CHANNEL(musicclass)=hold"
    placeholder = "__IVR_PLACEHOLDER=${CHANNEL:0:-1}1"
    keys = [
        (f"key-{desk.desk}-{name}", {desk.callback.key: _KEY}) for name, line in desk.lines.items() if line.callback
    ]
    return "\n".join(
        context(name, extensions)
        for name, extensions in (
            *keys,
            (f"wait-{desk.desk}", {_NUMBER: [f"MSet({who},{waiting})", "Goto(callback,wait,1)"]}),
            (f"hold-{desk.desk}", {_NUMBER: [f"MSet({who},{placeholder})", "Answer()", "Goto(callback,hold,1)"]}),
            (f"callback-{desk.desk}", dict(_callback(edition, line_values))),
            (f"hello-{desk.desk}", {"s": _hello(edition)}),
        )
    )


_KEY = [
    "Gosub(clean,s,1)",
    "GotoIf(${DIALPLAN_EXISTS(back-${IVR_EDITION},pressed,1)}?back-${IVR_EDITION},pressed,1)",
    "Goto(callback,stays,1)",
]


def _back(edition: Edition, numbers: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    desk = edition.desk
    if not desk.called_back:
        return
    within = _seconds(desk.callback.within)
    number = "${CALLERID(num)}"
    says_so = any(re.match(_ABROAD, prefix) for prefix in desk.called_back)
    abroad = "0" if says_so else f'${{REGEX("{_ABROAD}" {number})}}'
    ours = "|".join(sorted({same_number(one) for one in numbers})).replace("+", "[+]")
    placeholder = f"${{DB(placeholder/{desk.desk}/${{IVR_WHO}})}}"
    seen = [
        f"MSet(IVR_BACK_TO=,__IVR_WHO={number},IVR_JOINED=${{EPOCH}},IVR_OPEN=1)",
        # An agent who waits here for a colleague is nobody whom we call back.
        'GotoIf($["${IVR_CALLER}" != "${CHANNEL}" | "${IVR_WHO}" = ""]?on)',
        *one_spelling("CALLERID(num)"),
        "Set(GROUP(callers)=${IVR_WHO})",
        # He calls himself: so long his placeholder waits apart.
        f'ExecIf($["{placeholder}" != ""]?ChannelRedirect({placeholder},callback,wait,1))',
        *([f"Gosub(hours-{edition.name},s,1($[${{EPOCH}} + {within}]))"] if desk.hours else []),
        f'GotoIf($["${{IVR_OPEN}}" != "1" | ${{DB_KEYCOUNT(callback/{desk.desk})}} >= {desk.callback.most}]?on)',
        # The number in the spelling in which it may be dialled: as it came, with its country, or with 8 in country 7. A
        # caller can show any number: abroad we call none but by a beginning in `outbound` that says so.
        f"Set(IVR_BACK_TO=${{IF($[{abroad}]?${{IVR_WHO}}:{number})}})",
        f"ExecIf($[({may_dial(desk.called_back, 'IVR_BACK_TO')}) = 0]?Set(IVR_BACK_TO=${{IVR_WHO}}))",
        f'ExecIf($[({may_dial(desk.called_back, "IVR_BACK_TO")}) = 0 & "${{IVR_WHO:0:2}}" = "+7"]'
        "?Set(IVR_BACK_TO=8${IVR_WHO:2}))",
        f'ExecIf($[({may_dial(desk.called_back, "IVR_BACK_TO")}) = 0 | ${{REGEX("^({ours})$" ${{IVR_WHO}})}}]'
        "?Set(IVR_BACK_TO=))",
        f"ExecIf($[{abroad.replace(number, '${IVR_BACK_TO}')}]?Set(IVR_BACK_TO=))",
        "(on),Return()",
    ]
    yield "seen", seen
    kept = (
        "${EPOCH}:${IVR_UNTIL}:0:0:${IVR_BACK_TO}:${IVR_LINE}:${CHANNEL(language)}"
        ":${IVR_CATEGORY}:${IVR_SOURCE}:${QUEUE_PRIO}:${IVR_CALL}:${IVR_RECORD}"
    )
    yield (
        "pressed",
        [
            'GotoIf($["${IVR_BACK_TO}" = ""]?callback,stays,1)',
            f"Set(IVR_UNTIL=$[${{EPOCH}} + {within}])",
            f'ExecIf($["${{{promise_of(desk)}}}" = ""]?Set({promise_of(desk)}={kept}))',
            # On a full disk no promise is kept, so none is made.
            f'GotoIf($["${{{promise_of(desk)}}}" = ""]?callback,stays,1)',
            fact("callback", number="${IVR_BACK_TO}", line="${IVR_LINE}", until="${IVR_UNTIL}"),
            "Set(GROUP(callers)=)",  # from here on he is in no line: his placeholder may be
            # One whose placeholder is lost, or was taken away with the desk's callbacks, has one again.
            _unless_it_stands(desk, "v(IVR_POSITION=${QUEUEPOSITION})"),
            f"Playback({edition.name}/{LANGUAGE}/callback.within.{desk.callback.minutes})",
            "Hangup(16)",
        ],
    )


def _originate(desk: Desk, more: str = "") -> str:
    return f"Originate(Local/${{IVR_WHO}}@hold-{desk.desk}/n,exten,wait-{desk.desk},${{IVR_WHO}},1,,a{more})"


def _unless_it_stands(desk: Desk, more: str = "") -> str:
    return f"ExecIf($[${{GROUP_COUNT({desk.desk}-${{IVR_WHO}}@callback)}} = 0]?{_originate(desk, more)})"


def _callback(edition: Edition, line_values: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    desk = edition.desk
    here, outbound = f"callback-{desk.desk}", desk.outbound
    if outbound is None:
        return
    open_now = [f"Gosub(hours-{edition.name},s,1(${{EPOCH}}))", 'GotoIf($["${IVR_OPEN}" != "1"]?shut)']
    yield "ready", [*(open_now if desk.hours else ()), "Set(IVR_READY=1)", "Gosub(line,1)", "(shut),Return()"]
    known = f"${{DIALPLAN_EXISTS({here},to-${{IVR_LINE}},1)}}"
    yield "line", [f"GotoIf({known}?to-${{IVR_LINE}},1:to-{next(iter(desk.lines))},1)"]
    for name in desk.lines:
        yield f"to-{name}", [f"MSet({line_values[name]},__IVR_EDITION={edition.name})", "Return()"]
    promise = promise_of(desk)
    again = _seconds(desk.callback.again_after)
    # The try is counted before it is made, so that whatever happens then nobody is rung for ever.
    counted = f"${{CUT(IVR_PROMISE,:,1-2)}}:${{IVR_TRIES}}:$[${{EPOCH}} + {again}]:${{CUT(IVR_PROMISE,:,5-)}}"
    parts = ((5, "__IVR_BACK_TO"), (6, "IVR_LINE"), (7, "__IVR_SPEAKS"))
    yield (
        "dial",
        [
            f"Set(IVR_PROMISE=${{{promise}}})",
            'GotoIf($["${IVR_PROMISE}" = ""]?over)',
            # It has stood in the line until the desk closed: this is no try.
            *((open_now[0], 'GotoIf($["${IVR_OPEN}" != "1"]?over)') if desk.hours else ("NoOp()", "NoOp()")),
            f"MSet({','.join(f'{name}=${{CUT(IVR_PROMISE,:,{place})}}' for place, name in parts)})",
            "Set(IVR_TRIES=$[0${CUT(IVR_PROMISE,:,3)} + 1])",
            f"Set({promise}={counted})",
            "Gosub(line,1)",
            # He was told nothing of a recording when he waited, whatever an apply has made of his line.
            'ExecIf($["${CUT(IVR_PROMISE,:,12)}" = "0"]?Set(__IVR_RECORD=0))',
            f"GotoIf($[({may_dial(desk.called_back, 'IVR_BACK_TO')}) = 0]?over)",
            fact("dialled", desk=desk.desk, agent="", number="${IVR_BACK_TO}"),
            f"Set(CALLERID(all)=<{outbound.caller_id or desk.numbers[0]}>)",
            # r: the agent hears it ring. Without it what he says meanwhile is sent on to a telephone that has not
            # answered, and then the customer does not hear the greeting (Asterisk 22.10.1).
            f"Dial({CUSTOMER},{_seconds(outbound.ring)},rb({here}^called^1)U(hello-{desk.desk}))",
            fact("unreached", number="${IVR_BACK_TO}", status="${DIALSTATUS}", cause="${HANGUPCAUSE}"),
            f"Playback({edition.name}/{desk.languages[0]}/whisper.unreached)",
            "(over),Hangup(16)",
        ],
    )
    yield "h", ["Gosub(again,1)"]
    known = f'${{REGEX("^({"|".join(desk.languages)})$" ${{IVR_SPEAKS}})}}'  # an apply may have taken his away
    speaks = f"${{IF($[{known}]?${{IVR_SPEAKS}}:{desk.languages[0]})}}"
    yield (
        "called",
        [
            f"MSet(__IVR_CALL=${{UNIQUEID}},__IVR_CALLER=${{CHANNEL}},CHANNEL(language)={speaks})",
            "MSet(__IVR_LANGUAGE=${CHANNEL(language)},__IVR_PROMISED=)",
            "Set(GROUP(callers)=${IVR_WHO})",  # no other desk calls him meanwhile
            "Set(SHARED(IVR_CUSTOMER,${IVR_PLACEHOLDER})=${CHANNEL})",
            'ExecIf($["${IVR_RECORD}" = "1"]?Gosub(record,on,1))',
            "Return()",
        ],
    )
    soon = f"$[${{EPOCH}} + {_AGAIN_SOON}]"
    later = "${CUT(IVR_PROMISE,:,4)}"
    due = f"$[0{later} > {soon} ? 0{later} :: {soon}]"
    yield (
        "again",
        [
            f"Set(IVR_PROMISE=${{{promise}}})",
            'GotoIf($["${IVR_PROMISE}" = ""]?kept)',
            f"GotoIf($[0${{CUT(IVR_PROMISE,:,3)}} >= {desk.callback.tries}]?enough)",
            f"Set({promise}=${{CUT(IVR_PROMISE,:,1-3)}}:{due}:${{CUT(IVR_PROMISE,:,5-)}})",
            _originate(desk),
            "Return()",
            "(enough)," + fact("unkept", number="${IVR_WHO}"),
            f"Set(IVR_GONE=${{DB_DELETE{promise.removeprefix('DB')}}})",
            "(kept),Return()",
        ],
    )
    # Asterisk has started: the oldest promise comes first.
    since = "${CUT(IVR_PROMISE,:,1)}"
    yield (
        "begin",
        [
            f"Gosub(sorted,1(${{DB_KEYS(callback/{desk.desk})}}))",
            'ExecIf($["${IVR_LIST}" != ""]?Gosub(each,1(${SORT(${IVR_LIST})})))',
            "Return()",
        ],
    )
    yield (
        "sorted",
        [
            "MSet(IVR_PLACE=1,IVR_LIST=)",
            '(next),GotoIf($[${IVR_PLACE} > ${ARGC} | "${ARG1}" = ""]?done)',
            "Set(IVR_WHO=${ARG${IVR_PLACE}})",
            f"Set(IVR_PROMISE=${{{promise}}})",
            f"Set(IVR_LIST=${{IVR_LIST}}${{IF($[${{IVR_PLACE}} > 1]?,:)}}${{IVR_WHO}}:{since})",
            "Set(IVR_PLACE=$[${IVR_PLACE} + 1])",
            "Goto(next)",
            "(done),Return()",
        ],
    )
    yield (
        "each",
        [
            "Set(IVR_PLACE=1)",
            "(next),GotoIf($[${IVR_PLACE} > ${ARGC}]?done)",
            "Set(IVR_WHO=${FILTER(0-9+,${ARG${IVR_PLACE}})})",
            _unless_it_stands(desk),
            "Wait(0.2)",  # so long until it stands in its line, before the next one
            "Set(IVR_PLACE=$[${IVR_PLACE} + 1])",
            "Goto(next)",
            "(done),Return()",
        ],
    )


def _hello(edition: Edition) -> list[str]:
    """Answered: the promise is kept, whatever the customer does now; but not when the agent hung up meanwhile."""
    promise = promise_of(edition.desk)
    return [
        f"Set(IVR_PROMISE=${{{promise}}})",
        f"Set(IVR_GONE=${{DB_DELETE{promise.removeprefix('DB')}}})",
        f"Playback({edition.name}/{LANGUAGE}/callback.hello)",
        f"ExecIf($[${{CHANNEL_EXISTS(${{IVR_PLACEHOLDER}})}} = 0]?Set({promise}=${{IVR_PROMISE}}))",
        "Return()",
    ]


def _seconds(length: timedelta) -> int:
    return ceil(length.total_seconds())
