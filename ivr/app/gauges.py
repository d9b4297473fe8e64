"""The desk's metrics in Prometheus' words, from what was seen of it.

Labels are names of the desk's own files (desk, line, part, state), never a caller's or an agent's number: a metric is
kept for years by others, and each value of a label is a series of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from ivr import __version__
from ivr.app.versions import Version
from ivr.asterisk.console import Busy
from ivr.store.standing import Standing

Rows: TypeAlias = Iterable[tuple[tuple[str, ...], float]]
Told: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the desk at one moment. What could not be seen is None, and has no metric."""

    node: str
    now: float
    """UTC, seconds since 1970; when the ledger was asked."""
    parts: Mapping[str, Told]
    """As `ivr.app.condition.conditions` tells."""
    starts: Mapping[str, int]
    """How often each part was started by this supervisor."""
    silences: Mapping[str, float]
    """Seconds since each part's last beat."""
    answers: bool
    lines: Mapping[str, Told]
    """By queue, as `ivr.app.condition.lines_now` tells."""
    desks: tuple[str, ...] = ()
    """Names of the desks; of two that begin a queue's name the longer one counts."""
    busy: Busy | None = None
    standing: Standing | None = None
    unread: int | None = None
    """Bytes of the journal that are not loaded."""
    disks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By place: bytes free, and bytes in all."""
    certificate: float | None = None
    """When it ends: UTC, seconds since 1970."""
    version: Version | None = None
    """The one that is served."""


def exposition(seen: Seen) -> bytes:
    """Return the metrics as text, format 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(seen))
    return generate_latest(registry)


class _Once:
    """The library's collector of one moment."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        """Yield every metric of the moment."""
        for families in (_of_parts, _of_calls, _of_loading, _of_ledger, _of_machine):
            yield from families(self._seen)


def _of_parts(seen: Seen) -> Iterator[Metric]:
    yield _gauge("ivr_answers", "Whether calls are answered, as /readyz says.", [((), seen.answers)])
    states = {part: str(told["state"]) for part, told in seen.parts.items()}
    alive = [((part,), state in ("well", "ill")) for part, state in states.items()]
    yield _gauge("ivr_part_up", "Whether a part of the desk runs and beats.", alive, "part")
    well = [((part,), state == "well") for part, state in states.items()]
    yield _gauge("ivr_part_well", "Whether a part is up and has no alarm, as `ivr status` says.", well, "part")
    again = CounterMetricFamily("ivr_part_restarts", "How often a part was started again.", labels=["part"])
    for part, starts in seen.starts.items():
        again.add_metric([part], max(starts - 1, 0))
    yield again
    ages = [((part,), age) for part, age in seen.silences.items()]
    yield _gauge("ivr_part_beat_age_seconds", "Seconds since a part's last beat; it beats every 2.", ages, "part")


def _of_calls(seen: Seen) -> Iterator[Metric]:
    yield _gauge("ivr_asterisk_reachable", "Whether Asterisk's console answers.", [((), seen.busy is not None)])
    if seen.busy:
        yield _gauge("ivr_asterisk_calls", "Calls in Asterisk now.", [((), seen.busy.calls)])
        yield _gauge("ivr_asterisk_channels", "Channels in Asterisk now.", [((), seen.busy.channels)])
        done = CounterMetricFamily("ivr_asterisk_calls_processed", "Calls that Asterisk has had since it began.")
        done.add_metric([], seen.busy.processed)
        yield done
    if (sessions := seen.parts.get("controller", {}).get("sessions")) is not None:
        yield _gauge(
            "ivr_controller_sessions", "Calls in their menus, or whispers, at the controller.", [((), sessions)]
        )
    if hour := seen.parts.get("controller", {}).get("calls in an hour"):
        lost = [((), hour["channels lost"])]
        yield _gauge("ivr_hour_channels_lost", "Channels of the last hour without a record in the journal.", lost)
    waiting, agents = [], []
    for queue, line in sorted(seen.lines.items()):
        place = _place(queue, seen.desks)
        waiting.append((place, line["waiting"]))
        agents += [((*place, state), count) for state, count in sorted(Counter(line["agents"].values()).items())]
    yield _gauge("ivr_line_callers_waiting", "Callers who wait in a line.", waiting, "desk", "line")
    yield _gauge("ivr_line_agents", "Agents of a line by what they do.", agents, "desk", "line", "state")


def _of_loading(seen: Seen) -> Iterator[Metric]:
    loader = seen.parts.get("loader", {})
    for key, what in (("records", "Journal records loaded"), ("rejected", "Pieces of the journal that are no records")):
        if key in loader:
            counter = CounterMetricFamily(f"ivr_loader_{key}", f"{what} since the loader began.")
            counter.add_metric([], loader[key])
            yield counter
    if seen.unread is not None:
        yield _gauge("ivr_journal_backlog_bytes", "Bytes of the journal that are not loaded.", [((), seen.unread)])


def _of_ledger(seen: Seen) -> Iterator[Metric]:
    ledger = seen.standing
    yield _gauge("ivr_ledger_reachable", "Whether the database answers in time.", [((), ledger is not None)])
    if ledger is None:
        return
    if ledger.fresh.complete_to is not None:
        behind = [((), max(0.0, seen.now - ledger.fresh.complete_to / 1e6))]
        yield _gauge("ivr_ledger_lag_seconds", "Seconds since the moment to which the ledger is complete.", behind)
    yield _gauge(
        "ivr_ledger_gaps_open", "Gaps that go on; `ivr ledger gaps` names them.", [((), len(ledger.fresh.open))]
    )
    yield _gauge("ivr_ledger_calls_open", "Calls that the ledger has open.", [((), ledger.fresh.in_progress)])
    states = [((state,), count) for state, count in ledger.recordings.items()]
    yield _gauge("ivr_recordings", "Recordings to be verified (expected), and bad ones (failed).", states, "state")
    yield _gauge("ivr_missed_owed", "Numbers that are still owed a talk.", [((), ledger.owed)])


def _of_machine(seen: Seen) -> Iterator[Metric]:
    free = [((place,), size[0]) for place, size in seen.disks.items()]
    yield _gauge("ivr_disk_free_bytes", "Room on the disk of the home and of the recordings.", free, "place")
    sizes = [((place,), size[1]) for place, size in seen.disks.items()]
    yield _gauge("ivr_disk_size_bytes", "Size of that disk.", sizes, "place")
    if seen.certificate is not None:
        ends = [((), seen.certificate)]
        yield _gauge("ivr_certificate_expires_timestamp_seconds", "When the telephones' certificate ends.", ends)
    yield InfoMetricFamily("ivr_build", "The program.", {"version": __version__, "node": seen.node})
    if seen.version is None:
        return
    yield _gauge("ivr_served_version", "The version that is served, by `ivr history`.", [((), seen.version.number)])
    editions = InfoMetricFamily("ivr_edition", "The edition of each desk that new calls meet.", labels=["desk"])
    for desk, edition in seen.version.editions.items():
        editions.add_metric([desk], {"edition": edition})
    yield editions


def _gauge(name: str, what: str, rows: Rows, *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=labels)
    for values, value in rows:
        family.add_metric(values, float(value))
    return family


def _place(queue: str, desks: Iterable[str]) -> tuple[str, str]:
    """Return desk and line of a queue; both names may hold a hyphen."""
    desk = max((one for one in desks if queue.startswith(f"{one}-")), key=len, default=queue.partition("-")[0])
    return desk, queue.removeprefix(f"{desk}-")
