"""Troubles are noted once, whoever keeps the notes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from ivr.desk.note_gaps import Notes


class Slow:
    """The gaps' port: holds up its first note until it is let go."""

    def __init__(self):
        self.entered, self.free = threading.Event(), threading.Event()
        self.noted = []

    def begin(self, node, kind, at, trouble):
        self.noted.append((node, kind, at, trouble))
        self.entered.set()
        self.free.wait()

    def end(self, node, kind, at):
        self.noted.append((node, kind, at, ""))


def test_what_two_keep_at_once_is_noted_once():
    """A loader that ends keeps its notes while the last look at the disk may still do so."""
    gaps = Slow()
    notes = Notes(gaps, "desk1")
    notes.tell("disk", "full", at=7)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(notes.keep)
        assert gaps.entered.wait(10)
        second = threads.submit(notes.keep)
        gaps.free.set()
        first.result(10)
        second.result(10)
    assert gaps.noted == [("desk1", "disk", 7, "full")]
    assert not notes.waiting
