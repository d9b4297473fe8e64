"""Which applications, functions and variables the dialplan may use: a shell, a file or the net is behind none (S6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.asterisk.steps import Step
from ivr.asterisk.ways import Ways

APPLICATIONS = frozenset(
    {
        *("AGI", "AddQueueMember", "Answer", "CELGenUserEvent", "ChannelRedirect", "Dial", "ExecIf", "Gosub", "Goto"),
        *(
            "GotoIf",
            "Hangup",
            "MSet",
            "MixMonitor",
            "NoOp",
            "Originate",
            "PauseQueueMember",
            "Playback",
            "Queue",
            "Read",
            "Record",
        ),
        *("RemoveQueueMember", "Return", "Set", "StartMusicOnHold", "StopMixMonitor", "UnpauseQueueMember", "Wait"),
    }
)
FUNCTIONS = frozenset(
    {
        *(
            "CALLERID",
            "CHANNEL",
            "CHANNEL_EXISTS",
            "CUT",
            "DB",
            "DB_DELETE",
            "DB_KEYCOUNT",
            "DB_KEYS",
            "DEVICE_STATE",
            "DIALPLAN_EXISTS",
            "EXTENSION_STATE",
            "FILTER",
            "GROUP_COUNT",
            "IF",
            "LEN",
        ),
        *("QUEUE_EXISTS", "QUEUE_MEMBER", "QUEUE_VARIABLES", "QUEUE_WAITING_COUNT", "REGEX", "SHARED", "SORT"),
        "STRFTIME",
        "STRREPLACE",
    }
)
VARIABLES = frozenset(
    {
        *(
            "ARG",
            "ARG1",
            "ARGC",
            "CHANNEL",
            "DIALSTATUS",
            "EPOCH",
            "EXTEN",
            "HANGUPCAUSE",
            "LOST",
            "PLAYBACKSTATUS",
            "QUEUECOMPLETED",
        ),
        *("QUEUEPOSITION", "QUEUESTATUS", "QUEUETALKTIME", "QUEUE_PRIO", "READSTATUS", "RECORD_STATUS", "UNIQUEID"),
    }
)
"""Asterisk's own and few of ours; the rest of ours begin with IVR_."""
_OURS = "IVR_"
_READ = re.compile(r"\$\{([^\s${}():]*)(\([^\s${}(),]*)?")
_WRITTEN = re.compile(
    r"_{0,2}IVR_[A-Z0-9_]+|CALLERID\((?:num|name|rdnis|all)\)|CHANNEL\((?:language|musicclass)\)|TIMEOUT\(absolute\)"
    r"|AGIEXITONHANGUP|GOSUB_RESULT|QUEUE_PRIO|READSTATUS|LOST|DB\([a-z]+/\$\{IVR_AGENT\}\)"
    r"|SHARED\(IVR_MISSED,\$\{IVR_CALLER\}\)|SHARED\(IVR_CUSTOMER,\$\{IVR_PLACEHOLDER\}\)"
    r"|SHARED\(IVR_TWICE,\$\{CHANNEL:0:-1\}2\)"
    r"|GROUP\((?:callback|callers|placeholders)\)"
    r"|DB\((?:callback|placeholder)/(?:[a-z0-9-]+|\$\{IVR_DESK\})/\$\{IVR_WHO\}\)"
)
_OPTIONS = re.compile(
    r"(?:[rtTkK]|\$\{IVR_MAY\}|[Ub]\([^()]*\)|m\(\$\{CHANNEL\(musicclass\)\}\)"
    r"|\$\{IF\(\$\[[^\]]*\]\?[tTkK]*:(?:[tTkK]+|U\([^()]*\))\)\})*"
)
"""Dial's: who may transfer and park; ringing for who waits; a subroutine on the telephone that rings; music."""
_BACK_IN_LINE = re.compile(r",(?:called-back)?,,\$\{(?:QUEUEPOSITION|IVR_POSITION)\}")
"""Behind a queue's time: what its agent does when he has taken a placeholder, and the place in it."""
_PLACEHOLDER = re.compile(
    r"Local/\$\{IVR_WHO\}@hold-([a-z0-9-]+)/n,exten,wait-\1,\$\{IVR_WHO\},1,,a(?:v\(IVR_POSITION=\$\{QUEUEPOSITION\}\))?"
)
_CONTROLLER = re.compile(r"agi://127\.0\.0\.1:[0-9]+/(?:answer|resume|whisper)")


def vocabulary_findings(ways: Ways) -> Iterator[str]:
    """Walk over the steps that use what is not to be used."""
    for text, step in ways.known.items():
        for one in (step, *step.inner):
            if wrong := _wrong(one):
                yield f"{wrong} in `{text}`, {_place_of(ways, step)}"
        for name, inside in _READ.findall(text):
            if not _known(name, inside):
                read = f"{name}{inside}" or "a name that it makes"
                yield f"the dialplan reads {read}, in `{text}`, {_place_of(ways, step)}"


def _known(name: str, inside: str) -> bool:
    if inside:
        return name in FUNCTIONS and (name != "CHANNEL" or inside in {"(language", "(musicclass", "(state"})
    return name in VARIABLES or name.startswith(_OURS)


def _wrong(step: Step) -> str:
    """Return what is wrong with a step; empty when nothing is."""
    arguments = step.arguments
    match step.app:
        case "AGI":
            found = "" if _CONTROLLER.fullmatch(arguments[0]) else "a program that is not the controller"
        case "MixMonitor":
            found = "a command behind a recording" if len(arguments) > 2 else ""
        case "Queue":
            sound = len(arguments) <= 5 or bool(_BACK_IN_LINE.fullmatch(",".join(arguments[5:])))
            found = "" if sound else "more behind a queue than its time"
        case "Originate":
            found = "" if _PLACEHOLDER.fullmatch(",".join(arguments)) else "a call that is no placeholder's"
        case "Dial":
            sound = len(arguments) <= 3 and bool(_OPTIONS.fullmatch(",".join(arguments[2:])))
            found = "" if sound else "an option of Dial"
        case "Set" | "MSet":
            values = arguments if step.app == "MSet" else arguments[:1]
            names = (value.partition("=")[0] for value in values)
            found = next((f"a value for {name}" for name in names if not _WRITTEN.fullmatch(name)), "")
        case app:
            found = "" if app in APPLICATIONS else f"the application {app}"
    return found


def _place_of(ways: Ways, step: Step) -> str:
    return next(f"{context},{extension}" for (context, extension, _), steps in ways.steps.items() if step in steps)
