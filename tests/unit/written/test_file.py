"""An author's file: its mistakes in the order of their places, each once."""

from __future__ import annotations

import pytest

from ivr.errors import AuthorError
from ivr.reports.mail_file import read_mail_file
from ivr.written.file import error_of, read_written
from ivr.written.mistake import Mistake


def test_mistakes_are_told_in_the_order_of_their_places_and_once(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text("first: 1\nsecond: 2\n")
    document = read_written(path, "plan")
    later = Mistake(("second",), "wrong", "cure", at_key=True)
    told = error_of(path, document, [later, Mistake(("first",), "wrong", "cure"), later]).mistakes
    assert list(told) == [f"{path}:1:8: wrong: cure", f"{path}:2:1: wrong: cure"]


def test_what_is_wrong_with_a_files_form_is_told_of_its_own_kind(tmp_path):
    path = tmp_path / "mail.yaml"
    path.write_text("server: &one smtp://localhost\n")
    with pytest.raises(AuthorError, match="a mail has none"):
        read_mail_file(path, {})
