"""The rules of the house that a machine can check: which way imports run, what pure packages never touch."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import ivr

ROOT = Path(ivr.__file__).parent
PURE = ("written", "telephony", "flows", "engine", "ledger", "reports", "history", "migration")
ADAPTERS = ("asterisk", "store", "speech", "phone", "mail", "sheets")
COMPOSITION = ("app", "cli")
MAY_IMPORT = {
    "telephony": {"telephony"},
    "written": {"written"},
    "flows": {"flows", "telephony", "written"},
    "engine": {"engine", "flows", "telephony"},
    "ledger": {"ledger", "telephony"},
    "reports": {"reports", "ledger", "telephony", "written"},
    "history": {"history", "ledger", "flows", "telephony", "written"},
    "migration": {"migration", "flows", "telephony", "written"},
    "desk": {"desk", *PURE},
} | {adapter: {adapter, "desk", *PURE} for adapter in ADAPTERS}
IMPURE_MODULES = {"asyncio", "sqlalchemy", "panoramisk", "socket", "random", "secrets", "time", "logging", "structlog"}
BANNED_NAMES = {"utils", "helpers", "common", "misc", "manager", "service", "processor", "data", "info"}
MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_run_one_way(path):
    package = path.parts[0]
    if package not in MAY_IMPORT:
        return
    ours = {name.split(".")[1] for name in imports_of(path) if name.startswith("ivr.") and name.count(".")}
    assert ours - {"errors", "settings"} <= MAY_IMPORT[package], f"{path} imports {ours - MAY_IMPORT[package]}"


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[0] in PURE], ids=str)
def test_pure_packages_have_no_clock_no_socket_no_database_and_no_chance(path):
    touched = {name.split(".")[0] for name in imports_of(path)} & IMPURE_MODULES
    source = (ROOT / path).read_text()
    calls = {call for call in (".now(", ".today(", ".utcnow(") if call in source}
    assert not touched | calls, f"{path} touches {sorted(touched | calls)}"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_only_the_asterisk_adapter_knows_panoramisk_and_pyst2(path):
    used = {name.split(".")[0] for name in imports_of(path)} & {"panoramisk", "asterisk"}
    assert not used or path.parts[0] == "asterisk", f"{path} imports {used}"


def test_no_module_hides_behind_a_name_that_says_nothing():
    assert [str(path) for path in MODULES if path.stem in BANNED_NAMES] == []


def test_no_module_is_longer_than_300_lines():
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in MODULES}
    assert {path: length for path, length in lengths.items() if length > 300} == {}


def test_no_two_files_of_tests_on_the_shared_desk_call_it_from_the_same_number():
    """Its ledger finds a call by its caller, and which files meet on one desk is chance."""
    callers: dict[str, set[str]] = {}
    for file in (ROOT.parent / "tests/asterisk").glob("test_*.py"):
        text = file.read_text()
        if "def front(" not in text and re.search(r"def (test_\w+|played)\((.*\b)?front[,)]", text):
            for number in re.findall(r"\+7921\d{7}\b", text):
                callers.setdefault(number, set()).add(file.name)
    assert {number: sorted(files) for number, files in callers.items() if len(files) > 1} == {}
