"""What a home remembers of the versions that it served, and which of them calls may still be in."""

from __future__ import annotations

import pytest

from ivr.app.editions import forget_editions
from ivr.app.versions import (
    KEPT,
    Version,
    add_version,
    broken_off,
    former_editions,
    kept_editions,
    note_start,
    read_versions,
    serving,
)
from ivr.errors import DeskError

HOUR = 3600.0


def version(number, at=0.0, edition="shop_1", **other):
    return Version(number, at, "Ann", "why not", {"shop": edition}, **other)


def test_a_home_that_served_nothing_has_no_versions(tmp_path):
    assert read_versions(tmp_path) == ()
    assert serving(()) is None


def test_of_one_number_the_last_line_counts(tmp_path):
    add_version(tmp_path, version(1))
    add_version(tmp_path, version(2, edition="shop_2", outcome="begun"))
    assert serving(read_versions(tmp_path)) == version(1)
    add_version(tmp_path, version(2, edition="shop_2"))
    assert [one.number for one in read_versions(tmp_path)] == [1, 2]
    assert serving(read_versions(tmp_path)) == version(2, edition="shop_2")


def test_a_line_that_a_kill_cut_off_is_no_version_and_spoils_none_behind_it(tmp_path):
    add_version(tmp_path, version(1))
    with (tmp_path / "versions.jsonl").open("a") as file:
        file.write('{"number": 2, "at": 1')
    assert [one.number for one in read_versions(tmp_path)] == [1]
    add_version(tmp_path, version(2))
    assert [one.number for one in read_versions(tmp_path)] == [1, 2]


@pytest.mark.parametrize("line", ["not ours", "[1]", '{"number": 1}', "{}"])
def test_a_line_that_somebody_wrote_by_hand_is_told_with_its_place(tmp_path, line):
    add_version(tmp_path, version(1))
    with (tmp_path / "versions.jsonl").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(DeskError, match=r"versions\.jsonl:2:1: this line cannot be read"):
        read_versions(tmp_path)


def test_a_start_with_the_same_desks_is_no_new_version_and_one_with_others_is(tmp_path):
    note_start(tmp_path, "Ann", {"shop": "shop_1"})
    note_start(tmp_path, "Ann", {"shop": "shop_1"})
    note_start(tmp_path, "Ben", {"shop": "shop_2"})
    assert [(one.number, one.author, one.start) for one in read_versions(tmp_path)] == [
        (1, "Ann", True), (2, "Ben", True),
    ]  # fmt: skip


def test_calls_may_be_in_what_was_served_since_the_start_and_was_replaced_lately():
    served = [
        version(1, edition="shop_1", start=True),
        version(2, 10 * HOUR, "shop_2"),
        version(3, 11 * HOUR, "shop_3"),
        version(4, 12 * HOUR, "shop_4"),
    ]
    assert set(former_editions(served, 4 * HOUR, 13 * HOUR)) == {"shop_1", "shop_2", "shop_3"}
    assert set(former_editions(served, 4 * HOUR, 14.5 * HOUR)) == {"shop_2", "shop_3"}
    assert former_editions(served, 4 * HOUR, 30 * HOUR) == ()


def test_no_call_is_in_a_version_of_before_the_start():
    served = [version(1, edition="shop_1", start=True), version(2, 5 * HOUR, "shop_2", start=True)]
    assert former_editions(served, 4 * HOUR, 6 * HOUR) == ()


def test_calls_may_be_in_a_version_that_was_taken_back():
    served = [
        version(1, edition="shop_1", start=True),
        version(2, 5 * HOUR, "shop_2", outcome="taken back", fault="nobody took it"),
    ]
    assert former_editions(served, 4 * HOUR, 6 * HOUR) == ("shop_2",)


def test_calls_may_be_in_a_version_whose_apply_broke_off():
    served = [version(1, edition="shop_1", start=True), version(2, 5 * HOUR, "shop_2", outcome="begun")]
    assert former_editions(served, 4 * HOUR, 6 * HOUR) == ("shop_2",)
    assert broken_off(served) == served[-1]


def test_what_is_served_is_kept_however_many_versions_were_taken_back_since():
    versions = [
        version(1, edition="shop_1"),
        *(version(n, edition="shop_2", outcome="taken back") for n in range(2, 90)),
    ]
    assert kept_editions(versions) == {"shop_1"}


def test_a_start_ends_what_an_apply_that_broke_off_had_begun(tmp_path):
    note_start(tmp_path, "Ann", {"shop": "shop_1"})
    add_version(tmp_path, version(2, edition="shop_2", outcome="begun"))
    note_start(tmp_path, "Ann", {"shop": "shop_1"})
    assert broken_off(read_versions(tmp_path)) is None
    assert read_versions(tmp_path)[-1].outcome == "taken back"
    assert serving(read_versions(tmp_path)).editions == {"shop": "shop_1"}


def test_editions_of_versions_long_past_are_forgotten_with_their_prompts(tmp_path):
    versions = [version(number, edition=f"shop_{number}") for number in range(KEPT + 2)]
    for number in range(KEPT + 2):
        (tmp_path / f"editions/shop_{number}").mkdir(parents=True)
        (tmp_path / f"sounds/shop_{number}/en").mkdir(parents=True)
    (tmp_path / "sounds/_announced").mkdir()
    (tmp_path / "sounds/shop").symlink_to(f"shop_{KEPT + 1}")
    forget_editions(tmp_path, tmp_path / "sounds", kept_editions(versions))
    left = {f"shop_{number}" for number in range(2, KEPT + 2)}
    assert {path.name for path in (tmp_path / "editions").iterdir()} == left
    assert {path.name for path in (tmp_path / "sounds").iterdir()} == left | {"_announced", "shop"}
