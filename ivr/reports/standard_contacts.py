"""The standard reports of missed callers, of callers who call again, of recordings, and of staffing."""

from __future__ import annotations

from ivr.reports.layout import Column, Report, Section, columns

MISSED = Report(
    "missed",
    "Missed calls and who is still owed a talk",
    (
        Section(
            "Missed calls",
            ("desk",),
            columns(
                "calls: calls",
                "calls_missed: missed",
                "abandoned_menu: left in the menu",
                "abandoned_line: left in a line",
                "gave_up: desk gave up",
                "calls_closed: closed",
                "calls_failed: failed",
            ),
            chart=("calls_missed",),
        ),
        Section(
            "Returned to",
            ("desk", "line"),
            columns(
                Column("return_rate", "returned to", at_least=0.9),
                "missed_returned: callers returned to",
                "missed_debt: still owed",
                "return_time: mean time",
                "return_time_p50: median",
                "return_time_p90: 90 %",
            ),
            chart=("missed_returned", "missed_debt"),
        ),
        Section(
            "Called back",
            ("desk", "line"),
            columns(
                "callbacks: chosen",
                "callbacks_kept: kept",
                Column("callbacks_in_time", "in time", at_least=0.9),
                "callback_time: mean time",
                "callback_time_p90: 90 %",
                "callbacks_in_vain: tries in vain",
            ),
        ),
        Section(
            "Returned by",
            ("agent",),
            columns(
                "missed_returned: callers returned to",
                "return_time: mean time",
                "return_time_p50: median",
                "return_time_p90: 90 %",
            ),
        ),
    ),
    lists=("debt",),
)
_AGAIN = columns(
    "numbered_calls: calls with a number",
    "repeat_calls: repeat calls",
    "repeat_rate: share",
    "fcr_calls: talks judged",
    Column("fcr", "settled at first contact", at_least=0.7),
)
REPEAT = Report(
    "repeat",
    "Repeat callers and first-contact resolution",
    (
        Section("By category", ("desk", "category"), _AGAIN, chart=("repeat_calls",)),
        Section("By the last line of the call", ("desk", "line"), _AGAIN),
        Section("By who answered", ("agent",), _AGAIN),
    ),
    lists=("callers again",),
)
_RECORDED = columns(
    "talks_to_record: talks",
    "time_to_record: to record",
    "time_recorded: with audio",
    Column("record_coverage", "coverage", at_least=0.98),
    "talks_lacking: talks lacking",
    "recordings_failed: not whole",
    "recordings_expired: expired",
)
RECORDINGS = Report(
    "recordings",
    "Recordings: what should be heard, and what can be",
    (
        Section("By line", ("desk", "line"), _RECORDED, chart=("time_recorded",)),
        Section("By agent", ("agent",), _RECORDED),
        Section("By day", ("desk",), _RECORDED, time="day"),
    ),
    lists=("not recorded",),
)
STAFFING = Report(
    "staffing",
    "Staffing: agents and telephone lines for the calls that come",
    (
        Section(
            "Load",
            ("desk", "line"),
            columns(
                "offered: offered",
                "answered: answered",
                Column("sl_offered", "SL of offered", at_least=0.8),
                "abandon_rate: abandoned",
                "asa: mean wait",
                "line_talk: talk and hold",
            ),
            chart=("offered",),
        ),
    ),
    lists=("staffing",),
)
