"""Messages are written out one at a time, and nothing that goes wrong with one costs another."""

from __future__ import annotations

import asyncio

import pytest
import structlog
from structlog.testing import capture_logs

from ivr.desk.ports_recognizer import Heard, Message, NotHeardError, Word
from ivr.desk.write_out import Writer, spoken_by, write_messages
from tests.unit.engine.test_machine import desk

SPOKEN = ({"shop": "ru"}, frozenset({"ru", "en"}))


class Memory:
    """The texts' port, in memory: what happened to each message, in order."""

    def __init__(self, *names):
        self.waiting = list(names)
        self.done = []
        self.asked = 0
        self.away = False

    def next(self, languages, spoken):  # noqa: ARG002 - the port's
        self.asked += 1
        if self.away:
            raise OSError("the database is away")
        if not self.waiting:
            return None
        name = self.waiting.pop(0)
        return Message(name, name.partition("-message")[0], f"2026/11/21/{name}.wav", 3.0, "en", 0)

    def begin(self, name):
        self.done.append(("begin", name))

    def give_back(self, name):
        self.done.append(("give back", name))

    def keep(self, name, language, heard):
        self.done.append(("keep", name, language, heard.text))
        return True

    def fail(self, name, reason):
        self.done.append(("fail", name, reason))
        return False


class Parrot:
    """The recognizer's port: says what is in the file, unless it is to fail, or to hear without end."""

    def __init__(self):
        self.known = {"en"}
        self.fails = False
        self.begun = asyncio.Event()
        self.endless = False

    def languages(self, wanted):
        return frozenset(self.known & set(wanted))

    async def hear(self, wav, language, seconds):  # noqa: ARG002 - the port's
        self.begun.set()
        if self.endless:
            await asyncio.Event().wait()
        if self.fails:
            raise NotHeardError("the engine died: SIGSEGV")
        return Heard([Word(wav.read().decode(), 0.9)], "parrot 1.0", "small")


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "recordings/2026/11/21"
    folder.mkdir(parents=True)
    for name in ("d-1", "d-2"):
        (folder / f"{name}-message.wav").write_text(f"words of {name}")
    return tmp_path / "recordings"


@pytest.fixture
def logs(monkeypatch):
    """Collect what is logged, whatever a command that ran in this process before has set up."""
    before = structlog.get_config()
    structlog.reset_defaults()
    monkeypatch.setattr("ivr.desk.write_out._log", structlog.get_logger())  # one that was used may be bound for good
    with capture_logs() as found:
        yield found
    structlog.configure(**before)


def writer(texts, root, parrot=None):
    return Writer(texts, parrot or Parrot(), root, lambda: SPOKEN)


async def test_a_message_is_counted_heard_and_kept_and_the_log_does_not_say_what_it_says(root, logs):
    texts = Memory("d-1-message")
    assert await writer(texts, root).step()
    assert not await writer(texts, root).step()
    assert texts.done == [("begin", "d-1-message"), ("keep", "d-1-message", "en", "words of d-1")]
    assert [log["event"] for log in logs] == ["message_written_out"]
    assert "words of" not in str(logs)


async def test_an_engine_that_fails_costs_the_next_message_nothing(root):
    texts, parrot = Memory("d-1-message", "d-2-message"), Parrot()
    work = writer(texts, root, parrot)
    parrot.fails = True
    assert await work.step()
    parrot.fails = False
    assert await work.step()
    assert texts.done[1] == ("fail", "d-1-message", "the engine died: SIGSEGV")
    assert texts.done[-1] == ("keep", "d-2-message", "en", "words of d-2")


async def test_a_file_that_is_gone_or_a_link_is_a_failed_try(root):
    (root / "2026/11/21/d-1-message.wav").unlink()
    (root / "2026/11/21/d-2-message.wav").rename(root / "elsewhere.wav")
    (root / "2026/11/21/d-2-message.wav").symlink_to(root / "elsewhere.wav")
    texts = Memory("d-1-message", "d-2-message")
    work = writer(texts, root)
    assert [await work.step(), await work.step()] == [True, True]
    assert [done[0] for done in texts.done] == ["begin", "fail", "begin", "fail"]


async def test_a_stop_in_the_middle_gives_the_try_back(root):
    texts, parrot = Memory("d-1-message"), Parrot()
    parrot.endless = True
    task = asyncio.create_task(writer(texts, root, parrot).step())
    await parrot.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert texts.done == [("begin", "d-1-message"), ("give back", "d-1-message")]


async def test_where_nothing_hears_a_desk_s_languages_the_ledger_is_not_even_asked(root):
    texts, parrot = Memory("d-1-message"), Parrot()
    parrot.known = set()
    assert not await writer(texts, root, parrot).step()
    assert texts.asked == 0


async def test_a_model_that_is_laid_while_the_desk_runs_is_found_within_the_next_minute(root):
    texts, parrot, now = Memory("d-1-message"), Parrot(), [0.0]
    parrot.known = set()
    work = Writer(texts, parrot, root, lambda: SPOKEN, lambda: now[0])
    assert not await work.step()
    parrot.known = {"en"}
    assert not await work.step()
    now[0] += 60
    assert await work.step()


async def test_a_database_that_is_away_is_told_once_and_work_goes_on_when_it_is_back(root, logs):
    texts = Memory("d-1-message")
    texts.away = True
    task = asyncio.create_task(write_messages(writer(texts, root), every=0.001))
    while texts.asked < 5:
        await asyncio.sleep(0.001)
    texts.away = False
    while len(texts.done) < 2:
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["messages_not_written_out"]
    assert texts.done[-1][0] == "keep"


def test_a_desk_speaks_its_first_language_unless_a_caller_picks_another():
    by_desk, languages = spoken_by([desk(languages=["en", "ru"])])
    assert list(by_desk.values()) == ["en"]
    assert languages == {"en", "ru"}
