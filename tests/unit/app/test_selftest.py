"""What the self-test makes of Asterisk's own words about the journal (F23)."""

from __future__ import annotations

import pytest

from ivr.app.selftest import NEEDED, fault_of_cel

TRACKED = "\n".join(f"CEL Tracking Event: {event}" for event in NEEDED)
WELL = f"CEL Logging: Enabled\n{TRACKED}\nCEL Event Subscriber: CEL Custom CSV Logging\n"


def test_a_journal_that_is_written_has_no_fault():
    assert fault_of_cel(WELL) is None


def test_an_asterisk_that_does_not_answer_is_left_to_the_test_call():
    assert fault_of_cel("") is None


@pytest.mark.parametrize(
    ("said", "told", "cure"),
    [
        ("CEL Logging: Disabled\n", "CEL is off", "enable = yes"),
        (WELL.replace("CEL Event Subscriber: CEL Custom CSV Logging\n", ""), "cel_custom", "modules.conf"),
        (WELL.replace("CEL Tracking Event: LINKEDID_END\n", ""), "the events LINKEDID_END", "cel.conf"),
    ],
)
def test_f23_a_journal_that_cannot_be_written_is_told_with_its_cure(said, told, cure):
    fault = fault_of_cel(said)
    assert told in fault.sentence
    assert cure in fault.cure
