"""What the tests of the import share: small systems, and the desks that come of them."""

from __future__ import annotations

from pathlib import Path

from ivr.flows.model import Desk
from ivr.flows.reader import source_of
from ivr.migration.conf import ConfLine, read_sections
from ivr.migration.desks import Made, desks_of
from ivr.migration.extensions_file import read_extensions
from ivr.migration.freepbx import read_freepbx
from ivr.migration.shape import Findings, OldSystem
from ivr.migration.tables import Tables
from ivr.written.document import read_document

OLD = Path(__file__).parent / "old"
MENU = {"invalid_destination": "", "timeout_loops": "disabled", "timeout_time": "5"}
USERS = [{"extension": "101", "name": "Anna"}, {"extension": "102", "name": "Boris"}]
QUEUE = {"queues_config": [{"extension": "600", "descr": "Sales", "maxwait": "60", "dest": "app-blackhole,hangup,1"}]}
MEMBERS = {"queues_details": [{"id": "600", "keyword": "member", "data": "Local/101@from-queue/n,0"}]}


def freepbx(**rows: list[dict[str, str]]) -> OldSystem:
    """Return what is read of these tables, with two people and a queue."""
    tables = Tables()
    for table, found in ({"users": USERS} | QUEUE | MEMBERS | rows).items():
        for row in found:
            tables.add(table, row)
    return read_freepbx(tables)


def dialplan(text: str, queues: str = "", contexts: tuple[str, ...] = ()) -> OldSystem:
    """Return what is read of these files."""
    system = OldSystem()
    found = [read_sections(_lines(one, name), system.findings) for one, name in ((text, "e"), (queues, "q"))]
    return read_extensions(*found, {}, system, contexts)


def _lines(text: str, name: str) -> list[ConfLine]:
    return [ConfLine(f"{name}:{number}", line) for number, line in enumerate(text.splitlines(), 1)]


def number(to: str, dialled: str = "74951234567", caller: str = "") -> dict[str, str]:
    """Return a row of `incoming`."""
    return {"cidnum": caller, "extension": dialled, "destination": to}


def desks(system: OldSystem, language: str = "en") -> tuple[Made, ...]:
    """Return the desks of a system."""
    return desks_of(system, source="a test", language=language)


def desk(system: OldSystem, language: str = "en") -> Desk:
    """Return the only desk of a system, read as `ivr check` reads it."""
    (made,) = desks(system, language)
    return read(made)


def read(made: Made) -> Desk:
    """Return the desk as it is read from its file."""
    document = read_document(made.text)
    assert document.mistakes == []
    return source_of(Path(f"{made.draft.name}.yaml"), document).desk


def lost(system: OldSystem) -> str:
    """Return what could not be carried, a line each."""
    return "\n".join(f"{one.where}: {one.what}: {one.cure}" for one in system.findings.lost)


def changed(system: OldSystem) -> str:
    """Return what is not quite as it was, a line each."""
    return "\n".join(f"{one.where}: {one.what}: {one.cure}" for one in system.findings.changed)


__all__ = ["MENU", "OLD", "Findings", "changed", "desk", "desks", "dialplan", "freepbx", "lost", "number", "read"]
