"""F23 on the real thing: a desk whose journal cannot be read does not say that it answers."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from ivr.asterisk.console import ask_console
from ivr.asterisk.control import control_dir
from tests.faults.conftest import prepared
from tests.running import REPO

pytestmark = pytest.mark.asterisk

CASES = {
    "the module is not loaded": (
        "modules.conf.j2",
        "{% for module in module_list %}",
        "{% for module in module_list if module != 'cel_custom' %}",
        "its module cel_custom does not run",
    ),
    "another order of fields": (
        "cel_custom.conf.j2",
        "{{ journal_fields }}",
        "{{ journal_fields.replace('EventType,EventTime', 'EventTime,EventType') }}",
        "have other fields than the loader reads",
    ),
}
"""What the admin changed in which template, and what is told."""


@pytest.mark.parametrize("case", CASES)
def test_f23_a_desk_without_a_journal_is_refused_at_its_start_with_the_cure(tmp_path, case):
    """The change is named by its template; exit code 2, and no part of it is left running."""
    template, text, changed, told = CASES[case]
    product = tmp_path / "product"
    for name in ("ivr", "asterisk-config"):
        shutil.copytree(REPO / name, product / name, ignore=shutil.ignore_patterns("__pycache__"))
    path = product / "asterisk-config" / template
    assert text in path.read_text()
    path.write_text(path.read_text().replace(text, changed))
    desk = prepared(tmp_path, 5200, agents=1)
    done = subprocess.run(
        [sys.executable, "-m", "ivr", "up"],
        env=desk.settings.environment() | {"PYTHONPATH": str(product)},
        cwd=product,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert told in done.stderr
    assert f"asterisk-config/{template}" in done.stderr
    assert "The desk answers." not in done.stdout
    with pytest.raises(OSError, match=r"refused|No such file"):
        ask_console(control_dir(desk.home), "core show version")
