"""The plan of agents: read strictly, and held against what they did."""

from __future__ import annotations

from datetime import date

import pytest

from ivr.desk.plan_file import read_plan
from ivr.errors import AuthorError
from ivr.reports.plan import AgentPlan, Plan

HOUR = 3600.0
MONDAY = date(2026, 11, 23)


def read(tmp_path, text):
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    return read_plan(path)


def mistakes(tmp_path, text):
    with pytest.raises(AuthorError) as caught:
        read(tmp_path, text)
    return [line.removeprefix(f"{tmp_path}/") for line in caught.value.mistakes]


def test_a_plan_has_hours_by_weekday_targets_and_holidays(tmp_path):
    plan = read(
        tmp_path,
        'agents:\n  201: {mon-thu: 8h, fri: 7h30m, talks_in: 40, talk_time: 3h}\nholidays: ["01-01", 2026-11-24]\n',
    )
    assert plan.on("201", MONDAY) == {"hours": 8 * HOUR, "talks_in": 40.0, "talk_time": 3 * HOUR}
    assert plan.on("201", date(2026, 11, 27))["hours"] == 7.5 * HOUR
    free = {"hours": 0.0, "talks_in": 0.0, "talk_time": 0.0}
    assert plan.on("201", date(2026, 11, 28)) == free, "a Saturday"
    assert plan.on("201", date(2026, 11, 24)) == free, "a holiday of that year"
    assert plan.on("201", date(2029, 1, 1)) == free, "a holiday of every year"
    assert plan.on("202", MONDAY) == {}, "who is in no plan"


def test_what_is_to_be_done_over_days_is_the_sum_of_the_days():
    plan = Plan(
        {"201": AgentPlan((8 * HOUR, 0, 4 * HOUR, 0, 0, 0, 0), {"talks_in": 10.0})}, frozenset({(None, 11, 25)})
    )
    days = [date(2026, 11, day) for day in range(1, 31)]
    each = [plan.on("201", day) for day in days]
    assert plan.over("201", plan.working(days)) == {
        "hours": sum(one["hours"] for one in each),
        "talks_in": sum(one["talks_in"] for one in each),
    }
    assert sum(one["talks_in"] for one in each) == 80, "five Mondays, and three Wednesdays beside the holiday"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "plan.yaml:1:1: this is no plan: begin with `agents:`, and below it `201: {mon-fri: 8h}`"),
        ("agent:\n  201: {mon: 8h}\n", "plan.yaml:1:1: `agent` is not known here: did you mean `agents`?"),
        ("agents:\n", "plan.yaml:1:8: nothing stands here: write `201: {mon-fri: 8h}` lines below it"),
        ("agents:\n  Anna: {mon: 8h}\n", "plan.yaml:2:3: `Anna` is no agent: write his number, as in `201:`"),
        ("agents:\n  201: {}\n", "plan.yaml:2:8: nothing stands here: write {mon-fri: 8h}"),
        (
            "agents:\n  201: {talks_in: 40}\n",
            "plan.yaml:2:3: no day stands here: write his days and hours, as in `mon-fri: 8h`",
        ),
        ("agents:\n  201: {mon-fry: 8h}\n", "plan.yaml:2:9: `mon-fry` is neither days nor a target"),
        ("agents:\n  201: {mon-fri: 8h, fri: 7h}\n", "plan.yaml:2:22: fri stands here twice: name each day once"),
        (
            "agents:\n  201: {mon: 8}\n",
            "plan.yaml:2:14: `8` is no length of a day's work: write one such as 8h or 7h30m, 24h at most",
        ),
        ("agents:\n  201: {mon: 25h}\n", "plan.yaml:2:14: `25h` is no length of a day's work"),
        ("agents:\n  201: {mon: 8h, talks: -4}\n", "plan.yaml:2:25: `-4` is no target"),
        ("agents:\n  201: {mon: 8h, talk: 4}\n", "plan.yaml:2:18: `talk` is neither days nor a target: did you mean"),
        ("agents:\n  201: {mon: 8h, talk_time: 40}\n", "plan.yaml:2:29: `40` is no length of a day's work"),
        (
            "agents:\n  201: {mon: 8h}\nholidays: [31.12]\n",
            "plan.yaml:3:12: `31.12` is no date: write 2026-12-31, or 12-31 for every year",
        ),
        ("agents:\n  201: {mon: 8h}\n  201: {tue: 8h}\n", "plan.yaml:3:3: `201` stands here twice"),
        ("agents:\n  201: {mon: 8h}\nholidays: 12-31\n", "plan.yaml:3:11: this is no list"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_cure(tmp_path, text, told):
    assert mistakes(tmp_path, text)[0].startswith(told)


def test_all_mistakes_are_told_at_once_in_their_order(tmp_path):
    text = "agents:\n  201: {mon: 8h, talks: no}\n  202: {sum: 8h}\nmore: 1\n"
    assert [line.split(":")[1] for line in mistakes(tmp_path, text)] == ["2", "3", "4"]
