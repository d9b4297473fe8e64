"""What each desk's file promises its callers."""

from __future__ import annotations

import math
from pathlib import Path

from ivr.errors import DeskError
from ivr.flows.reader import read_desks


def budgets_of(desks: Path) -> dict[str, int]:
    """Return each desk's budget for the time to a person in whole seconds; of desks without one nothing.

    Nothing at all where the files cannot be read: an older report must not wait for somebody who mends one.
    """
    try:
        found = read_desks(desks)
    except DeskError:
        return {}
    return {name: math.ceil(desk.budget.time_to_human.total_seconds()) for name, desk in found.items() if desk.budget}
