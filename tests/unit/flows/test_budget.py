"""The time to a human, added up on every way."""

import pytest

from ivr.flows.budget import MOST_ROUTES, routes_of
from ivr.flows.checks import check_desk
from ivr.flows.model import Desk
from ivr.flows.reader import read_desk, read_source
from ivr.written.mistake import Mistake

AUDIO = {"hello": 2.1, "reason": 6.0, "notice": 1.5, "source": 5.0, "reason.1": 1.0, "reason.no-answer": 0.5}


def audio(prompt: str, _: str) -> float | None:
    return AUDIO.get(prompt)


def found(desk: Desk, severity: str) -> list[Mistake]:
    return [mistake for mistake in check_desk(desk, routes_of(desk, audio)) if mistake.severity == severity]


def test_each_way_is_the_sum_of_what_is_heard_on_it(write):
    desk = read_desk(write(add="recording: {notice: once}\nsource: {ask: before the line, menu: How, 1: web}\n"))
    routes = [(route.keys, route.line, round(route.seconds, 1), route.silent) for route in routes_of(desk, audio)]
    assert routes == [
        (("reason 1",), "first", 14.6, False),
        (("reason 2",), "second", 14.6, False),
        ((), "first", 2.1 + 2 * (6.0 + 4.0) + 5.0 + 3.0 + 1.5, True),
    ]


def test_the_notice_counts_on_a_way_to_a_line_that_overflows_to_a_recorded_one(write):
    plain = read_desk(write(add="recording: {notice: once}\n"))
    first, second = plain.lines.values()
    silent = first.model_copy(update={"record": False, "then": "second"})
    for recorded, ways in ((True, 2), (False, 0)):
        lines = {"first": silent, "second": second.model_copy(update={"record": recorded})}
        desk = plain.model_copy(update={"lines": lines})
        told = [route for route in routes_of(desk, audio) if any(part.what == "notice" for part in route.spent)]
        assert len([route for route in told if not route.silent]) == ways


def test_keys_that_lead_the_same_way_are_one_route(write):
    desk = read_desk(write({"claim, then: second}": "claim, then: first}\n    3: {then: first, say: Three}"}))
    assert [route.keys for route in routes_of(desk, audio)] == [("reason 1/2",), ("reason 3",), ()]


def test_a_way_over_the_budget_is_a_mistake_with_its_sum(write):
    source = read_source(write({"sale, then: first}": "sale, then: first, say: Now}"}, "budget: {time to human: 9s}\n"))
    over = [
        mistake for mistake in check_desk(source.desk, routes_of(source.desk, audio)) if mistake.severity == "mistake"
    ]
    assert [source.locate(mistake).split("shop.yaml")[1] for mistake in over] == [
        ":16:25: the way reason 1, to the line `first` is over the budget: "
        "hello 2.1 s + reason 6.0 s + reason.1 1.0 s = 9.1 s > 9 s: shorten `reason` first, or promise less"
    ]


def test_a_way_of_exactly_the_budget_is_none(write):
    desk = read_desk(write({"Hello": "Hello"}, "budget: {time to human: 9s}\n"))
    assert found(desk, "mistake") == []


def test_the_silent_caller_over_the_budget_is_a_warning(write):
    desk = read_desk(
        write({"no answer: first": "no answer: {then: first, say: Wait}"}, "budget: {time to human: 20s}\n")
    )
    (warning,) = found(desk, "warning")
    assert warning.wrong == (
        "a caller who presses nothing, to the line `first`, is over the budget: hello 2.1 s + reason 6.0 s + "
        "silence 4.0 s + reason 6.0 s + silence 4.0 s + reason.no-answer 0.5 s = 22.6 s > 20 s"
    )


def test_a_prompt_without_audio_is_estimated_and_says_so(write):
    desk = read_desk(write({"Hello": "a" * 140}, "budget: {time to human: 9s}\n"))
    mistakes = [found for found in check_desk(desk, routes_of(desk, lambda *_: None)) if found.severity == "mistake"]
    assert "hello ~10.0 s + reason ~1.9 s = 11.9 s > 9 s (~ estimated from the text, no audio yet)" in mistakes[0].wrong


def test_the_language_that_a_caller_picks_is_the_one_that_is_measured(write):
    desk = read_desk(
        write(
            {
                "language: en": "languages: [en, ru]",
                "Sales one. Complaints two.": "{en: S, ru: П}",
                "say: Hello, then: reason": "menu: {en: 1, ru: 2}, 1: {language: ru, then: reason}, no answer: reason",
            }
        )
    )  # fmt: skip
    lengths = {("hello", "en"): 1.0, ("reason", "en"): 2.0, ("reason", "ru"): 30.0}
    routes = routes_of(desk, lambda prompt, language: lengths[prompt, language])
    assert [(route.seconds, route.silent) for route in routes] == [(31.0, False), (31.0, False), (22.0, True)]


def test_a_script_counts_with_its_limit(write, tmp_path):
    (tmp_path / "shop" / "scripts").mkdir(parents=True)
    (tmp_path / "shop" / "scripts" / "a.py").write_text("def run(agi): ...\n")
    node = {"{say: Hello, then: reason}": "{script: 'a.py:run', limit: 5s, otherwise: reason}"}
    assert [route.seconds for route in routes_of(read_desk(write(node)), audio)] == [11.0, 11.0, 25.0]


def test_a_way_back_to_a_menu_is_no_endless_route(write):
    desk = read_desk(write({"claim, then: second}": "claim, then: hello}"}))
    assert [route.keys for route in routes_of(desk, audio)] == [("reason 1",), ()]


def test_a_desk_without_a_menu_has_one_route(write):
    pieces = {"{say: Hello, then: reason}\n  reason:\n    menu": "\n    say"}
    text = write(pieces, "").read_text(encoding="utf-8").split("    1:")[0] + "    then: first\n"
    path = write()
    path.write_text(text, encoding="utf-8")
    assert [(route.keys, route.silent) for route in routes_of(read_desk(path), audio)] == [((), False)]


def test_a_desk_of_endless_ways_is_checked_in_time_and_says_what_was_left(write):
    """Twelve menus of which each leads on by two different ways: 4096 routes."""
    nodes = "".join(
        f"  m{step}: {{menu: M, 1: m{step + 1}, 2: {{then: m{step + 1}, say: Two}}, no answer: first}}\n"
        for step in range(12)
    )
    budget = "budget: {time to human: 10m}\n"
    desk = read_desk(write({"then: reason": "then: m0"}, nodes + "  m12: {say: End, then: reason}\n" + budget))
    assert len([route for route in routes_of(desk, audio) if not route.silent]) == MOST_ROUTES
    (warning,) = found(desk, "warning")
    assert warning.wrong == "there are over 1000 ways to a line, and only these were added up"


@pytest.mark.parametrize(
    ("pieces", "add", "said"),
    [
        ({}, "", "the desk promises no time to a human"),
        ({"claim: complaint": "claim: complaint, extra: extra"}, "", "no way gives the category `extra`"),
        ({"202: Boris": "202: Boris, 203: Vera"}, "", "agent `203` is in no line"),
        ({"[202],": "[202], ring: 30s, wait: 20s,"}, "", "in `second` a telephone rings longer than a caller waits"),
        (
            {"[201], then: second": "[201], then: hang up", "claim, then: second": "claim, then: first"},
            "", "no call reaches the line `second`",
        ),
        (
            {}, "source: {ask: never, by number: {100: card}, names: {card: card, crad: x}}\n",
            "no key and no number gives the source `crad`",
        ),
    ],
)  # fmt: skip
def test_a_warning_keeps_no_desk_from_opening(write, pieces, add, said):
    source = read_source(write(pieces, add))
    assert said in [warning.wrong for warning in (*source.warnings, *found(source.desk, "warning"))]
    assert found(source.desk, "mistake") == []
