"""`ivr report PROJECT`: what it refuses before it asks the ledger."""

from __future__ import annotations

import pytest

from tests.command import run
from tests.running import REPO


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--line", "first"), "--line"),
        (("--agent", "101", "--by", "day"), "--agent, --by"),
        (("--zone", "Asia/Tokyo"), "--zone"),
        (("--within", "30"), "--within"),
    ],
)
def test_what_a_project_s_report_would_pass_over_is_refused(tmp_path, words, named):
    done = run("report", "telemarketing", *words, "--home", str(tmp_path / "home"), folder=REPO)
    assert done.returncode == 2
    assert f"The report of the project telemarketing takes no {named}." in " ".join(done.stderr.split())


def test_an_unknown_format_is_refused_of_a_project_too(tmp_path):
    done = run("report", "telemarketing", "--format", "pdf", "--home", str(tmp_path / "home"), folder=REPO)
    assert done.returncode == 2
    assert "There is no format 'pdf'." in done.stderr
