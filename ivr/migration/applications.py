"""Asterisk's applications that a desk does not need, or does not have."""

from __future__ import annotations

from collections.abc import Mapping

QUIET = frozenset(
    {
        "answer", "noop", "verbose", "log", "wait", "progress", "ringing", "proceeding", "resetcdr", "nocdr", "mset",
        "playtones", "stopplaytones", "musiconhold", "startmusiconhold", "stopmusiconhold", "setmusiconhold", "while",
        "celgenuserevent", "userevent", "dumpchan", "queuelog", "sipaddheader", "setamaflags", "setlanguage", "dbput",
        "digittimeout", "responsetimeout", "absolutetimeout", "incrementvar", "endwhile", "setcallerpres", "waituntil",
    }
)  # fmt: skip
"""What callers do not notice, or what a desk does by itself."""

_OUTSIDE = "no caller is sent outside by a desk: let an agent call, by `outbound`"
LOST: Mapping[str, tuple[str, str]] = {
    "agi": ("a program of yours", "a pyst2 handler can be a `script` node, see docs/admin.md"),
    "fastagi": ("a program of yours", "a pyst2 handler can be a `script` node, see docs/admin.md"),
    "deadagi": ("a program of yours", "leave it out: the ledger has what it wrote"),
    "eagi": ("a program of yours", "a pyst2 handler can be a `script` node, see docs/admin.md"),
    "stasis": ("a program of yours", "a pyst2 handler can be a `script` node, see docs/admin.md"),
    "system": ("a command of the machine", "leave it out, or make it a `script` node"),
    "trysystem": ("a command of the machine", "leave it out, or make it a `script` node"),
    "gosub": ("a routine", "see what it does; callers go on behind it"),
    "gosubif": ("a routine", "see what it does; callers go on behind it"),
    "macro": ("a routine", "see what it does; callers go on behind it"),
    "macroif": ("a routine", "see what it does; callers go on behind it"),
    "execif": ("an application on a condition", "a `script` node can decide; callers go on behind it"),
    "execiftime": ("an application at some times", "write the times into `hours`; callers go on behind it"),
    "mixmonitor": ("it records the talk", "add `recording: {notice: once}` to the desk"),
    "monitor": ("it records the talk", "add `recording: {notice: once}` to the desk"),
    "authenticate": ("a password for callers", "a `script` node can ask for it"),
    "record": ("a recording of the caller", "`then: voicemail` takes messages"),
    "disa": ("it gives callers a line to outside", "leave it out: toll fraud begins so"),
    "transfer": ("it sends the caller elsewhere", _OUTSIDE),
    "originate": ("it calls somebody", _OUTSIDE),
    "directory": ("the directory by name", "give those who are wanted a key and a line"),
    "confbridge": ("a conference", "a desk has none; keep it where it is"),
    "meetme": ("a conference", "a desk has none; keep it where it is"),
    "page": ("an announcement to telephones", "a desk has none; keep it where it is"),
    "park": ("a parked call", "agents park by 7001 to 7049"),
    "receivefax": ("a fax", "a desk takes none; keep its number where it is"),
    "voicemailmain": ("the agents' own mailbox", "`ivr recordings list` has the messages of the desk"),
    "privacymanager": ("a question for the caller's number", "leave it out"),
}
"""Applications that cannot be carried: what they are, and what to do."""

GOES_ON = frozenset(
    {
        "agi", "fastagi", "deadagi", "eagi", "system", "trysystem", "gosub", "gosubif", "macro", "macroif", "execif",
        "execiftime", "mixmonitor", "monitor", "authenticate", "record", "page", "privacymanager",
    }
)  # fmt: skip
"""Those of them behind which the call goes on."""
