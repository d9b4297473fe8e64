"""The budgets that the desks' files promise."""

from __future__ import annotations

from pathlib import Path

from ivr.app.budgets import budgets_of
from ivr.flows.reader import read_desks

DESKS = Path(__file__).parents[3] / "dialplans"


def test_each_desk_with_a_budget_has_its_seconds():
    found = budgets_of(DESKS)
    assert found == {
        name: desk.budget.time_to_human.total_seconds() for name, desk in read_desks(DESKS).items() if desk.budget
    }
    assert found


def test_desks_that_cannot_be_read_promise_nothing(tmp_path):
    assert budgets_of(tmp_path / "none") == {}
    (tmp_path / "shop.yaml").write_text("desk: [")
    assert budgets_of(tmp_path) == {}
