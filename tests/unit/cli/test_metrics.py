"""`ivr metrics` prints every meaning of a number, and the page in docs says the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.cli.main import build
from ivr.reports.catalogue import CATALOGUE
from ivr.reports.page import metrics_page

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def run(*words):
    return CliRunner().invoke(build("metrics"), ["metrics", *words])


def test_the_page_in_docs_is_what_the_command_prints():
    assert PAGE.read_text() == run("--markdown").stdout, "run `ivr metrics --markdown > docs/metrics.md`"


def test_the_page_has_every_metric():
    page = metrics_page(CATALOGUE.values())
    assert all(f"| `{name}` | " in page for name in CATALOGUE)


def test_every_metric_is_listed_with_its_formula_and_version():
    told = json.loads(run("--json").stdout)
    assert [one["id"] for one in told] == list(CATALOGUE)
    assert all(one["formula"] and one["counts"] and one["version"] >= 1 for one in told)


def test_one_metric_tells_what_it_counts_and_leaves_out():
    told = run("sl_ex_short").stdout
    assert "N≤T / (O − S)" in told
    assert "leaves out" in told
    assert json.loads(run("sl_ex_short", "--json").stdout)["filters"] == ["desk", "line", "category", "source"]


@pytest.mark.parametrize(
    "wanted",
    [
        "sl_answered", "sl_offered", "sl_removed", "sl_ex_short", "abandon_rate", "abandon_rate_ex_short", "asa",
        "asa_to_agent", "time_to_human", "abandon_time", "longest_wait", "aht", "talk_time", "occupancy",
        "transfer_rate", "first_transfer_right", "closed_by_line", "fcr", "long_calls_20", "long_calls_30",
        "conversion", "source_disagreement", "missed_debt", "record_coverage", "hours", "offers_missed", "agent_leads",
    ],
)  # fmt: skip
def test_every_number_that_was_promised_is_in_the_catalogue(wanted):
    assert wanted in CATALOGUE
