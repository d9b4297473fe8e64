"""Another reader of dialplans, asterisklint, finds nothing in ours; what it says in vain stands here by name."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ivr.flows.reader import read_desk
from tests.asterisk.random_desks import random_desk
from tests.unit.asterisk.test_proof import TWO
from tests.unit.asterisk.test_render import DEMO, files_of

IN_VAIN = (
    # Its lists, those of Asterisk 13, lack this application and these functions of ours, and Originate's last argument;
    # that the installed one has all that we use is shown in tests/asterisk/test_compiled.py and test_callback.py.
    r"E_APP_MISSING: app 'MSet' does not exist, dialplan will halt here!",
    r"E_FUNC_MISSING: function '(?:EXTENSION_STATE|DB_KEYCOUNT|CHANNEL_EXISTS)' does not exist"
    r" \(or func_odbc created\?\)",
    r"E_APP_ARG_MANY: too many arguments for app 'Originate', maximum is 6",
    # It does not look at hints, and says so.
    r"I_NOTIMPL_HINT: the dialplan hint directive has not been implemented yet",
    # We have no global variables, and so no place for them.
    r"H_DP_GLOBALS_MISPLACED: \[globals\] context not found or not at position two",
)


def linted(folder: Path, files: dict[str, str]) -> list[str]:
    """Return what it says about a dialplan, as `file:line what`, without what it says in vain."""
    for name in ("extensions.conf", "acts.conf"):
        (folder / name).write_text(files[name])
    program = Path(sys.executable).with_name("asterisklint")
    # Its script begins with the path of its Python, in which there may be a space.
    said = subprocess.run(
        [sys.executable, program, "dialplan-check", folder / "extensions.conf"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (said.stdout + said.stderr).replace(f"{folder}/", "").split("\n")
    assert any("I_NOTIMPL_HINT" in line for line in lines), "it has not read to the end"
    return [line for line in lines if line and not any(re.fullmatch(rf"\S+ {one}", line) for one in IN_VAIN)]


@pytest.fixture(scope="module")
def twelve(tmp_path_factory):
    """Return a dozen random desks: the large dialplan."""
    folder, desks = tmp_path_factory.mktemp("desks"), []
    for place in range(12):
        file = folder / f"random-{place}.yaml"
        file.write_text(random_desk(place, f"linted {place}"))
        desks.append(read_desk(file))
    return desks


@pytest.mark.parametrize("desks", ["demo", "all parts", "random"])
def test_it_finds_nothing_in_what_we_generate(tmp_path, twelve, desks):
    wanted = {"demo": DEMO, "all parts": TWO, "random": twelve}[desks]
    assert linted(tmp_path, files_of(tmp_path, wanted, provider="203.0.113.7")) == []


@pytest.mark.parametrize(
    ("what", "by", "kind"),
    [
        ("Goto(ask,1)", "Gotoo(ask,1)", "E_APP_MISSING"),
        ("Goto(ask,1)", "Goto(ask,1", "W_DP_GOTO_CONTEXT_NOEXTEN"),
        ("Gosub(clean,s,1)", "Gosub(claen,s,1)", "E_DP_GOTO_NOCONTEXT"),
        ("StartMusicOnHold", "startmusiconhold", "W_APP_BAD_CASE"),
    ],
)
def test_it_would_find_what_is_wrong(tmp_path, what, by, kind):
    """Otherwise its silence means nothing."""
    files = files_of(tmp_path, DEMO)
    assert what in files["extensions.conf"]
    found = linted(tmp_path, files | {"extensions.conf": files["extensions.conf"].replace(what, by, 1)})
    assert Counter(line.split()[1].rstrip(":") for line in found)[kind] >= 1, found
