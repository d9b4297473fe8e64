"""The standard reports: which metrics, by which keys. What a metric means stands in the catalogue alone."""

from __future__ import annotations

from ivr.reports.layout import Cases, Column, Report, Section, columns
from ivr.reports.standard_contacts import MISSED, RECORDINGS, REPEAT, STAFFING

CLOSED = Column("closed_by_line", "ended on lines 1-2", at_least=0.85)
LINES = Report(
    "lines",
    "Lines",
    (
        Section(
            "Visits to the lines",
            ("desk", "line"),
            columns(
                "offered: offered",
                "answered: answered",
                "abandoned: abandoned",
                "overflow: gone on",
                Column("sl_answered", "SL of answered", at_least=0.8),
                Column("sl_offered", "SL of offered", at_least=0.8),
                Column("sl_removed", "SL of removed", at_least=0.8),
                Column("sl_ex_short", "SL less short", at_least=0.8),
            ),
            chart=("answered", "abandoned", "overflow"),
        ),
        Section(
            "Waits",
            ("desk", "line"),
            columns(
                "asa: mean to the talk",
                "asa_to_agent: mean to pick-up",
                "wait_p50: median",
                "wait_p90: 90 %",
                "longest_wait: longest",
                "abandon_time: mean of abandoned",
                "abandon_rate: abandoned",
                "line_talk: talk and hold",
            ),
        ),
        Section(
            "What agents did on the lines",
            ("desk", "line"),
            columns(
                "offers: offers",
                "offers_answered: taken",
                "offers_missed: missed",
                "offers_refused: refused",
                "offer_answer_rate: share taken",
                "talks_in: talks",
                "talk_mean: mean talk",
                "talk_time: talk",
                "hold_time: hold",
            ),
        ),
        Section(
            "Calls",
            ("desk",),
            columns(
                "calls: calls",
                "calls_answered: with a talk",
                "answer_rate: share",
                "calls_missed: missed",
                "abandoned_menu: left in the menu",
                "abandoned_line: left in a line",
                CLOSED,
            ),
        ),
    ),
)
_STAGES = columns(
    "calls_answered: with a talk",
    "time_to_human: mean",
    "stage_informer: informer",
    "stage_menu: menu",
    "stage_question: question",
    "stage_queue: queue",
    "stage_ring: ring",
    "stage_whisper: whisper",
    "time_to_human_p50: median",
    "time_to_human_p90: 90 %",
    Column("within_budget", "within budget", at_least=0.9),
)
TIME_TO_HUMAN = Report(
    "time-to-human",
    "Time to a person, stage by stage",
    (
        Section(
            "By flow version",
            ("desk", "version"),
            _STAGES,
            chart=("stage_informer", "stage_menu", "stage_question", "stage_queue", "stage_ring", "stage_whisper"),
        ),
        Section("By category", ("desk", "category"), _STAGES),
    ),
    lists=("over budget",),
)
SOURCES = Report(
    "sources",
    "Sources: what brings calls",
    (
        Section(
            "By source",
            ("desk", "source"),
            columns(
                "calls: calls",
                "calls_answered: with a talk",
                "answer_rate: share",
                "wins: wins",
                "leads: leads",
                "conversion: conversion",
                "cost_per_call: cost a call",
                "cost_per_win: cost a win",
            ),
            chart=("calls", "calls_answered"),
        ),
        Section(
            "How the source is known",
            ("desk", "source", "how"),
            columns(
                "calls: calls",
                "calls_answered: with a talk",
                "conversion: conversion",
                "source_disagreement: ways disagree",
            ),
        ),
    ),
)
CATEGORIES = Report(
    "categories",
    "Categories and the way through the menu",
    (
        Section(
            "By category",
            ("desk", "category"),
            columns(
                "calls: calls",
                "calls_answered: with a talk",
                "answer_rate: share",
                "calls_missed: missed",
                "time_to_human: time to human",
                "talk_per_call: talk a call",
                CLOSED,
            ),
            chart=("calls", "calls_answered"),
        ),
        Section(
            "Nodes of the flow",
            ("desk", "version", "node"),
            columns(
                "node_hits: hits",
                "node_wrong: wrong keys",
                "node_silent: no answer",
                "node_dropped: dropped out",
                "node_drop_rate: drop-outs",
                "node_wrong_rate: wrong keys a hit",
            ),
        ),
    ),
)
SPLITS = Report(
    "splits",
    "Splits: two informers or flows beside each other",
    (
        Section(
            "What became of callers",
            ("desk", "split", "way"),
            columns(
                "split_calls: calls",
                "split_answered: with a talk",
                "split_answered_least: at least",
                "split_answered_most: at most",
                "split_left: left in the menu",
                "split_left_least: at least",
                "split_left_most: at most",
                "split_missed: missed",
            ),
            chart=("split_answered", "split_left"),
        ),
        Section(
            "How soon, and with what success",
            ("desk", "split", "way"),
            columns(
                "split_calls: calls",
                "split_to_human: mean to a person",
                "split_to_human_p90: 90 %",
                "split_won: conversion",
                "split_won_least: at least",
                "split_won_most: at most",
            ),
        ),
    ),
)
_TALKS = columns(
    "talks_in: talks in",
    "talks_out: talks out",
    "offers: offers",
    "offers_missed: missed",
    "offers_refused: refused",
    "offer_answer_rate: taken",
    "talk_time: talk",
    "hold_time: hold",
    "agent_leads: leads",
    "agent_wins: wins",
)
_LENGTHS = columns(
    "talks: talks",
    "talk_mean: mean",
    "talk_p50: median",
    "talk_p90: 90 %",
    "talk_shortest: shortest",
    "talk_longest: longest",
    "long_calls_20: over 20 s",
    "long_calls_30: over 30 s",
)
_DAY_LENGTHS = tuple(column for column in _LENGTHS if column.metric not in ("talk_p50", "talk_p90"))
_HOURS = columns(
    "hours: signed in",
    "ready_time: ready",
    "offered_time: ringing",
    "wrap_up_time: wrap-up",
    "wrap_up_mean: mean wrap-up",
    "paused_time: paused",
    "pauses: pauses",
    "unreachable_time: unreachable",
    "occupancy: occupancy",
    "aht: AHT",
)
_PAUSES = columns("pauses: pauses", "paused_time: time", "paused_mean: mean")
_REASONS = Cases("reason", {"paused": "state.paused", "begun.paused": "begun.paused"})
_OUTCOMES = columns("agent_outcomes: calls")
_CODES = Cases("outcome", {"card.outcome": "card.outcome"})
AGENTS = Report(
    "agents",
    "Agents",
    (
        Section("Offers and talks", ("agent",), _TALKS, chart=("talk_time", "hold_time"), directions=()),
        Section("Length of talks", ("agent",), _LENGTHS, directions=()),
        Section("Time", ("agent",), _HOURS, directions=()),
        Section("Pauses by reason", ("agent",), _PAUSES, directions=(), cases=_REASONS),
        Section("Outcomes in the cards", ("agent",), _OUTCOMES, directions=(), cases=_CODES),
    ),
    opening="plan",
)
AGENT_DAY = Report(
    "agent-day",
    "Agents, day by day",
    (
        Section("Offers and talks", ("agent",), _TALKS, time="day", directions=()),
        Section("Length of talks", ("agent",), _DAY_LENGTHS, time="day", directions=()),
        Section("Time", ("agent",), _HOURS, time="day", directions=()),
        Section("Pauses by reason", ("agent",), _PAUSES, time="day", directions=(), cases=_REASONS),
        Section("Outcomes in the cards", ("agent",), _OUTCOMES, time="day", directions=(), cases=_CODES),
    ),
    opening="days",
)
TRANSFERS = Report(
    "transfers",
    "Transfers",
    (
        Section(
            "By category",
            ("desk", "category"),
            columns(
                "calls_answered: with a talk",
                "transfers: transfers",
                "transfer_rate: transferred",
                "first_transfer_right: first was right",
                CLOSED,
            ),
            chart=("transfers",),
        ),
        Section(
            "Lines that calls go on from",
            ("desk", "line"),
            columns("offered: offered", "overflow: gone on", "overflow_rate: share"),
        ),
    ),
)
_ALL = (
    LINES,
    TIME_TO_HUMAN,
    MISSED,
    REPEAT,
    SOURCES,
    CATEGORIES,
    SPLITS,
    AGENTS,
    AGENT_DAY,
    TRANSFERS,
    RECORDINGS,
    STAFFING,
)
REPORTS = {one.name: one for one in _ALL}
