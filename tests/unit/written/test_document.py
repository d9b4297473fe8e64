"""The desk file's text: YAML without its traps."""

import pytest

from ivr.written.document import Place, read_document, without


@pytest.mark.parametrize(
    "text", ["yes", "no", "on", "off", "012", "0x10", "12:30", "1e3", "1_000", "2026-01-01", "<<", "=", ".inf", "+7812"]
)
def test_a_plain_word_stays_what_the_author_sees(text):
    assert read_document(f"a: {text}\n").value == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("", None), ('"true"', "true")],
)
def test_only_the_words_of_yaml_1_2_have_another_meaning(text, value):
    assert read_document(f"a: {text}\n").value == {"a": value}


def test_telephone_keys_are_text_and_star_and_pound_work_in_quotes():
    assert read_document('1: a\n"*": b\n"#": c\n012: d\ntrue: e\n').value == {
        "1": "a",
        "*": "b",
        "#": "c",
        "012": "d",
        "true": "e",
    }


def test_every_value_and_key_has_its_place():
    document = read_document("a:\n  b: [x, 'y']\n  c: {d: e}\n")
    assert document.place(("a", "b", "1")) == Place(2, 10)
    assert document.place(("a", "c", "d")) == Place(3, 10)
    assert document.place(("a", "c", "d"), at_key=True) == Place(3, 7)
    assert document.place(("a", "c", "gone")) == Place(3, 6)
    assert document.place(("a",)) == Place(1, 1)


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", Place(3, 1), "`a` stands here twice, first in line 1"),
        ("a: &x 1\nb: 2\n", Place(1, 4), "`&x` is an anchor"),
        ("a: 1\nb: *a\n", Place(2, 4), "`*a` is an alias"),
        ("a: !!python/object/apply:os.system [ls]\n", Place(1, 4), "has no meaning in a desk"),
        ("a: !secret x\n", Place(1, 4), "the tag `!secret`"),
        ("a: 1\n---\nb: 2\n", Place(2, 1), "a second document"),
        ("[a, b]: 1\n", Place(1, 1), "a key must be a single word"),
        ("a:\n\tb: 1\n", Place(2, 1), "a tab in the indentation"),
        ("a: \x07\n", Place(1, 4), "a control character"),
        ("a: {b: c\n", Place(2, 1), "look for a missing quote, bracket or blank"),
        ("*: first\n", Place(1, 2), 'write the key as "*":'),
        ("m:\n  #: first\n", Place(2, 4), 'write the key as "#":'),
        ("a: %x\n", Place(1, 4), "keeps `%`, `@`"),
        ("a: one: two\n", Place(1, 7), "a colon where none can be"),
        ("a: " + "[" * 40 + "]" * 40, Place(1, 16), "more than 12 levels"),
    ],
)
def test_a_trap_is_named_with_its_place_and_cure(text, place, said):
    (found,) = read_document(text).mistakes
    assert found[0] == place
    assert said in found[1]


def test_all_doubled_keys_and_tags_are_found_at_once():
    assert len(read_document("a: 1\na: 2\nb: !x 1\nb: 2\nc: &c 1\n").mistakes) == 4


def test_a_yaml_bomb_is_refused_before_it_grows():
    bomb = 'a: &a ["x","x"]\n' + "".join(f"{new}: &{new} [*{old},*{old}]\n" for old, new in zip("abcdefgh", "bcdefghi"))  # noqa: B905
    document = read_document(bomb)
    assert len(document.mistakes) == 9 + 16
    assert document.value["i"] == [None, None]


def test_deep_nesting_is_refused_without_reading_on():
    (found,) = read_document("a: " + "[" * 900_000).mistakes
    assert "12 levels" in found[1]


def test_parts_are_taken_out_of_a_copy():
    value = {"a": {"b": 1, "c": 2}, "d": 3}
    assert without(value, [("a", "b"), ("d",)]) == {"a": {"c": 2}}
    assert value == {"a": {"b": 1, "c": 2}, "d": 3}
