"""Reading desk files: strict, all mistakes at once, never a traceback."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ivr.errors import AuthorError
from ivr.flows.reader import read_desk, read_desks, version_of
from ivr.written.file import LARGEST, MOST_MISTAKES

DIALPLANS = Path(__file__).parents[3] / "dialplans"
DEMOS = sorted(DIALPLANS.glob("*.yaml"))
WORDS = st.one_of(
    st.sampled_from(
        ["desk", "numbers", "language", "flow", "lines", "menu", "then", "say", "source", "hours", "closed"]
    ),
    st.sampled_from(["agents", "hang up", "no answer", "true", "null", "12s", "100", "9" * 400 + "d", "1", "*", "#"]),
    st.sampled_from(["[", "]", "{", "}", ":", ": ", "- ", ",", "'", '"', "&a", "*a", "!!", "|", ">", "---", "%", "@"]),
    st.sampled_from(["\n", "\n  ", "\n    ", "\t", "#:", "\\", "? ", "\u2028"]),
)


def told(path: Path) -> tuple[str, ...]:
    with pytest.raises(AuthorError) as caught:
        read_desk(path)
    return caught.value.mistakes


@pytest.mark.parametrize("path", DEMOS, ids=lambda path: path.stem)
def test_the_demo_desks_have_no_mistake(path):
    assert read_desk(path).desk == path.stem


def test_both_demo_desks_can_run_side_by_side():
    assert set(read_desks(DIALPLANS)) == {"homecare", "ultralight"}


def test_the_small_desk_of_these_tests_has_no_mistake(mistakes):
    assert mistakes() == []


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.lists(WORDS, max_size=40).map("".join).map(str.encode)))
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"\xff\xfea\x00")
@example(b"? ")
@example(b"a: \xc2\x85")
@example(b"a: \xef\xbf\xbe")
def test_any_bytes_are_read_or_refused_with_places(tmp_path, content):
    """B5: whatever stands in a file, an author's error with file:line:column is the worst that happens."""
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    for line in told(path):
        file, number, column, rest = line.split(":", 3)
        assert (file, int(number) > 0, int(column) > 0) == (str(path), True, True)
        assert len(rest.strip()) > 10


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_demo_desk_with_any_piece_replaced_is_read_or_refused(tmp_path, data):
    """B5: a typing slip anywhere is a message, never a traceback."""
    text = DEMOS[1].read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    piece = data.draw(st.one_of(WORDS, st.text(max_size=10).filter(lambda text: text.isprintable())))
    path = tmp_path / "slip.yaml"
    path.write_text(text[:start] + piece + text[end:], encoding="utf-8")
    with suppress(AuthorError):
        read_desk(path)


def test_all_mistakes_come_at_once_in_the_order_of_the_file(mistakes):
    found = mistakes(
        {"desk: shop": "desk: Shop", "[201], then: second}": "[201], then: secnd, rign: 4s}", "y: claim": "y: clam"}
    )
    assert [line.split(": ", 1)[0] for line in found] == [
        "shop.yaml:1:7", "shop.yaml:7:32", "shop.yaml:7:39", "shop.yaml:14:19",
    ]  # fmt: skip
    assert "did you mean `ring`?" in found[2]
    assert "did you mean `claim`?" in found[3]


def test_what_stands_in_a_broken_part_is_not_called_missing(mistakes):
    """A line with one bad value is still a line to which calls may go."""
    (found,) = mistakes({"first: {agents: [201]": "first: {ring: soon, agents: [201]"})
    assert "`soon` is no duration" in found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty: begin with `desk: any`"),
        (b"# nothing\n", "is empty"),
        (b"- a\n", "this is no desk"),
        (b"just words\n", "this is no desk"),
        (b"desk: \xcf\xf0\xe8\n", "is not UTF-8: save it as UTF-8"),
        (b"\xff\xfed\x00", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_desk_gets_one_sentence(tmp_path, content, said):
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    (line,) = told(path)
    assert said in line


def test_the_place_of_a_wrong_byte_is_told(tmp_path):
    path = tmp_path / "any.yaml"
    path.write_bytes(b"desk: a\nlanguage: \xff\n")
    assert told(path)[0].startswith(f"{path}:2:11: ")


def test_a_byte_order_mark_is_no_mistake(write):
    path = write()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_desk(path).desk == "shop"


def test_a_missing_file_and_a_folder_get_one_sentence(tmp_path):
    assert told(tmp_path / "none.yaml") == (f"{tmp_path}/none.yaml:1:1: there is no such file: check the name",)
    assert told(tmp_path) == (f"{tmp_path}:1:1: this is a folder: name a desk file in it",)
    assert "cannot be read" in told(Path("a\0b"))[0]


def test_ten_megabytes_are_refused_unread(tmp_path):
    """B5: 10 MB."""
    path = tmp_path / "any.yaml"
    path.write_bytes(b"a: b\n" * 2_000_000)
    assert "larger than 1 MB" in told(path)[0]


def test_a_file_of_mistakes_is_cut_off(tmp_path):
    path = tmp_path / "any.yaml"
    path.write_text("".join(f"a{number}: 1\n" for number in range(LARGEST // 1000)), encoding="utf-8")
    found = told(path)
    assert len(found) == MOST_MISTAKES + 1
    assert "more mistakes" in found[-1]


def test_star_and_pound_are_keys_when_quoted(write):
    desk = read_desk(write({"    2: {": '    "*": first\n    "#": second\n    2: {'}))
    assert list(desk.flow["reason"].options) == ["1", "*", "#", "2"]


def test_numbers_need_no_quotes_and_keep_their_zeros(write):
    desk = read_desk(write({'["100"]': "[0100, +78124483454]", "201": "007"}))
    assert desk.numbers == ("0100", "+78124483454")
    assert desk.lines["first"].agents == ("007",)


def test_names_of_python_are_not_keys_of_a_file(mistakes):
    (found,) = mistakes({"language: en\n": "language: en\ntime_zone: UTC\n"})
    assert found == "shop.yaml:4:1: `time_zone` is not known here: did you mean `time zone`?"
    (found,) = mistakes({"    1: {cat": "    options:\n      1: {cat", "    2: {": "      2: {"})
    assert found.startswith("shop.yaml:13:5: `options` is not known here: write the keys beside")
    (found,) = mistakes(add='hours: {days: {mon: "09:00-10:00"}, closed: hang up}\n')
    assert "`days` is not known here" in found


class TestVersion:
    def test_it_is_twelve_digits_that_change_with_the_file(self, write):
        first = version_of(write())
        assert len(first) == 12
        assert int(first, 16) >= 0
        assert version_of(write()) == first
        assert version_of(write(add="\n")) != first

    def test_it_changes_with_the_scripts(self, write):
        path = write()
        before = version_of(path)
        scripts = path.parent / "shop" / "scripts"
        scripts.mkdir(parents=True)
        (scripts / "a.py").write_text("x = 1\n")
        with_script = version_of(path)
        (scripts / "a.py").rename(scripts / "b.py")
        assert len({before, with_script, version_of(path)}) == 3


class TestTogether:
    """Desks of one folder."""

    def told(self, folder: Path) -> list[str]:
        with pytest.raises(AuthorError) as caught:
            read_desks(folder)
        return [line.removeprefix(f"{folder}/") for line in caught.value.mistakes]

    def test_mistakes_of_all_files_come_together(self, write, tmp_path):
        write({"desk: shop": "desk: A"}, name="a.yaml")
        write({"desk: shop": "desk: B"}, name="b.yaml")
        assert [line.split(":")[0] for line in self.told(tmp_path)] == ["a.yaml", "b.yaml"]

    def test_a_number_belongs_to_one_desk(self, write, tmp_path):
        write()
        write({"desk: shop": "desk: zoo"}, name="zoo.yaml")
        assert self.told(tmp_path) == [
            "zoo.yaml:2:11: `100` is a number of shop.yaml too: give each number to one desk"
        ]

    def test_a_desk_name_belongs_to_one_file_and_is_its_name(self, write, tmp_path):
        write()
        write({'"100"': '"300"'}, name="zoo.yaml")
        assert self.told(tmp_path) == ["zoo.yaml:1:7: `shop` is the name of shop.yaml too: rename one of the desks"]
        (tmp_path / "shop.yaml").unlink()
        (line,) = self.told(tmp_path)
        assert line.startswith("zoo.yaml:1:7: the desk `shop` stands in zoo.yaml: rename the file to shop.yaml")

    def test_an_agent_may_work_for_two_desks(self, write, tmp_path):
        write()
        write({"desk: shop": "desk: zoo", '"100"': '"300"'}, name="zoo.yaml")
        assert set(read_desks(tmp_path)) == {"shop", "zoo"}

    def test_an_agent_has_one_name_and_one_number(self, write, tmp_path):
        write()
        write({"desk: shop": "desk: zoo", '"100"': '"300"', "Anna": "Vera", "202": "203"}, name="zoo.yaml")
        assert self.told(tmp_path) == [
            "zoo.yaml:4:15: agent `201` is Anna in shop.yaml, and Vera here: use one name, or another number",
            "zoo.yaml:4:26: Boris is agent `202` in shop.yaml, and `203` here: "
            "use one number, or tell the two people apart by name",
        ]

    def test_an_agent_has_no_number_of_a_desk(self, write, tmp_path):
        write()
        write(
            {"desk: shop": "desk: zoo", '"100"': '"202"', "202: Boris": "300: Vera", "[202]": "[300]"}, name="zoo.yaml"
        )
        (line,) = self.told(tmp_path)
        assert line.startswith("shop.yaml:4:21: agent `202` has a number of zoo.yaml")

    def test_a_number_outside_is_no_number_of_an_agent_beside(self, write, tmp_path):
        write()
        more = "outbound: {allow: [+7, 202]}\n"
        write({"desk: shop": "desk: zoo", '"100"': '"300"', "202": "203", "Boris": "Vera"}, more, name="zoo.yaml")
        (line,) = self.told(tmp_path)
        assert line.startswith("zoo.yaml:16:24: who dials `202` reaches an agent, a desk or a parked caller inside")

    def test_a_folder_without_desks_gets_one_sentence(self, tmp_path):
        assert "holds no desk" in self.told(tmp_path)[0]
        assert "there is no such folder" in self.told(tmp_path / "none")[0]
