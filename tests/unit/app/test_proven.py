"""What counts as the same proof: all that a proof reads, but for the versions in names."""

from __future__ import annotations

import pytest

from ivr.app.proven import without_versions
from ivr.flows.edition import Edition
from ivr.flows.told import wanted_of
from tests.unit.asterisk.test_render import files_of
from tests.unit.asterisk.test_way_out import OTHER
from tests.unit.engine.test_machine import SMALL, desk

ONE, TWO = "fed493ea412f", "0123456789ab"
"""Versions."""


def key(files, *editions):
    return without_versions(files, [wanted_of(one) for one in editions], [one.version for one in editions])


def test_a_desk_of_another_version_has_the_same_proof():
    """Its version is in names of contexts, prompts and music, and in facts."""
    files = {"extensions.conf": f"[desk-small_{ONE}]\nexten => s,1,Playback(small_{ONE}/en/hello)\n"}
    other = {name: text.replace(ONE, TWO) for name, text in files.items()}
    assert key(files, Edition(desk(), ONE)) == key(other, Edition(desk(), TWO))


@pytest.mark.parametrize("name", ["extensions.conf", "acts.conf", "queues.conf", "pjsip.conf"])
def test_one_letter_in_any_file_is_another_proof(tmp_path, name):
    edition = Edition(desk(), ONE)
    files = files_of(tmp_path, (desk(),))
    assert key(files, edition) != key(files | {name: f"{files[name]};"}, edition)


def test_another_flow_or_other_agents_are_another_proof_even_of_the_same_files():
    flow = SMALL["flow"] | {"why": SMALL["flow"]["why"] | {"1": "third"}}
    assert key({}, Edition(desk(), ONE)) != key({}, Edition(desk(flow=flow), ONE))
    out = {"allow": ["+7"], "agents": ["201"]}
    assert key({}, Edition(desk(outbound=out), ONE)) != key({}, Edition(desk(outbound=out | {"agents": ["202"]}), ONE))


def test_two_desks_that_take_each_others_places_are_another_proof():
    """A context of the one leads into the other: with the versions exchanged it leads back into the one."""
    small, other = desk(), desk(**OTHER)
    files = {"extensions.conf": f"[small_{ONE}]\nexten => s,1,Goto(other_{TWO},s,1)\n"}
    astray = {"extensions.conf": f"[small_{ONE}]\nexten => s,1,Goto(other_{ONE},s,1)\n"}
    editions = (Edition(small, ONE), Edition(other, TWO))
    assert key(files, *editions) != key(astray, *editions)


def test_versions_are_left_as_they_are_where_two_names_would_become_one():
    for versions in ((ONE, ONE), (ONE, f"{0:012}")):
        editions = [Edition(one, version) for one, version in zip((desk(), desk(**OTHER)), versions, strict=True)]
        assert ONE in key({}, *editions)
