"""One day of the desk: who calls, who is free, who gives up; and its journal."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from random import Random
from typing import NamedTuple

from tests.year.moved import held, placed, transferred
from tests.year.pattern import ZONE, moments, opens
from tests.year.people import CATEGORIES, LINES, SECOND, Crew
from tests.year.recorded import QUESTION, Answers, Form, Wait, act_rows, recorded, without_keys, without_offers

IDS_A_DAY = 4_000_000
"""Channels that a day's Asterisk may count."""
LONGEST_WAIT = 180 * SECOND
"""After that the line gives up."""
_AGAIN = 0.45
"""Of those that gave up, so many call again within the hour."""
_SENT = ("blind_transfer", "attended_transfer")
_TALKS = {
    "caller_ends_talk": 61,
    "caller_ends_talk held": 17,
    "blind_transfer": 6,
    "attended_transfer": 3,
    "first_agent_busy": 4,
    "first_agent_refuses": 5,
    "desk_cuts_the_talk": 1,
    "agent_to_agent": 4,
}
_PLACED = {"agent_calls_outside": 70, "outside_no_answer": 25, "outside_busy": 5}
_OUTSIDE = 0.085
"""So many of all calls are agents' to outside, beside those to people who gave up."""
_BACK = 0.35
"""Of those that gave up and do not call again, so many are called within two hours."""
_REGULARS = 40_000
_OFFERED = 20 * SECOND
_ANSWERS = 2 * SECOND
"""That long after the line's question began."""


class Contact(NamedTuple):
    """A call that begins."""

    at: int
    number: str
    known: bool
    placed: bool = False
    """An agent calls him."""


@cache
def forms() -> dict[str, Form]:
    """Return the recorded calls as forms, once a process; `X alone` = while no agent was free."""
    plain = [name for name in _TALKS if name not in _SENT and " " not in name]
    found = {name: Form(recorded(name)) for name in (*plain, "caller_leaves_in_menu", "closed", "nobody_answers")}
    found |= {name: Form(transferred(name)) for name in _SENT} | {name: Form(placed(name)) for name in _PLACED}
    found["caller_ends_talk held"] = Form(held("caller_ends_talk"))
    for name in ("caller_leaves_while_ringing", "line_gives_up"):
        found |= {name: Form(recorded(name)), f"{name} alone": Form(without_offers(recorded(name)))}
    found["caller_ends_talk silent"] = Form(without_keys(recorded("caller_ends_talk")))
    return found


def crews_of(day: date, chance: Random) -> dict[str, Crew]:
    """Return the agents of each line on that day."""
    return {line.name: Crew(line, day, _midnight(day), chance) for line in LINES}


def calls_of(day: date, count: int, crews: dict[str, Crew], chance: Random) -> Iterator[tuple[str, Answers]]:
    """Yield which form each call of the day takes, and what fills it in."""
    midnight = _midnight(day)
    hours = opens(day)
    first, last = (midnight + hour * 3600 * SECOND for hour in hours) if hours else (0, 0)
    coming = [_contact(at, chance) for at in moments(day, count, chance)]
    heapq.heapify(coming)
    while coming:
        contact = heapq.heappop(coming)
        if contact.placed:
            if first <= contact.at < last and (call := _place(contact, crews, chance)):
                yield call
            continue
        if not first <= contact.at < last:
            yield "closed", _answers(contact, "1", (), {})
            continue
        name, answers, gave_up_at = _call(contact, crews, chance)
        if gave_up_at and chance.random() < _AGAIN:
            later = gave_up_at + int(chance.expovariate(1 / 600) * SECOND) + 30 * SECOND
            heapq.heappush(coming, Contact(later, contact.number, contact.known))
        elif gave_up_at and chance.random() < _BACK:
            later = gave_up_at + int(chance.uniform(300, 7200) * SECOND)
            heapq.heappush(coming, Contact(later, contact.number, contact.known, placed=True))
        yield name, answers


def journal_of(day: date, number: int, count: int, seed: int) -> tuple[int, bytes]:
    """Return how many calls the day had, and its journal. `number`: of the day, so that no two days share an id."""
    chance = Random(f"{seed} {day}")
    ready = forms()
    sequence = number * IDS_A_DAY + 1
    rows: list[tuple[int, str]] = []
    calls = 0
    crews = crews_of(day, chance)
    for name, answers in calls_of(day, count, crews, chance):
        form = ready[name]
        rows += form.filled(answers, sequence, (seed << 32) + sequence)
        sequence += form.ids
        calls += 1
    for at, agent, fact in (act for crew in crews.values() for act in crew.go_home()):
        rows += act_rows(at, agent, fact.format(agent), sequence)
        sequence += 1
    # The rows of one call stay in their order, whose times may be equal.
    rows.sort(key=lambda row: row[0])
    return calls, "".join(f"{row}\n" for _, row in rows).encode()


def _midnight(day: date) -> int:
    local = datetime(day.year, day.month, day.day, tzinfo=UTC) - ZONE
    return int(local.timestamp()) * SECOND


def _contact(at: int, chance: Random) -> Contact:
    placed = chance.random() < _OUTSIDE
    if chance.random() < 0.35:
        # A few call very often, most of them seldom.
        return Contact(at, f"+7812{2_000_000 + int(_REGULARS * chance.random() ** 1.5):07d}", known=True, placed=placed)
    return Contact(at, f"+79{chance.randrange(10**9):09d}", known=False, placed=placed)


def _place(contact: Contact, crews: dict[str, Crew], chance: Random) -> tuple[str, Answers] | None:
    """Return a call of an agent to outside; None when nobody is there for it."""
    key = chance.choices(list(CATEGORIES), [share for _, _, share in CATEGORIES.values()])[0]
    crew = crews[CATEGORIES[key][1]]
    found = crew.next(contact.at)
    if found is None:
        return None
    free, agent = found
    name = chance.choices(list(_PLACED), list(_PLACED.values()))[0]
    waits: dict[Wait, int] = {"ring": _lasting(12.0 if name == "agent_calls_outside" else 30.0, 0.4, chance)}
    waits["talk"] = _lasting(crew.line.talk, 0.8, chance)
    crew.busy_until(free + sum(waits.values()) + _lasting(crew.line.wrap_up, 0.6, chance))
    return name, _answers(contact._replace(at=free), key, (agent,), waits)


def _call(contact: Contact, crews: dict[str, Crew], chance: Random) -> tuple[str, Answers, int]:
    """Return form, answers, and when the caller gave up or was given up (0 = he did not)."""
    key = chance.choices(list(CATEGORIES), [share for _, _, share in CATEGORIES.values()])[0]
    menu = _lasting(7.0, 0.5, chance)
    if chance.random() < 0.05:
        return "caller_leaves_in_menu", _answers(contact, key, (), {"menu": menu // 2}), contact.at + menu
    crew = crews[CATEGORIES[key][1]]
    since = contact.at + menu
    patience = min(_lasting(95.0, 0.8, chance), LONGEST_WAIT)
    found = crew.next(since)
    if found is None or found[0] - since >= patience:
        name = "line_gives_up alone" if patience == LONGEST_WAIT else "caller_leaves_while_ringing alone"
        return name, _answers(contact, key, (), {"menu": menu, "wait": patience}), since + patience
    return _offered(contact, key, menu, crew, patience, chance)


def _offered(
    contact: Contact, key: str, menu: int, crew: Crew, patience: int, chance: Random
) -> tuple[str, Answers, int]:
    since = contact.at + menu
    found = crew.next(since)
    assert found
    free, agent = found
    ring = _lasting(4.0, 0.5, chance)
    waits: dict[Wait, int] = {"menu": menu, "queue": free - since, "ring": ring}
    if free - since + ring > patience or chance.random() < 0.01:
        wait = min(max(patience - (free - since), SECOND), _OFFERED)
        crew.busy_until(free + wait)
        waits["wait"] = wait
        return "caller_leaves_while_ringing", _answers(contact, key, (agent,), waits), free + wait
    if chance.random() < 0.006:
        crew.busy_until(free + 2 * _OFFERED)
        return "nobody_answers", _answers(contact, key, (agent,), waits | {"wait": _OFFERED}), free + 2 * _OFFERED
    name = chance.choices(list(_TALKS), list(_TALKS.values()))[0]
    if name == "caller_ends_talk":
        if chance.random() < 0.4:
            name = "caller_ends_talk silent"
        else:
            waits |= {"answer": min(_ANSWERS, ring // 2), "ring": ring - min(_ANSWERS, ring // 2)}
    waits |= {"whisper": _lasting(2.5, 0.3, chance), "talk": _lasting(crew.line.talk, 0.8, chance)}
    after = _lasting(crew.line.wrap_up, 0.6, chance)
    if name in _SENT:
        return _sent(name, contact, key, crew, waits, after, chance)
    if name == "caller_ends_talk held":
        waits["hold"] = _lasting(25.0, 0.6, chance)
        after += waits["hold"]
    tries = 2 if name in {"first_agent_busy", "first_agent_refuses"} else 1
    crew.busy_until(free + tries * (ring + waits["whisper"]) + waits["talk"] + after)
    agents = (crew.another(agent, chance), agent) if tries > 1 else (agent,)
    return name, _answers(contact, key, agents, waits, chance.choice(list(QUESTION))), 0


def _sent(
    name: str, contact: Contact, key: str, crew: Crew, waits: dict[Wait, int], after: int, chance: Random
) -> tuple[str, Answers, int]:
    """Return a call in which the agent sends his caller to a colleague who is free; else he serves him to the end."""
    found = crew.next(contact.at + waits["menu"])
    assert found
    free, agent = found
    asked = _lasting(20.0, 0.5, chance)
    end = free + 2 * waits["ring"] + waits["whisper"] + waits["talk"] + asked + after
    other = crew.lend(agent, free, end)
    crew.busy_until(end - waits["talk"] // 2 if other else end)
    if other is None:
        return "caller_ends_talk silent", _answers(contact, key, (agent,), waits), 0
    return name, _answers(contact, key, (agent, other), waits | {"hold": asked}), 0


def _answers(contact: Contact, key: str, agents: tuple[str, ...], waits: dict[Wait, int], digit: str = "1") -> Answers:
    category, line, _ = CATEGORIES[key]
    tier = next(one.tier for one in LINES if one.name == line)
    return Answers(contact.at, waits, contact.number, contact.known, line, tier, key, category, digit, agents)


def _lasting(median: float, spread: float, chance: Random) -> int:
    """Return a time in microseconds: half of all are shorter than the median, a few much longer."""
    return int(median * math.exp(chance.gauss(0, spread)) * SECOND)
