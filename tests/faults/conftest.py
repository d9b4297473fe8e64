"""What the fault tests on a running desk share: small desks with short prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.desks import desk_text
from tests.running import RunningDesk, desk_folder

Begin = Callable[..., RunningDesk]


@contextmanager
def running(folder: Path, shift: int, *, agents: int = 4) -> Iterator[RunningDesk]:
    """Run the fault tests' desk on a new home in the folder, with so many agents a line."""
    desk = RunningDesk(folder / "home", shift, desk_folder(folder / "desks", {"rush": desk_text(agents)}))
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[RunningDesk]:
    """One running desk a module, 4 agents a line; its number is 500."""
    with running(tmp_path_factory.mktemp("desk"), 5000) as one:
        yield one
