"""Bytes of the journal become records, whatever stands between them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.ledger.parse import LONGEST, first_time, parse
from ivr.ledger.record import FIELDS, Record, Rejected

JOURNALS = sorted((Path(__file__).parents[2] / "journals").glob("*.csv"))
ROW = [
    "HANGUP",
    "1795282504.500001",
    "desk1-1.2",
    "desk1-1.1",
    "PJSIP/trunk-00000001",
    "Anna",
    "+7812",
    "100",
    "in",
    "",
    "",
    "",
    "",
]


def line(**changed: str) -> bytes:
    row = dict(zip(FIELDS, ROW, strict=True)) | changed
    return (",".join('"' + value.replace('"', '""') + '"' for value in row.values()) + "\n").encode()


def in_cuts(data: bytes, cuts: list[int]) -> tuple[list[Record], list[Rejected]]:
    """Parse as a reader does whose file grows to each of the cuts in turn."""
    records, rejected, at = [], [], 0
    for end in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        more, bad, used = parse(data[at : max(at, end)], at)
        records, rejected, at = records + more, rejected + bad, at + used
        while used:
            more, bad, used = parse(data[at : max(at, end)], at)
            records, rejected, at = records + more, rejected + bad, at + used
    more, bad, _ = parse(data[at:], at, final=True)
    return records + more, rejected + bad


def test_a_real_journal_is_read_as_a_csv_reader_reads_it():
    for path in JOURNALS:
        text = path.read_text()
        expected = [row for row in csv.reader(io.StringIO(text)) if row]
        records, rejected, used = parse(text.encode(), 0)
        assert not rejected
        assert used == len(text.encode())
        assert [[r.event, r.uniqueid, *r[4:]] for r in records] == [[row[0], *row[2:]] for row in expected]
        assert [r.at for r in records] == [int(row[1].replace(".", "")) for row in expected]


def test_a_records_id_is_its_first_byte_counted_from_the_given_one():
    first, second = line(Name="Анна"), line()
    records, _, _ = parse(first + second, 1000)
    assert [record.id for record in records] == [1000, 1000 + len(first)]


@given(st.dictionaries(st.sampled_from(FIELDS[4:]), st.text(alphabet=st.characters(exclude_categories=["Cs"]))))
def test_any_value_comes_back_as_it_was_written(values):
    records, rejected, _ = parse(line(**values), 0)
    assert not rejected
    row = dict(zip(FIELDS, records[0][1:], strict=True))
    assert {name: row[name] for name in values} == {name: text.replace("\0", "�") for name, text in values.items()}


@given(st.text(alphabet='"\n\r,IVR1795.;\\', max_size=60), st.text(alphabet='"\n,', max_size=9))
def test_what_a_caller_sends_never_makes_a_record_of_its_own(name, number):
    """B1: quotes and newlines stay inside their value."""
    forged = '"IVR","1795282504.500001","a-1.1","a-1.1"' + name
    records, rejected, _ = parse(line(Name=forged, Num=number) + line(), 0)
    assert [record.event for record in records] == ["HANGUP", "HANGUP"]
    assert records[0].name == forged
    assert not rejected


def test_broken_utf_8_is_replaced_and_the_record_kept():
    records, rejected, _ = parse(line(Name="NAME").replace(b"NAME", b"\xff\xc3"), 0)
    assert records[0].name == "��"
    assert not rejected


def test_an_unfinished_record_is_waited_for():
    """F21."""
    whole = line(Name="two\nlines")
    for cut in range(len(whole)):
        assert parse(whole[:cut], 0) == ([], [], 0)
    assert len(parse(whole, 0)[0]) == 1


def test_a_torn_record_is_set_aside_once_a_new_one_begins_behind_it():
    """F21: Asterisk died in the middle of a write, and its successor appends behind the torn bytes."""
    for cut in range(1, len(line()) - 1):
        torn = line()[:cut]
        records, rejected, used = parse(torn + line(Name="new") + line(), 0)
        assert [record.name for record in records] == ["new", "Anna"]
        assert [one.raw for one in rejected] == [torn]
        assert used == len(torn) + 2 * len(line()) - 1


def test_a_torn_record_that_ends_with_a_newline_is_set_aside_too():
    torn = line()[:60] + b"\n"
    records, rejected, _ = parse(torn + line(), 0)
    assert len(records) == 1
    assert rejected == [Rejected(0, torn[:-1], "torn: another record begins inside it")]


def test_at_the_end_of_a_finished_file_the_unfinished_record_is_set_aside():
    records, rejected, used = parse(line() + line()[:50], 0, final=True)
    assert len(records) == 1
    assert rejected[0].reason == "torn: it was never finished"
    assert used == len(line()) + 50


def test_a_record_without_newline_at_the_end_of_a_finished_file_counts():
    records, rejected, _ = parse(line()[:-1], 0, final=True)
    assert (len(records), rejected) == (1, [])


def test_a_row_of_wrong_width_or_time_or_without_an_id_is_kept_with_its_reason():
    wrong = [
        b'"A","1795282504.500001"\n',
        line(EventTime="yesterday"),
        line(EventTime="1" * 30 + ".000000"),
        line(UniqueID=""),
    ]
    records, rejected, _ = parse(b"".join(wrong) + line(), 0)
    assert len(records) == 1
    assert [one.raw + b"\n" for one in rejected] == wrong
    assert "2 fields" in rejected[0].reason
    assert "epoch" in rejected[1].reason
    assert "epoch" in rejected[2].reason
    assert "missing" in rejected[3].reason


def test_b7_endless_rubbish_is_given_up_piece_by_piece():
    rubbish = b'"' + b"x" * (3 * LONGEST)
    records, rejected = in_cuts(rubbish + b"\n" + line(), [])
    assert [record.name for record in records] == ["Anna"]
    assert b"".join(one.raw for one in rejected) == rubbish


pieces = st.lists(
    st.one_of(
        st.just(line()),
        st.just(line(Name='q"uo"te', AppData="a\nb\r\nc")),
        st.just(line(Name="Анна 😀")),
        st.just(b'"'),
        st.just(b"\n"),
        st.just(b"\0\0\0"),
        st.just(b"y" * (LONGEST + 5)),
        st.integers(1, len(line()) - 1).map(lambda cut: line()[:cut]),
        st.binary(max_size=40),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(pieces, st.lists(st.integers(0, 10**6), max_size=8))
def test_however_a_file_is_cut_into_readings_the_outcome_is_the_same(parts, cuts):
    data = b"".join(parts)
    assert in_cuts(data, cuts) == in_cuts(data, [])


@settings(max_examples=200, deadline=None)
@given(pieces)
def test_no_byte_is_lost(parts):
    """B7: what is no record is kept, so records and rejected pieces cover the file."""
    data = b"".join(parts)
    records, rejected = in_cuts(data, [])
    left = bytearray(data)
    for one in rejected:
        left[one.id : one.id + len(one.raw)] = b"\n" * len(one.raw)
    for record in records:
        size = len(_written(data, record.id))
        left[record.id : record.id + size] = b"\n" * size
    assert not bytes(left).strip(b"\n")


def _written(data: bytes, at: int) -> bytes:
    """Return the record's bytes: up to the newline at which its quotes are balanced."""
    end = at
    while True:
        end = data.find(b"\n", end)
        end = len(data) if end < 0 else end
        if end == len(data) or data[at:end].count(b'"') % 2 == 0:
            return data[at:end]
        end += 1


def test_the_time_of_the_first_record_is_found_behind_rubbish():
    assert first_time(b"rubbish" + line()) == 1795282504500001
    assert first_time(b"rubbish") is None
