"""An announcement before it is switched on: what is refused of it."""

from __future__ import annotations

import pytest

from ivr.app.announce import language_of, must_close
from ivr.errors import DeskError
from tests.unit.engine.test_machine import desk


def test_a_text_is_of_the_language_in_which_all_its_desks_begin():
    assert language_of([desk(), desk(languages=["en"])]) == "en"


def test_desks_of_several_languages_are_told_apart_by_language_or_desk():
    with pytest.raises(DeskError, match="The desks speak en, ru, and a text is of one language") as told:
        language_of([desk(), desk(languages=["ru", "en"])])
    assert "--language en" in told.value.cure
    assert "--desk" in told.value.cure


def test_only_a_desk_with_hours_has_a_way_of_closed_hours():
    must_close([desk()])
    with pytest.raises(DeskError, match="small has no hours, and so no way of closed hours"):
        must_close([desk(), desk(hours=None)])
    with pytest.raises(DeskError, match="small, other have no hours"):
        must_close([desk(hours=None), desk(hours=None, desk="other")])
