"""What watchers are told: the truth of `ivr status`, in numbers, and never anybody's number."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import time
from http import HTTPStatus

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ivr.app import exporter
from ivr.app.exporter import Pages
from ivr.app.gauges import Seen, exposition
from ivr.app.look import Look
from ivr.app.up import check_ports
from ivr.app.versions import Version, add_version
from ivr.asterisk.console import Busy
from ivr.errors import DeskError
from ivr.ledger.gap import Freshness
from ivr.ledger.record import Position
from ivr.settings import Settings
from ivr.store.migrate import migrate
from ivr.store.standing import Standing
from tests.command import run
from tests.running import DEMO, REPO

CALLER = "+79161234567"
LINE = {"waiting": 2, "agents": {"201": "free", "202": "talking", "203": "free"}}
CONTROLLER = {
    "sessions": 1,
    "refused": {},
    "ami": {"state": "up"},
    "lines": {"shop-north-second": LINE, "shop-first": {"waiting": 0, "agents": {}}},
}
LOADER = {"records": 40, "rejected": 0, "offset": 7}


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home", desks=DEMO, robots=False, recordings=tmp_path)


@pytest.fixture
def desk(settings):
    """Let a desk be well, by its beats."""
    (settings.home / "health").mkdir(parents=True)
    told = {name: {"starts": 1, "running": True} for name in ("asterisk", "controller", "loader")}
    told["loader"]["starts"] = 3
    beats(settings, supervisor={"desk": "answers", "parts": told}, controller=CONTROLLER, loader=LOADER)
    return settings


def beats(settings, quiet=0.0, **parts):
    for part, told in parts.items():
        path = settings.home / f"health/{part}.json"
        path.write_text(json.dumps({"at": time.time() - quiet, "running": time.monotonic() - quiet} | told))
        os.utime(path, (time.time() - quiet,) * 2)


async def metrics(settings):
    pages = Pages(settings)
    body = (await pages.metrics()).body.decode()
    pages.close()
    assert CALLER not in body
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


async def test_a_desk_that_is_well_is_alive_and_ready(desk):
    pages = Pages(desk)
    assert (await pages.healthz()).status == (await pages.readyz()).status == HTTPStatus.OK


async def test_a_home_where_nothing_runs_is_neither_alive_nor_ready_and_says_what_is_missing(settings):
    settings.home.mkdir()
    alive, ready = await Pages(settings).healthz(), await Pages(settings).readyz()
    assert alive.status == ready.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert alive.body.splitlines() == [b"supervisor: down", b"controller: down", b"loader: down"]
    assert b"supervisor: down" in ready.body


@pytest.mark.parametrize(
    ("part", "told", "quiet", "alive", "ready"),
    [
        ("controller", CONTROLLER, 60, b"controller: silent\n", b"controller: silent\n"),
        ("controller", CONTROLLER | {"ami": {"state": "down"}}, 0, b"well\n", b"asterisk: no manager link\n"),
        ("loader", LOADER, 60, b"loader: silent\n", b"well\n"),
        ("loader", LOADER | {"database": "it is away"}, 0, b"well\n", b"well\n"),
        ("supervisor", {"desk": "answers"}, 60, b"supervisor: silent\n", b"supervisor: silent\n"),
        ("supervisor", {"desk": "starting"}, 0, b"well\n", b"supervisor: starting\n"),
        ("supervisor", {"desk": "stopping"}, 0, b"well\n", b"supervisor: stopping\n"),
    ],
)
async def test_only_what_keeps_calls_from_being_answered_makes_a_desk_unready(desk, part, told, quiet, alive, ready):
    beats(desk, quiet, **{part: told})
    assert (await Pages(desk).healthz()).body == alive
    assert (await Pages(desk).readyz()).body == ready


async def test_metrics_and_status_tell_the_same_states(desk):
    beats(desk, loader=LOADER | {"database": "it is away"})
    (desk.home / "run.json").write_text("{}")
    told = json.loads(run("status", "--json", "--home", str(desk.home)).stdout)["parts"]
    found = await metrics(desk)
    assert told.keys() == {"supervisor", "asterisk", "controller", "loader"}
    assert {part: found["ivr_part_well", part] for part in told} == {
        part: float(told[part]["state"] == "well") for part in told
    }
    assert found["ivr_part_up", "loader"] == 1
    assert found["ivr_part_restarts_total", "loader"] == 2
    assert found["ivr_answers",] == 1


async def test_lines_are_told_by_desk_and_line_also_where_names_hold_hyphens(desk):
    add_version(desk.home, Version(3, 0.0, "me", "", {"shop": "shop_aaaa", "shop-north": "shop-north_bbbb"}))
    found = await metrics(desk)
    assert found["ivr_line_callers_waiting", "shop-north", "second"] == 2
    assert found["ivr_line_callers_waiting", "shop", "first"] == 0
    assert found["ivr_line_agents", "shop-north", "second", "free"] == 2
    assert found["ivr_line_agents", "shop-north", "second", "talking"] == 1
    assert found["ivr_served_version",] == 3
    assert found["ivr_edition_info", "shop", "shop_aaaa"] == 1


async def test_without_a_ledger_its_metrics_are_absent_and_say_so_and_none_is_made(desk):
    found = await metrics(desk)
    assert found["ivr_ledger_reachable",] == 0
    assert found["ivr_asterisk_reachable",] == 0
    absent = {"ivr_ledger_lag_seconds", "ivr_missed_owed", "ivr_recordings", "ivr_asterisk_calls"}
    assert not absent & {key[0] for key in found}
    assert not (desk.home / "ledger.sqlite").exists()


async def test_a_fresh_ledger_has_its_metrics_and_a_broken_one_none(desk):
    migrate(desk.database_url)
    found = await metrics(desk)
    assert (found["ivr_ledger_reachable",], found["ivr_recordings", "failed"], found["ivr_missed_owed",]) == (1, 0, 0)
    assert found["ivr_disk_free_bytes", "home"] > 0
    (desk.home / "ledger.sqlite").write_bytes(b"rubbish" * 1000)
    assert (await metrics(desk))["ivr_ledger_reachable",] == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": 1}', "\0"])
@pytest.mark.parametrize("part", ["supervisor", "controller", "loader"])
async def test_a_broken_beat_breaks_no_page(desk, part, text):
    (desk.home / f"health/{part}.json").write_text(text)
    (desk.home / "versions.jsonl").write_text("rubbish\n")
    assert await metrics(desk)
    await Pages(desk).healthz()
    await Pages(desk).readyz()


async def test_a_look_that_hangs_is_waited_for_once_and_not_long():
    looks = []

    def hang():
        looks.append(1)
        time.sleep(0.4)
        return "seen"

    look = Look("toy", hang, keep=5, wait=0.05)
    began = time.monotonic()
    assert await asyncio.gather(*(look.see() for _ in range(20))) == [None] * 20
    assert time.monotonic() - began < 0.3
    await asyncio.sleep(0.5)
    assert await look.see() == "seen"
    assert len(looks) == 1


async def test_a_look_that_fails_sees_nothing_and_is_not_tried_at_every_scrape():
    looks = []

    def fail():
        looks.append(1)
        raise OSError

    look = Look("toy", fail, keep=5, wait=1)
    assert [await look.see(), await look.see()] == [None, None]
    assert len(looks) == 1


@pytest.mark.parametrize(
    ("http", "place"),
    [("", None), ("9180", ("127.0.0.1", 9180)), ("192.0.2.1:9180", ("192.0.2.1", 9180)), ("[::1]:9180", ("::1", 9180))],
)
def test_metrics_are_told_nowhere_by_default_and_on_loopback_unless_told(http, place):
    assert Settings(http=http).exporter == place
    assert Settings(http=http).environment()["IVR_HTTP"] == http


@pytest.mark.parametrize("http", ["host:9180", "9180:", "127.0.0.1", "127.0.0.1:9180/x", "1:2:3", "70000"])
def test_an_address_that_is_none_is_refused_with_its_name(http, tmp_path):
    done = run("up", "--http", http, "--home", str(tmp_path))
    assert done.returncode == 2
    assert "--http" in done.stderr


def test_a_taken_port_of_the_metrics_is_told_before_the_start(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(DeskError, match=f"metrics port 127.0.0.1:{port}"):
            check_ports(Settings(home=tmp_path, shift=7400, http=str(port)))


def test_the_page_about_production_names_every_metric_and_setting_and_no_other():
    page = (REPO / "docs/production.md").read_text()
    place = Position("desk1", "", 1, 1, "", 0)
    fresh = Freshness(1, (), 0)
    full = Seen(
        node="desk1",
        now=1.0,
        parts={
            "controller": CONTROLLER | {"state": "well", "calls in an hour": {"channels lost": 0}},
            "loader": LOADER | {"state": "well"},
        },
        starts={"loader": 1},
        silences={"loader": 0.1},
        answers=True,
        lines=CONTROLLER["lines"],
        busy=Busy(1, 1, 1),
        standing=Standing(place, fresh, {"expected": 0, "failed": 0}, 0),
        unread=0,
        disks={"home": (1, 2)},
        certificate=1.0,
        version=Version(1, 0.0, "me", "", {"shop": "shop_aaaa"}),
    )
    told = {
        sample.name for family in text_string_to_metric_families(exposition(full).decode()) for sample in family.samples
    }
    assert set(re.findall(r"\bivr_[a-z_]+", page)) == told
    settings = {f"IVR_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"\bIVR_[A-Z_]+", page)) - {"IVR_"} <= settings


def test_a_port_that_the_desk_needs_for_something_else_is_told_before_the_start(tmp_path):
    settings = Settings(home=tmp_path, shift=7400)
    with pytest.raises(DeskError, match="The ports of metrics and AMI are one"):
        check_ports(settings.model_copy(update={"http": str(settings.ami_port)}))


async def test_a_database_that_takes_connections_and_never_answers_holds_up_no_page(desk, monkeypatch):
    monkeypatch.setattr(exporter, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://ivr@127.0.0.1:{silent.getsockname()[1]}/ivr?connect_timeout=2"
        began = time.monotonic()
        found = await metrics(desk.model_copy(update={"database": url}))
        assert time.monotonic() - began < 1
    assert found["ivr_ledger_reachable",] == 0
    assert found["ivr_part_well", "controller"] == 1
