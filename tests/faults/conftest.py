"""What the fault tests on a running desk share: small desks with short prompts, and who called them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.desks import HANDLER, desk_text, kinds_text
from tests.faults.phones import fresh_numbers
from tests.running import WORKER, RunningDesk, desk_folder

Fresh = Callable[[int], list[str]]


def prepared(folder: Path, shift: int, *, agents: int = 4) -> RunningDesk:
    """Return the fault tests' desks on a new home in the folder, not yet running, with so many agents a line."""
    scripts = folder / "desks/kinds/scripts"
    scripts.mkdir(parents=True)
    (scripts / "wait.py").write_text(HANDLER)
    texts = {"rush": desk_text(agents), "kinds": kinds_text()}
    return RunningDesk(folder / "home", shift + 10 * WORKER, desk_folder(folder / "desks", texts))


@contextmanager
def running(folder: Path, shift: int, *, agents: int = 4) -> Iterator[RunningDesk]:
    """Run the fault tests' desks, number 500 and 600."""
    desk = prepared(folder, shift, agents=agents)
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


@pytest.fixture(scope="session")
def desk(tmp_path_factory) -> Iterator[RunningDesk]:
    """One running desk for all tests that leave it whole, 4 agents a line; its number is 500."""
    with running(tmp_path_factory.mktemp("desk"), 5000) as one:
        yield one


@pytest.fixture(scope="session")
def placed() -> set[str]:
    """Everybody who has called that desk."""
    return set()


@pytest.fixture
def fresh(placed) -> Fresh:
    """Give callers' numbers and remember that they have called."""

    def give(count: int) -> list[str]:
        numbers = fresh_numbers(count)
        placed.update(numbers)
        return numbers

    return give
