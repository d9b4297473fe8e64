"""`mail.yaml` is read strictly."""

from __future__ import annotations

from datetime import time

import pytest

from ivr.errors import AuthorError
from ivr.reports.mail_file import read_mail_file

REPORTS = {"lines": frozenset({"desk", "line"}), "missed": frozenset({"desk"})}
WHOLE = """\
server: smtp://desk@mail.example.com
from: Front desk <desk@example.com>
time zone: Europe/Moscow
reports:
  morning: {report: lines, every: day, at: "08:00", to: [owner@example.com, qa@example.com], desk: ultralight}
  monthly: {report: missed, every: month, at: "09:30", to: owner@example.com, format: csv}
"""


def read(tmp_path, text):
    path = tmp_path / "mail.yaml"
    path.write_text(text)
    return read_mail_file(path, REPORTS)


def test_a_whole_file(tmp_path):
    file = read(tmp_path, WHOLE)
    assert (file.host, file.port, file.security, file.user) == ("mail.example.com", 587, "starttls", "desk")
    morning, monthly = file.sendings
    assert (morning.at, morning.to, morning.format) == (time(8), ("owner@example.com", "qa@example.com"), "xlsx")
    assert morning.filters == {"desk": "ultralight"}
    assert (monthly.every, monthly.at, monthly.to, monthly.format) == (
        "month",
        time(9, 30),
        ("owner@example.com",),
        "csv",
    )


def test_smtps_is_tls_from_the_first_byte(tmp_path):
    file = read(tmp_path, WHOLE.replace("smtp://desk@", "smtps://"))
    assert (file.port, file.security, file.user) == (465, "tls", "")


@pytest.mark.parametrize(
    ("was", "broken", "place", "words"),
    [
        ("smtp://desk@mail.example.com", "http://x", "1:9", "is no mail server"),
        ("desk@mail", "desk:secret@mail", "1:9", "password does not belong"),
        ("from: Front", "security: none\nfrom: Front", "2:11", "for all to read"),
        ("Front desk <desk@example.com>", '"desk <desk@example.com>\\nBcc: x@y.z"', "2:7", "is no sender"),
        ("Europe/Moscow", "Europe/Moskva", "3:12", "no time zone"),
        ("Europe/Moscow", "../../etc/passwd", "3:12", "no time zone"),
        ("report: lines", "report: line", "5:21", "did you mean `lines`"),
        ("every: day", "every: daily", "5:35", "did you mean `day`"),
        ('"08:00"', '"25:00"', "5:44", "is no time"),
        ("qa@example.com", "qa", "5:77", "is no address"),
        ("desk: ultralight", "agnet: 101", "5:94", "not known here"),
        ("format: csv", "format: pdf", "6:87", "not known here"),
        ("  monthly:", "  Monthly:", "6:3", "is no name"),
        ("reports:", "report:", "4:1", "did you mean `reports`"),
    ],
)
def test_each_mistake_has_its_place_and_cure(tmp_path, was, broken, place, words):
    assert was in WHOLE
    with pytest.raises(AuthorError) as told:
        read(tmp_path, WHOLE.replace(was, broken, 1))
    lines = [line for line in told.value.mistakes if words in line]
    assert lines, told.value.mistakes
    assert f"mail.yaml:{place}: " in lines[0]


def test_an_empty_file_says_how_to_begin(tmp_path):
    with pytest.raises(AuthorError, match="begin with `server"):
        read(tmp_path, "")
