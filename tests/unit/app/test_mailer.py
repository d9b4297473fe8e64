"""Reports by e-mail as an owner sees them: the commands, a real ledger, a real SMTP server."""

from __future__ import annotations

import email
import json
import socket
import subprocess
import sys
import time
from email import policy

import pytest
from aiosmtpd.controller import Controller

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from tests.command import run
from tests.made_journal import made_journal

pytestmark = pytest.mark.slow


class Mailbox:
    def __init__(self):
        self.letters = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the server's word
        self.letters.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def box():
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def home(tmp_path, box):
    """Give a home with calls of yesterday, and a mail.yaml."""
    journal = tmp_path / "journal.csv"
    journal.write_bytes(made_journal(40, begin=int(time.time()) - 86400, per_second=0.01))
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate(url)
    engine = open_database(url)
    loader = Loader(Journal(journal, "desk1"), SqlLedger(engine), "desk1")
    while loader.step():
        pass
    engine.dispose()
    (tmp_path / "mail.yaml").write_text(
        f"server: smtp://127.0.0.1:{box.port}\nsecurity: none\nfrom: Desk <desk@example.com>\ntime zone: UTC\n"
        'reports:\n  morning: {report: lines, every: day, at: "00:00", to: [owner@example.com], format: csv}\n'
    )
    return tmp_path


def ivr(home, *words):
    return run("mail", *words, "--home", str(home))


@pytest.mark.slow
def test_an_owner_checks_the_server_tries_a_report_and_reads_it(home, box):
    assert "lets us in" in ivr(home, "check").stdout
    sent = ivr(home, "try", "morning", "--to", "qa@example.com")
    assert sent.stdout.startswith("Sent to qa@example.com: Lines"), sent.stderr
    (letter,) = box.letters
    assert letter["To"] == "qa@example.com"
    assert "Complete to" in letter.get_body(("plain",)).get_content()
    assert "<table" in letter.get_body(("html",)).get_content()
    (file,) = letter.iter_attachments()
    assert file.get_filename().startswith("lines-")
    assert json.loads(ivr(home, "list", "--json").stdout)["letters"] == []


def test_the_mailer_sends_what_is_due_and_ends_when_it_is_told_to(home, box):
    _due(home, "morning", "owner@example.com")
    process = subprocess.Popen([sys.executable, "-m", "ivr", "mail", "run", "--home", str(home)])
    try:
        end = time.monotonic() + 30
        while not box.letters and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        process.terminate()
    assert process.wait(10) == 0
    assert {letter["To"] for letter in box.letters} == {"owner@example.com"}
    assert "sent" in ivr(home, "list").stdout


def test_a_broken_plan_holds_up_only_the_letters_that_need_it_and_the_desk_says_so(home, box):
    with (home / "mail.yaml").open("a") as file:
        file.write('  team: {report: agents, every: day, at: "00:00", to: [lead@example.com]}\n')
    (home / "plan.yaml").write_text("agents:\n  201: {mon-fry: 8h}\n")
    (home / "run.json").write_text("{}")
    _due(home, "morning", "owner@example.com")
    _due(home, "team", "lead@example.com")
    process = subprocess.Popen([sys.executable, "-m", "ivr", "mail", "run", "--home", str(home)])
    try:
        status = [sys.executable, "-m", "ivr", "status", "--home", str(home), "--json"]
        told: dict = {}
        end = time.monotonic() + 30
        while "mail" not in told.get("mailer", {}) and time.monotonic() < end:
            told = json.loads(subprocess.run(status, capture_output=True, text=True, check=False).stdout)["parts"]
    finally:
        process.terminate()
    assert process.wait(10) == 0
    assert {letter["To"] for letter in box.letters} == {"owner@example.com"}
    assert told["mailer"]["state"] == "ill"
    assert "team waits: " in told["mailer"]["mail"]
    assert "plan.yaml:2:" in told["mailer"]["mail"]
    letters = json.loads(ivr(home, "list", "--json").stdout)["letters"]
    assert [(one["schedule"], one["state"]) for one in letters if "plan.yaml" in one["reason"]] == [("team", "waiting")]


def _due(home, schedule, recipient):
    """Let a schedule be as old as yesterday's last minute, so that one day is due, and the ledger complete."""
    database = open_database(f"sqlite:///{home / 'ledger.sqlite'}")
    since = int((time.time() // 86_400 * 86_400 - 60) * 1_000_000)
    with database.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO mailing_since VALUES ('{schedule}', '{recipient}', {since})")  # noqa: S608
        connection.exec_driver_sql(f"UPDATE journal_position SET complete_to = {since + 90_000_000_000}")  # noqa: S608
    database.dispose()


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("try", "evening", "--to", "a@b.c"), "no report 'evening'"),
        (("again", "morning", "2026-13-01"), "is no day"),
        (("again", "morning", "2026-11-01"), "unsure or refused"),
    ],
)
def test_each_mistake_has_one_sentence_and_a_cure(home, words, wrong):
    told = ivr(home, *words)
    assert told.returncode == 2
    assert wrong in told.stderr
    assert "Traceback" not in told.stderr


def test_without_a_mail_file_the_first_lines_are_shown(tmp_path):
    told = ivr(tmp_path, "list")
    assert told.returncode == 2
    assert "server: smtp://" in told.stderr
