"""CDR and CEL in the column sets of real systems, and database dumps."""

from __future__ import annotations

import csv
import gzip
import io
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.desk.history_files import look_at
from ivr.errors import DeskError
from ivr.history.clock import Clock
from ivr.history.map_file import read_map
from ivr.history.naming import Naming, Place
from ivr.history.read import TORN, read_rows
from ivr.history.rows import Aside, Row
from ivr.history.sniff import sniff
from ivr.history.story import derive

SAMPLES = Path(__file__).parents[2] / "history"
MOSCOW = ZoneInfo("Europe/Moscow")
NAMING = Naming("old", desk="shop", queues={"600": Place("shop", "first")})
CDR_CUSTOM = (
    '"""Olga"" <79039998877>","79039998877","600","ext-queues","SIP/trunk-000000b1","SIP/201-000000b2","Queue","600,t",'
    '"2026-02-17 11:00:00","2026-02-17 11:00:01","2026-02-17 11:02:00","120","119","ANSWERED","DOCUMENTATION","",'
    '"1771315200.301","",7\n'
)
CEL_CUSTOM = (
    '"CHAN_START","1771315200.123456","Olga","7903","","","","600","from-pstn","SIP/trunk-1","","","3","",'
    '"1771315200.301","1771315200.301","","","",""\n'
)


def rows_of(text: str, zone: ZoneInfo | None = MOSCOW) -> tuple[list[Row], list[Aside]]:
    lines = [line for line in re.split(r"(?<=\n)", text) if line]
    found = list(read_rows(lines, sniff(lines, None, "it"), Clock(zone)))
    return [one for one in found if isinstance(one, Row)], [one for one in found if isinstance(one, Aside)]


def call_of(rows: list[Row], story: str):
    mine = sorted((row for row in rows if row.story == story), key=lambda row: row.at)
    return derive(story, mine, NAMING)


def legs_of(call) -> list[str]:
    spans = [((leg.began_at - call.began_at) / 1e6, (leg.ended_at - call.began_at) / 1e6) for leg in call.legs]
    return [
        f"{leg.kind} {leg.line} {leg.agent} {began:g}-{ended:g} {leg.reason}"
        for leg, (began, ended) in zip(call.legs, spans, strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("queue_log.freepbx", "a queue_log"),
        ("freepbx_cdr.sql", "a database dump"),
        ("issabel_cel.csv", "a CEL file with named columns"),
        ("master.csv", "a CDR file with unnamed columns"),
    ],
)
def test_a_file_tells_by_itself_what_it_is(name, told):
    assert look_at(SAMPLES / name, None).form.told == told


def test_a_freepbx_dump_tells_talks_by_the_far_half_of_its_local_channels():
    rows, asides = rows_of((SAMPLES / "freepbx_cdr.sql").read_text())
    assert [(one.line, one.reason) for one in asides] == [(35, "no time that a call began: '0000-00-00 00:00:00'")]
    call, doubts = call_of(rows, "1771311655.104")
    assert legs_of(call) == ["talk first 201 36-145 ended"]
    assert (call.caller, call.caller_name, call.number) == ("79261112233", "Иван", "74951234567")
    assert (call.first_line, call.outcome) == ("first", "answered")
    assert doubts == {"coarse", "recording", "wait unknown", "no ring"}


def test_a_dumps_text_with_quotes_and_statements_is_only_text():
    rows, _ = rows_of((SAMPLES / "freepbx_cdr.sql").read_text())
    clids = [row.get("clid") for row in rows]
    assert '"Anna\'s; DROP TABLE call;--" <201>' in clids


def test_an_issabel_cel_table_tells_waits_offers_and_talks():
    rows, asides = rows_of((SAMPLES / "issabel_cel.csv").read_text())
    call, doubts = call_of(rows, "1771312800.201")
    assert asides == []
    assert legs_of(call) == [
        "ivr   0-5 handed over",
        "queue first  5-24 answered",
        "offer first 202 5-17 missed",
        "offer first 201 18-24 answered",
        "talk first 201 24-104 agent hung up",
    ]
    assert doubts == {"coarse"}


def test_the_plain_master_csv_is_read_without_a_header():
    rows, asides = rows_of((SAMPLES / "master.csv").read_text())
    assert [one.reason for one in asides] == [TORN]
    call, doubts = call_of(rows, "1771315200.301")
    assert legs_of(call) == ["talk first 201 1-120 ended"]
    assert {"talk with wait", "wait unknown"} <= doubts
    menu, _ = call_of(rows, "1771316400.320")
    assert (menu.legs, menu.talked) == ((), 0)


def test_the_sample_of_cdr_custom_is_read():
    rows, _ = rows_of(CDR_CUSTOM)
    assert (rows[0].uniqueid, rows[0].get("sequence"), rows[0].number("end_us")) == (
        "1771315200.301",
        "7",
        1771315320 * 10**6,
    )


def test_the_old_form_of_cel_custom_is_read():
    rows, _ = rows_of(CEL_CUSTOM, None)
    assert (rows[0].at, rows[0].event, rows[0].get("cid_name")) == (1771315200123456, "CHAN_START", "Olga")


def test_a_csv_exported_by_mysql_is_read_with_its_backslashes():
    text = (
        "calldate\tclid\tsrc\tdst\tchannel\tdstchannel\tlastapp\tlastdata\tduration\tbillsec\tdisposition\tuniqueid\n"
        '2026-02-17 11:00:00\t"\\"Olga\\" <7903>"\t7903\t600\tSIP/trunk-1\t\\N\tQueue\t600\t20\t0\t'
        "NO ANSWER\t1771315200.301\n"
    )
    rows, asides = rows_of(text)
    assert asides == []
    assert (rows[0].get("clid"), rows[0].get("dstchannel")) == ('"Olga" <7903>', "")


def test_a_queue_log_exported_from_a_database_is_read():
    text = (
        "id,time,callid,queuename,agent,event,data1,data2,data3,data4,data5\n"
        "1,2026-02-17 11:00:00.500000,1771315200.301,600,NONE,ENTERQUEUE,,7903,1,,\n"
        "2,2026-02-17 11:00:09.250000,1771315200.301,600,NONE,ABANDON,1,1,9,,\n"
    )
    rows, asides = rows_of(text)
    call, doubts = call_of(rows, "1771315200.301")
    assert asides == []
    assert legs_of(call) == ["ivr   0-0.5 handed over", "queue first  0.5-9.25 abandoned"]
    assert "coarse" not in doubts


def test_local_times_without_a_zone_are_refused_with_a_cure():
    with pytest.raises(DeskError, match="--zone"):
        rows_of((SAMPLES / "master.csv").read_text(), None)


def test_a_wrong_zone_is_found_out_by_the_files_own_uniqueids():
    file = look_at(SAMPLES / "master.csv", None)
    with pytest.raises(DeskError, match="3 hours ahead"):
        list(file.rows(ZoneInfo("UTC")))


def test_the_hour_that_comes_twice_is_told_apart_by_the_uniqueid():
    clock = Clock(ZoneInfo("Europe/Berlin"))
    summer, winter = 1792888200, 1792891800
    assert [clock.read("2026-10-25 02:30:00", born) for born in (summer, winter)] == [summer * 10**6, winter * 10**6]


def test_a_quote_that_is_never_closed_costs_one_row_and_not_the_file():
    rows, asides = rows_of(CDR_CUSTOM + CDR_CUSTOM.replace('"600,t"', '"600,t') + CDR_CUSTOM * 30)
    assert [(one.line, one.reason) for one in asides] == [(2, "a quote that is never closed")]
    assert len(rows) == 31


def test_a_gzipped_file_is_read_and_one_that_was_cut_short_up_to_its_cut(tmp_path):
    whole = gzip.compress((SAMPLES / "queue_log.freepbx").read_bytes() * 200)
    (tmp_path / "log.gz").write_bytes(whole)
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    counts = [
        sum(isinstance(row, Row) for row in look_at(tmp_path / name, None).rows(None)) for name in ("log.gz", "cut.gz")
    ]
    assert 0 < counts[1] < counts[0]


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\xff" * 50, b"name,age\nAnna,30\n", b"Dear Sir,\n" * 9])
def test_a_file_that_is_none_of_ours_is_refused_with_what_is_known(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(DeskError, match="no file of calls"):
        look_at(tmp_path / "x", None)


def test_a_kind_that_the_file_is_not_is_refused():
    with pytest.raises(DeskError, match="--kind queue_log"):
        look_at(SAMPLES / "queue_log.freepbx", "cdr")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=8))
def test_whatever_stands_in_a_cdr_comes_back_as_it_was(calls):
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["start", "channel", "disposition", "clid", "src", "lastdata", *"abcdefgh"])
    for clid, src, data in calls:
        writer.writerow(["2026-02-17 11:00:00", "SIP/1-1", "ANSWERED", clid, src, data, *"12345678"])
    rows, asides = rows_of(file.getvalue())
    clean = [[text.replace("\0", "\ufffd") for text in call] for call in calls]
    assert asides == []
    assert [[row.get(name) for name in ("clid", "src", "lastdata")] for row in rows] == clean


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "file"
    for head in (
        b"1700000000|1.1|600|NONE|ENTERQUEUE||1|1\n",
        b"start,channel,disposition\n",
        b"INSERT INTO `cdr` VALUES ",
    ):
        path.write_bytes(head + content)
        try:
            file = look_at(path, None)
            list(file.rows(MOSCOW))
        except DeskError:
            continue


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("- a\n", "1:1: this is no map"),
        ("queues: {}\n", "1:1: the map has no `system`"),
        ("system: Old PBX\n", "1:9: `Old PBX` is no name"),
        ("system: old\nqueue: {}\n", "2:1: `queue` is not known here: did you mean `queues`?"),
        (
            "system: old\ntime zone: Europe/Moskow\n",
            "2:12: `Europe/Moskow` is no time zone: did you mean Europe/Moscow?",
        ),
        ('system: old\nqueues:\n  "600": first\n', "3:10: `first` is no place of a queue"),
        (
            'system: old\nqueues:\n  "600": {desk: shop, line: frist}\n',
            "3:29: the desk `shop` has no line `frist`: did you mean `first`?",
        ),
        ('system: old\nnumbers: {"1": shpo}\n', "2:16: there is no desk `shpo`: did you mean `shop`?"),
        ("system: old\nagents: {Anna: a}\n", "2:16: `a` is no agent's number"),
        ("system: old\nsystem: new\n", "2:1: `system` stands here twice"),
    ],
)
def test_a_mistake_in_a_map_is_told_with_its_place_and_cure(tmp_path, text, mistake):
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(DeskError) as error:
        read_map(path, {"shop": ("first", "second")})
    assert f"{path}:{mistake}" in error.value.sentence


def test_extensions_are_known_in_every_technology_and_names_by_the_map():
    naming = Naming("old", agents={"Anna Petrova": "201", "301": "401"})
    names = [
        "SIP/202-0000000a",
        "Local/202@from-queue/n",
        "PJSIP/202",
        "Agent/202",
        "202",
        "Anna Petrova",
        "SIP/301",
        "SIP/trunk-0000001a",
    ]
    assert [naming.agent(name) for name in names] == ["202"] * 5 + ["201", "401", "SIP/trunk"]


def test_an_agents_own_calls_are_his_and_of_no_desk():
    rows, _ = rows_of((SAMPLES / "freepbx_cdr.sql").read_text())
    out, doubts = call_of(rows, "1771311700.112")
    assert legs_of(out) == ["talk  201 15-65 ended"]
    assert (out.desk, out.caller, out.number, out.answered_by) == ("", "201", "89161234567", "201")
    assert "no desk" not in doubts
    rows, _ = rows_of((SAMPLES / "master.csv").read_text())
    internal, _ = call_of(rows, "1771315800.310")
    assert (internal.desk, internal.answered_by) == ("", "202")


def test_a_call_from_outside_that_reached_no_queue_belongs_to_the_desk_of_its_number_or_of_the_map():
    rows, _ = rows_of((SAMPLES / "master.csv").read_text())
    menu, _ = call_of(rows, "1771316400.320")
    assert (menu.desk, menu.outcome) == ("shop", "abandoned in the menu")
