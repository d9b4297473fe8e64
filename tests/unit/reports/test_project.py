"""Project files: what is right is read, what is wrong is told with its place and cure, and the statement adds up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ivr.errors import AuthorError, DeskError
from ivr.ledger.card import card_facts, cards_of, read_entries
from ivr.reports.cards import card_tallies
from ivr.reports.catalogue import CATALOGUE, metric
from ivr.reports.cell import Cell, totals_of
from ivr.reports.contributions import tallies
from ivr.reports.headings import LANGUAGES, heading_of, word_of
from ivr.reports.project import CALL_COLUMNS, ROWS
from ivr.reports.project_file import read_project
from ivr.reports.statement import Carded, call_list, statement
from tests.made_calls import MORNING, SECOND, leg, made_call

EXAMPLE = Path(__file__).parents[3] / "projects" / "telemarketing.yaml"
HEAD = (
    "project: p\ntitle: P\ncodes: {sale: {name: Sale, is: win}}\nfields: {price: {name: Price, is: money}, who: Who}\n"
)


@pytest.fixture
def read(tmp_path):
    def reader(text):
        path = tmp_path / "p.yaml"
        path.write_text(text, encoding="utf-8")
        return read_project(path)

    return reader


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("columns: [ofered]", "5:11: there is no metric `ofered`: did you mean `offered`?"),
        ("columns: [hours, hours]", "5:18: the column `hours` stands here twice: delete one"),
        ("columns: [{code: sold}]", "5:18: `sold` is not in `codes`: write `sale`, or add it to `codes`"),
        ("columns: [{sum: who}]", "5:17: `who` is a text and cannot be summed"),
        ("columns: [{sum: prise}]", "5:17: `prise` is not in `fields`: did you mean `price`?"),
        ("columns: [{metric: calls, code: sale}]", "5:11: this is no column"),
        ("columns: [{metrik: calls}]", "`metrik` is not known here: did you mean `metric`?"),
        ("columns: [calls, {metric: hours, name: Calls}]", "5:27: two columns are called `Calls`"),
        ("columns: []", "there is no list of `columns`"),
        ("rows: agent\ncolumns: [offered]", "6:11: `offered` cannot be told by agent"),
        ("filters: {line: first}\ncolumns: [node_hits]", "6:11: `node_hits` cannot be told by line"),
        ("filters: {direction: sideways}\ncolumns: [calls]", "5:22: `sideways` is no direction"),
        ("rows: year\ncolumns: [calls]", "5:7: `year` is not one of the words known here"),
        ("columns: [calls]\ncalls: [began, wen]", "6:16: `wen` is no column of a list of calls"),
        ("columns: [calls]\ncolumns: [hours]", "`columns` stands here twice, first in line 5: delete one"),
        ("columns: [&x calls, *x]", "is an anchor, and a project has none"),
        ("columns: [calls]\ntime zone: Mars/Base", "`Mars/Base` is no time zone"),
        ("columns: [calls]\nsecret: 1", "`secret` is not known here"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_cure(read, text, told):
    with pytest.raises(AuthorError) as error:
        read(HEAD + text)
    assert told in str(error.value)


@pytest.mark.parametrize("text", ["", "- a", "just words", "project: [1]\ncolumns: {a: b}\ncodes: []\nfilters: x\n"])
def test_a_file_that_is_no_project_is_refused_and_never_a_traceback(read, text):
    with pytest.raises(AuthorError):
        read(text)


def test_every_metric_row_and_column_has_a_heading_in_each_language():
    for language in LANGUAGES:
        assert all(heading_of(name, language) for name in CATALOGUE)
        assert all(word_of(name, language) for name in (*CALL_COLUMNS, *ROWS, "total"))
        assert len({heading_of(name, language) for name in CATALOGUE}) == len(CATALOGUE)


def test_the_example_is_read_and_has_every_column_of_a_telemarketing_statement():
    project = read_project(EXAMPLE)
    assert [column.heading for column in project.columns][:4] == ["Отработано", "Исходящие", "Входящие", "Презентации"]
    assert {"sum_invoiced", "sum_paid", "sum_unpaid"} <= {column.what for column in project.columns}
    assert {"company", "contact", "outcome"} <= set(project.calls)


def carded(project, name, agent, codes, **fields):
    call = made_call(
        leg("queue", 0, 10, "answered", line="first"),
        leg("talk", 10, 70, line="first", agent=agent),
        id=name,
    )
    entry = project.entry(name, agent, MORNING + 80 * SECOND, codes, (), fields)
    (card,) = cards_of(read_entries(card_facts(entry))).values()
    return Carded(call, card)


def test_the_statement_has_a_row_for_each_agent_and_a_total_and_lists_the_calls():
    project = read_project(EXAMPLE)
    cards = [
        carded(project, "c-1", "201", ("presentation", "sale"), company="Ромашка", invoiced="1200.50", paid="200"),
        carded(project, "c-2", "201", ("deferred",), contact="Анна", note="перезвонить"),
        carded(project, "c-3", "202", ("sale", "contract-paid"), invoiced="10", paid="10"),
    ]

    def ask(wanted):
        totals = {"201": {"talks": 2}, "202": {"talks": 1}, "203": {"state.ready": 3600 * SECOND}}
        return {} if wanted.id == "talks_out" else totals

    table = statement(project, ask, cards)
    by_agent = {row[0]: dict(zip(table.ids, row, strict=True)) for row in (*table.rows, table.total)}
    assert [row[0] for row in table.rows] == ["201", "202", "203"]
    assert by_agent["201"]["code.sale"] == by_agent["201"]["code.deferred"] == by_agent["201"]["code.presentation"] == 1
    assert (by_agent["201"]["sum_invoiced"], by_agent["201"]["sum_unpaid"]) == (1200.5, 1000.5)
    assert by_agent["203"]["hours"] == 3600
    assert by_agent["203"]["code.sale"] == 0
    assert (by_agent["Всего"]["code.sale"], by_agent["Всего"]["talks_in"], by_agent["Всего"]["talks_out"]) == (2, 3, 0)
    told = call_list(project, cards)
    assert len(told.rows) == 3
    first = dict(zip(told.ids, told.rows[0], strict=True))
    assert (first["company"], first["outcome"], first["invoiced"]) == ("Ромашка", "Презентация, Продажа", 1200.5)


def test_cards_of_another_project_or_outside_the_filters_are_not_in_the_statement(read):
    project = read(HEAD + "rows: day\nfilters: {agent: [202]}\ncolumns: [{code: sale}, {sum: price}]")
    cards = [carded(project, "c-1", "201", ("sale",)), carded(project, "c-2", "202", ("sale",), price="7")]
    other = carded(read_project(EXAMPLE), "c-3", "202", ("sale",))
    table = statement(project, lambda _: {}, [*cards, other])
    assert table.total == ("Total", 1, 7.0)
    assert table.rows[0][0] == "2026-11-18"


def test_a_code_or_number_that_the_project_does_not_know_is_refused_with_the_nearest():
    project = read_project(EXAMPLE)
    with pytest.raises(DeskError, match="Did you mean `sale`"):
        project.entry("c", "201", 1, ("sal",), (), {})
    with pytest.raises(DeskError, match="invoiced cannot be 'much'"):
        project.entry("c", "201", 1, ("sale",), (), {"invoiced": "much"})
    with pytest.raises(DeskError, match="no field"):
        project.entry("c", "201", 1, ("sale",), (), {"colour": "red"})


def test_a_win_counts_for_the_source_of_its_call_and_for_its_agent():
    project = read_project(EXAMPLE)
    one = carded(project, "c-1", "201", ("sale", "presentation"))
    sold = one.call._replace(source="internet", source_how="asked")
    plain = one.call._replace(id="c-2", source="internet", source_how="asked")
    every = [*tallies(sold), *tallies(plain), *card_tallies(one.card, sold)]
    internet = Cell(0, 2**62, {"source": frozenset({"internet"})})
    assert metric("conversion").value(totals_of(metric("conversion"), every, internet)) == 0.5
    his = Cell(0, 2**62, {"agent": frozenset({"201"})})
    assert metric("agent_wins").value(totals_of(metric("agent_wins"), every, his)) == 1
    assert sum(Counter(t.value for t in card_tallies(one.card, sold._replace(ended_at=None))).values()) == 0
