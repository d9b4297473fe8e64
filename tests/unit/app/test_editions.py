"""The editions of a home: kept once, found by name, also when they came while calls ran."""

from __future__ import annotations

import pytest

from ivr.app.editions import Editions, editions_of, keep_editions, read_edition
from ivr.errors import DeskError
from ivr.flows.reader import read_desks

SHOP = """desk: shop
numbers: ["100"]
language: en
agents: {201: Ann}
categories: {}
lines: {one: {agents: [201]}}
flow: {hello: {say: Hello., then: one}}
"""


@pytest.fixture
def home(tmp_path):
    """Make a home that serves the shop."""
    serve(tmp_path, SHOP)
    return tmp_path


def serve(home, text):
    """Serve the text, as an apply does; return its edition."""
    (home / "desks/shop/scripts").mkdir(parents=True, exist_ok=True)
    (home / "desks/shop.yaml").write_text(text)
    (edition,) = editions_of(home / "desks", read_desks(home / "desks"))
    keep_editions(home, home / "desks", [edition])
    return edition


def speak(home, sound):
    """Record the desk's one prompt."""
    file = home / "desks/shop/recorded/en/hello.wav"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(sound)


def test_other_audio_of_the_same_text_is_another_edition_and_each_is_found_again(home):
    silent = serve(home, SHOP)
    speak(home, b"one")
    first = serve(home, SHOP)
    speak(home, b"two")
    second = serve(home, SHOP)
    assert len({silent.name, first.name, second.name}) == 3
    assert [read_anew(home, one) for one in (silent, first, second)] == [silent, first, second]
    speak(home, b"one")
    assert serve(home, SHOP) == first


def test_an_edition_that_a_program_without_audio_in_its_versions_kept_is_found_under_its_name(home):
    edition = serve(home, SHOP)
    (home / "editions" / edition.name / "shop.sounds").unlink()
    assert read_anew(home, edition) == edition


def test_a_desk_whose_audio_changes_while_it_is_brought_in_is_refused(home):
    speak(home, b"one")
    (edition,) = editions_of(home / "desks", read_desks(home / "desks"))
    speak(home, b"two")
    with pytest.raises(DeskError, match="was saved while it was brought in"):
        keep_editions(home, home / "desks", [edition])


async def test_an_edition_that_came_while_calls_ran_is_found_with_its_agents(home):
    editions = Editions(home, home / "desks")
    (old,) = editions.current
    new = serve(home, SHOP.replace("{201: Ann}", "{201: Ann, 202: Ben}"))
    assert editions.agents == {"201"}
    assert await editions.find(new.name) == new
    assert await editions.find(old.name) == old
    assert editions.agents == {"201", "202"}


def read_anew(home, edition):
    """Read a kept edition as another process does."""
    read_edition.cache_clear()
    return read_edition(home, edition.name)


def test_a_kept_edition_is_the_same_however_often_it_was_read(home):
    edition = serve(home, SHOP.replace("Hello.", '"yes"'))
    assert [read_anew(home, edition) for _ in range(3)] == [edition] * 3
    assert (home / "editions" / edition.name / "shop.json").is_file()


@pytest.mark.parametrize("harm", ["", "{", "[]", '{"program": "0.0.1", "value": {}}', '{"value": 1}'])
def test_what_was_noted_of_an_edition_is_passed_over_when_it_is_broken_or_of_another_program(home, harm):
    edition = serve(home, SHOP.replace("Hello.", "Good evening."))
    read_anew(home, edition)
    (home / "editions" / edition.name / "shop.json").write_text(harm)
    assert read_anew(home, edition) == edition


def test_a_kept_file_that_somebody_edited_is_read_itself(home):
    edition = serve(home, SHOP.replace("Hello.", "Good night."))
    read_anew(home, edition)
    file = home / "editions" / edition.name / "shop.yaml"
    file.write_text(file.read_text().replace("Good night.", "Good bye."))
    found = read_anew(home, edition)
    assert found.desk.flow["hello"].say == "Good bye."
    assert found.version != edition.version


async def test_a_bare_desks_name_is_the_edition_that_is_served_now(home):
    editions = Editions(home, home / "desks")
    new = serve(home, SHOP.replace("Hello.", "Good morning."))
    assert await editions.find("shop") == new


async def test_each_edition_has_the_scripts_that_it_began_with(home):
    editions = Editions(home, home / "desks")
    (home / "desks/shop/scripts/orders.py").write_text("new = 1")
    new = serve(home, SHOP)
    assert [path.name for path in editions.scripts(await editions.find(new.name)).iterdir()] == ["orders.py"]
    assert list(editions.scripts(editions.current[0]).iterdir()) == []


async def test_what_was_never_served_is_no_edition(home):
    for name in ("shop_000000000000", "other", "../shop", ""):
        with pytest.raises(DeskError, match="There is no edition"):
            await Editions(home, home / "desks").find(name)
    with pytest.raises(DeskError, match="ivr history"):
        read_edition(home, "shop_0")


def test_a_desk_that_is_saved_while_it_is_brought_in_is_refused_and_not_kept(home):
    """Its dialplan is that of the file before: served, the two would speak of different flows."""
    (home / "desks/shop.yaml").write_text(SHOP.replace("Hello.", "Good day."))
    (edition,) = editions_of(home / "desks", read_desks(home / "desks"))
    (home / "desks/shop.yaml").write_text(SHOP.replace("Hello.", "Good evening."))
    with pytest.raises(DeskError, match="was saved while it was brought in"):
        keep_editions(home, home / "desks", [edition])
    with pytest.raises(DeskError, match="There is no edition"):
        read_edition(home, edition.name)
