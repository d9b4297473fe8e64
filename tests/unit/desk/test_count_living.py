"""What Asterisk shows is counted once, by the minute of its birth."""

from __future__ import annotations

from ivr.desk.count_living import Living, Sightings
from ivr.desk.ports_proof import Counted

MINUTE = 1_795_282_440_000000
FIRST, AGENT = "desk1-1795282450.2", "desk1-1795282499.5"
LATER = "desk1-1795282500.6"


def test_a_channel_is_counted_when_it_is_seen_first_in_the_minute_of_its_birth():
    sightings = Sightings("desk1", 1795282440)
    assert sightings.see([Living(FIRST, FIRST)]) == [Counted("desk1", MINUTE, 1, 1)]
    assert sightings.see([Living(FIRST, FIRST), Living(AGENT, FIRST), Living(LATER, LATER)]) == [
        Counted("desk1", MINUTE, 1, 0),
        Counted("desk1", MINUTE + 60_000000, 1, 1),
    ]
    assert sightings.see([]) == []


def test_who_lived_before_we_looked_first_has_been_counted_by_somebody_else():
    sightings = Sightings("desk1", 1795282460)
    assert sightings.see([Living(FIRST, FIRST), Living(AGENT, FIRST)]) == [Counted("desk1", MINUTE, 1, 0)]


def test_ids_that_asterisk_did_not_give_and_other_nodes_are_not_counted():
    sightings = Sightings("desk1", 0)
    assert sightings.see([Living("desk1-1795282450.act7", ""), Living("desk2-1795282450.7", "")]) == []
