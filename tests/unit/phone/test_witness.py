"""What the journal tells of a call that is going on."""

from __future__ import annotations

from types import SimpleNamespace

from ivr.app.witness import JournalWitness

CALL = SimpleNamespace(began=1795284404.69)
OURS, OTHER = "desk1-1795284404.0", "desk1-1795284404.9"


def row(event, second, uniqueid, channel, *, number="", exten="", peer="", extra="", linkedid=OURS):
    fields = (event, f"{1795284404.69 + second:.6f}", uniqueid, linkedid, channel, "", number, exten, "", "", "", peer)
    return ",".join(f'"{field}"' for field in fields) + ',"' + extra.replace('"', '""') + '"\n'


def fact(second, text, uniqueid=OURS, linkedid=OURS):
    return row("IVR", second, uniqueid, "PJSIP/trunk-0", extra=f'{{"extra":"{text}"}}', linkedid=linkedid)


def start(uniqueid, *, number="+7921", exten="100", second=0.01):
    return row("CHAN_START", second, uniqueid, "PJSIP/trunk-0", number=number, exten=exten, linkedid=uniqueid)


def told(witness):
    return [(event.name, event.detail) for event in witness.seen(CALL)]


def test_line_agent_and_answer_are_told_with_their_times_and_only_of_our_own_call(tmp_path):
    journal = tmp_path / "journal.csv"
    journal.write_text(start(OTHER) + fact(0, "line?line=first", OTHER, OTHER))
    witness = JournalWitness(journal, "100", "+7921")
    with journal.open("a") as file:
        file.write(start(OTHER, number="5") + start(OTHER, exten="400") + start(OTHER, second=-60))
        file.write(start(OURS) + fact(3.0, "key?node=menu&key=2 category?category=product"))
        file.write(fact(3.4, "line?line=second&tier=2&ask=waiting") + fact(3.5, "line?line=first", OTHER, OTHER))
        file.write(fact(3.5, "offer?agent=201&line=second"))
    seen = witness.seen(CALL)
    assert [(event.at, event.name, event.detail) for event in seen] == [
        (3.0, "category", "product"),
        (3.4, "line", "second"),
        (3.4, "is asked", "source"),
        (3.5, "rings", "agent 201"),
    ]
    assert witness.uniqueid == OURS
    enter = row("BRIDGE_ENTER", 5, OURS, "PJSIP/trunk-0", peer="Local/201@agents-0000;1")
    with journal.open("a") as file:
        file.write(enter[:40])
    assert told(witness) == [], "half a record is waited for"
    with journal.open("a") as file:
        file.write(enter[40:])
    assert told(witness) == [("answered by", "agent 201")]


def test_a_bridge_without_a_named_peer_is_the_last_offered_agent_s(tmp_path):
    journal = tmp_path / "journal.csv"
    witness = JournalWitness(journal, "100", "+7921")
    assert told(witness) == []
    journal.write_text(start(OURS) + fact(1, "offer?agent=202") + row("BRIDGE_ENTER", 2, OURS, "PJSIP/trunk-0"))
    assert told(witness)[-1] == ("answered by", "agent 202")


def test_a_rotated_journal_and_foreign_bytes_are_read_over(tmp_path):
    journal = tmp_path / "journal.csv"
    journal.write_text(start(OTHER) * 5)
    witness = JournalWitness(journal, "100", "+7921")
    journal.rename(tmp_path / "journal.csv.1")
    journal.write_text(
        "garbage\n" + start(OURS) + row("IVR", 1, OURS, "x", extra="{{") + fact(1, "fallback?why=absent")
    )
    assert told(witness) == [("fallback", "absent")]
