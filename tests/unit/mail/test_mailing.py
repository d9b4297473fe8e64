"""Reports by e-mail, over a real SMTP server: each letter once."""

from __future__ import annotations

import email
import socket
import ssl
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from email import policy
from zoneinfo import ZoneInfo

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from ivr.desk.mail_reports import CATCH_UP, PAUSES, Mailer, Schedule
from ivr.desk.ports_mail import Attachment, Letter, LetterHeldError
from ivr.errors import DeskError
from ivr.mail.smtp import SmtpServer, message_of
from ivr.store.engine import open_database
from ivr.store.mailings import SqlMailings
from ivr.store.migrate import migrate

ZONE = ZoneInfo("Europe/Moscow")
BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 11, 21, 5, tzinfo=UTC)
"""08:00 in Moscow."""
MORNING = Schedule("morning", "day", time(8), ZONE, ("owner@example.com",))


class Mailbox:
    """What the server got; `answers` are given to the next letters instead of taking them, `hang_up` after taking."""

    def __init__(self):
        self.letters = []
        self.answers = []
        self.refused = set()
        self.hang_up = False

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - the server's word
        if address in self.refused:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802 - the server's word
        if self.answers:
            return self.answers.pop(0)
        self.letters.append(email.message_from_bytes(envelope.content, policy=policy.default))
        if self.hang_up:
            server.transport.abort()
        return "250 taken"


class Desk:
    """Writes letters; `complete` is up to when its ledger is loaded."""

    def __init__(self):
        self.complete = datetime(2027, 1, 1, tzinfo=UTC)
        self.broken = False
        self.held: set[str] = set()

    def complete_to(self):
        return self.complete

    def write(self, schedule, first, _behind, recipient):
        if schedule in self.held:
            raise LetterHeldError("plan.yaml:3:5: no day.", "Mend it.")
        if self.broken:
            raise DeskError("There is no report.", "Mend it.")
        file = Attachment("lines.csv", "text/csv", b"line,answered\r\n.first,7\r\n")
        name = f"<{schedule}.{first}.{recipient}>".replace("@", ".at.")
        text = f"Calls of {first}\n.a line with a dot\n"
        return Letter(
            name[:-1] + "@desk.invalid>",
            "Desk <desk@example.com>",
            recipient,
            f"Линии {first}",
            text,
            "<p>7</p>",
            (file,),
        )


class World:
    """A mailer over a database and a server, with a clock that the test sets."""

    def __init__(self, url, port):
        migrate(url)
        self.engine = open_database(url)
        self.store = SqlMailings(self.engine)
        self.desk = Desk()
        self.now = BEGIN
        self.server = SmtpServer("127.0.0.1", port, "none")
        self.schedules = [MORNING]

    def step(self, at=None):
        self.now = at or self.now
        return Mailer(self.schedules, self.store, self.desk, self.server, lambda: self.now).step()

    def states(self):
        return [(one.state, one.reason) for one in self.store.recent(20)]


@contextmanager
def serving(box, **more):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def box():
    return Mailbox()


@pytest.fixture
def world(box, database_url):
    with serving(box) as port:
        world = World(database_url, port)
        world.step()
        yield world
        world.engine.dispose()


def test_a_letter_that_cannot_be_written_yet_waits_for_days_holds_up_no_other_and_is_sent_when_it_can(world, box):
    evening = Schedule("evening", "day", time(8), ZONE, ("lead@example.com",))
    world.schedules = [MORNING, evening]
    world.step()
    world.desk.held = {"morning"}
    assert [world.step(NEXT_MORNING), world.step(NEXT_MORNING + timedelta(hours=20))] == [1, 0]
    assert [letter["To"] for letter in box.letters] == ["lead@example.com"]
    assert sorted(world.states()) == [("sent", ""), ("waiting", "plan.yaml:3:5: no day.")]
    world.desk.held = set()
    assert [world.step(), world.step()] == [1, 0]
    assert [letter["To"] for letter in box.letters] == ["lead@example.com", "owner@example.com"]


def test_a_report_is_sent_when_it_is_due_and_only_once(world, box):
    assert world.step(NEXT_MORNING - timedelta(seconds=1)) == 0
    assert [world.step(NEXT_MORNING), world.step(), world.step(NEXT_MORNING + timedelta(hours=5))] == [1, 0, 0]
    (letter,) = box.letters
    assert (letter["To"], letter["Subject"]) == ("owner@example.com", "Линии 2026-11-20")
    assert letter.get_body(("plain",)).get_content().splitlines()[1] == ".a line with a dot"
    (file,) = letter.iter_attachments()
    assert file.get_filename() == "lines.csv"
    assert b".first,7" in file.get_payload(decode=True)
    assert world.states() == [("sent", "")]


def test_a_report_waits_until_the_ledger_is_complete_but_not_for_ever(world, box):
    world.desk.complete = datetime(2026, 11, 20, 20, 59, tzinfo=UTC)
    assert world.step(NEXT_MORNING) == 0
    assert world.step(NEXT_MORNING + timedelta(hours=2)) == 1


def test_a_server_that_is_away_is_tried_again_with_growing_pauses_and_then_given_up(world, box):
    port, world.server = world.server, SmtpServer("127.0.0.1", 1, "none")
    at = NEXT_MORNING
    for pause in PAUSES:
        assert world.step(at) == 0
        assert world.step(at + timedelta(seconds=pause - 1)) == 0
        at += timedelta(seconds=pause)
    assert world.states()[0][0] == "waiting"
    world.step(at)
    ((state, reason),) = world.states()
    assert state == "refused"
    assert "9 tries" in reason
    world.server = port
    assert world.store.again("morning", date(2026, 11, 20), 0) == 1
    assert world.step(at) == 1


def test_an_answer_for_now_is_tried_again_and_one_for_ever_is_not(world, box):
    box.answers = ["451 later", "554 never"]
    assert world.step(NEXT_MORNING) == 0
    assert world.states() == [("waiting", "the mail server answered 451 later")]
    assert world.step(NEXT_MORNING + timedelta(minutes=2)) == 0
    assert world.states() == [("refused", "the mail server answered 554 never")]
    assert world.step(NEXT_MORNING + timedelta(hours=20)) == 0


def test_a_person_whom_the_server_does_not_know_costs_the_others_nothing(world, box):
    box.refused = {"gone@example.com"}
    world.schedules = [Schedule("morning", "day", time(8), ZONE, ("gone@example.com", "owner@example.com"))]
    world.step()
    assert world.step(NEXT_MORNING) == 1
    assert {state for state, _ in world.states()} == {"refused", "sent"}


def test_a_letter_whose_answer_was_lost_is_never_sent_again_by_itself(world, box):
    box.hang_up = True
    assert world.step(NEXT_MORNING) == 0
    box.hang_up = False
    assert world.step(NEXT_MORNING + timedelta(days=3, hours=-1)) == 2, "the days after it"
    assert len(box.letters) == 3
    assert world.states()[-1][0] == "unsure"


def test_a_mailer_that_was_killed_while_it_handed_a_letter_over_leaves_it_unsure(world, box):
    deliver = world.server.open

    class Killed(BaseException):
        pass

    class Dying:
        def open(self, letter):
            connection = deliver(letter)
            handed = connection.deliver

            def die():
                handed()
                raise Killed

            connection.deliver = die
            return connection

    server, world.server = world.server, Dying()
    with pytest.raises(Killed):
        world.step(NEXT_MORNING)
    world.server = server
    assert world.states() == [("sending", "")]
    assert world.step(NEXT_MORNING + timedelta(minutes=14)) == 0
    assert world.step(NEXT_MORNING + timedelta(minutes=16)) == 0
    assert [state for state, _ in world.states()] == ["unsure"]
    assert len(box.letters) == 1


def test_two_mailers_send_a_letter_once(world, box):
    world.step(NEXT_MORNING - timedelta(seconds=1))
    opened = world.server.open

    class Twice:
        def open(self, letter):
            connection = opened(letter)
            world.server = server
            world.step(NEXT_MORNING)
            return connection

    server, world.server = world.server, Twice()
    assert world.step(NEXT_MORNING) == 0
    assert len(box.letters) == 1


def test_after_a_long_time_without_a_mailer_only_the_latest_reports_are_sent(world, box):
    assert world.step(NEXT_MORNING + timedelta(days=40)) == CATCH_UP


def test_a_new_recipient_gets_nothing_of_the_time_before(world, box):
    world.step(NEXT_MORNING)
    world.schedules = [Schedule("morning", "day", time(8), ZONE, ("owner@example.com", "new@example.com"))]
    assert world.step(NEXT_MORNING + timedelta(hours=1)) == 0
    assert world.step(NEXT_MORNING + timedelta(days=1)) == 2


def test_a_report_that_cannot_be_made_says_why(world, box):
    world.desk.broken = True
    assert world.step(NEXT_MORNING) == 0
    assert world.states() == [("refused", "There is no report. Mend it.")]


def test_a_line_break_in_a_header_is_refused():
    with pytest.raises(ValueError, match=r"linefeed|newline|CR"):
        message_of(Letter("<a@b>", "x@y.z", "a@b.c", "one\nBcc: all@example.com", "", ""))


def test_a_server_with_a_log_in_over_starttls(box, database_url, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def check(_server, _session, _envelope, _mechanism, told):
        right = (told.login, told.password) == (b"desk", b"right")
        return AuthResult(success=right, handled=right)

    with serving(box, tls_context=context, require_starttls=True, authenticator=check, auth_required=True) as port:
        world = World(database_url, port)
        world.step()
        world.server = SmtpServer("127.0.0.1", port, "starttls", "desk", "wrong", str(tmp_path / "ca.pem"))
        assert world.step(NEXT_MORNING) == 0
        assert "535" in world.states()[0][1]
        world.server = SmtpServer("127.0.0.1", port, "starttls", "desk", "right", str(tmp_path / "ca.pem"))
        assert world.step(NEXT_MORNING + timedelta(minutes=2)) == 1
        world.server = SmtpServer("127.0.0.1", port, "starttls", "desk", "right")
        assert world.step(NEXT_MORNING + timedelta(days=1)) == 0
        assert "certificate" in world.states()[0][1].lower()
        world.engine.dispose()
