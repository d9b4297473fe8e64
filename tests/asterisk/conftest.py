"""What the tests on a real Asterisk share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.asterisk.desks import DESKS, SCRIPTS
from tests.asterisk.front import Front, serving
from tests.running import WORKER, RunningDesk, desk_folder

DEMO_SHIFT = 4000 + 10 * WORKER
FRONT_SHIFT = 4200 + 10 * WORKER


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Iterator[RunningDesk]:
    """Both demo desks, with nobody on their lines: telephones of the tests are the agents."""
    running = RunningDesk(tmp_path_factory.mktemp("demo") / "home", shift=DEMO_SHIFT).start()
    try:
        yield running
    finally:
        assert running.stop() == 0, running.output.read_text()


@pytest.fixture(scope="session")
def front(tmp_path_factory) -> Iterator[Front]:
    """Run the small desks of `desks.py` on one system, with nobody at the telephones yet."""
    place = tmp_path_factory.mktemp("front")
    folder = place / "desks"
    for name, text in SCRIPTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    desks = {name: _dated(text) for name, text in DESKS.items()}
    running = RunningDesk(place / "home", FRONT_SHIFT, desks=desk_folder(folder, desks))
    with serving(running) as front:
        yield front


def _dated(text: str) -> str:
    """Fill in today, tomorrow (midnight may pass while the tests run) and a weekday that is neither."""
    days = [datetime.now(UTC) + timedelta(days=n) for n in range(4)]
    words = {"TODAY": f"{days[0]:%m-%d}", "TOMORROW": f"{days[1]:%m-%d}", "DAYS": f"{days[3]:%a}".lower()}
    for word, meant in words.items():
        text = text.replace(word, meant)
    return text
