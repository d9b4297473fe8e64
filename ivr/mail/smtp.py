"""The mail server, spoken to step by step, so that we know whether a letter can have been taken (RFC 5321)."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from smtplib import SMTP, SMTP_SSL, SMTPException, SMTPNotSupportedError, SMTPResponseException, SMTPServerDisconnected
from typing import Literal

from ivr.desk.ports_mail import Letter, LetterRefusedError, ServerAwayError

LIMIT = 30.0
"""Seconds for each answer of the server."""
_DONE = 250
_GO_ON = 354
_FOR_EVER = 500
"""Answers from here on are for ever (RFC 5321, 4.2.1)."""

_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A server and how to reach it; `user` "" = without a log-in."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = ""
    authority: str = ""
    """A file with the certificate that signed the server's; "" = those that the machine trusts."""

    def open(self, letter: Letter) -> SmtpConnection:
        """Go on until the server awaits the text. Raises as the port says; nothing has been sent then."""
        text = _on_the_wire(message_of(letter))
        with _told(refusable=False):
            smtp = self._connect()
        try:
            with _told(refusable=False):
                self._greet(smtp)
            with _told():
                _expect(smtp.mail(_address(letter.sender)), _DONE)
                _expect(smtp.rcpt(letter.recipient), _DONE)
                _expect(smtp.docmd("DATA"), _GO_ON)
        except BaseException:
            smtp.close()
            raise
        return SmtpConnection(smtp, text)

    def greet(self) -> None:
        """See that the server lets us in. Raises `ServerAwayError`."""
        with _told(refusable=False), self._connect() as smtp:
            self._greet(smtp)

    def _connect(self) -> SMTP:
        if self.security == "tls":
            return SMTP_SSL(self.host, self.port, timeout=LIMIT, context=self._context())
        return SMTP(self.host, self.port, timeout=LIMIT)

    def _greet(self, smtp: SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self.security == "starttls":
            try:
                smtp.starttls(context=self._context())
            except SMTPNotSupportedError as error:
                cure = "write smtps://, or `security: none` for a server on this machine"
                raise ServerAwayError(f"{self.host} does not offer STARTTLS: {cure}") from error
            smtp.ehlo_or_helo_if_needed()
        if self.user:
            smtp.login(self.user, self.password)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority or None)


class SmtpConnection:
    """A server that awaits the text."""

    def __init__(self, smtp: SMTP, text: bytes) -> None:
        self._smtp = smtp
        self._text = text

    def deliver(self) -> None:
        """Hand the text over. See the port: an answer that is lost is an `OSError`."""
        with _told(sure=False):
            self._smtp.send(self._text)
            _expect(self._smtp.getreply(), _DONE)

    def close(self) -> None:
        """Hang up, which takes back a text that was not handed over."""
        self._smtp.close()


def message_of(letter: Letter, date: datetime | None = None) -> EmailMessage:
    """Return the letter as it is sent: text, HTML, files. Raises `ValueError` for a line break in a header."""
    message = EmailMessage()
    message["From"] = letter.sender
    message["To"] = letter.recipient
    message["Subject"] = letter.subject
    message["Message-ID"] = letter.message_id
    message["Date"] = format_datetime(date or datetime.now().astimezone())
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    if letter.html:
        message.add_alternative(letter.html, subtype="html")
    for file in letter.attachments:
        kind, _, subtype = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.name)
    return message


@contextmanager
def _told(*, sure: bool = True, refusable: bool = True) -> Iterator[None]:
    """Turn the server's answers into the port's errors.

    A broken connection is one too while the letter cannot have been taken (`sure`). What the server says before it
    knows the letter (`refusable` false) may be mended on either side, and does not refuse the letter.
    """
    try:
        yield
    except SMTPServerDisconnected as error:
        if not sure:
            raise
        raise ServerAwayError(f"the mail server hung up: {error}") from error
    except SMTPResponseException as error:
        answer = f"the mail server answered {error.smtp_code} {_text(error.smtp_error)}"
        if error.smtp_code >= _FOR_EVER and refusable:
            raise LetterRefusedError(answer) from error
        raise ServerAwayError(answer) from error
    except SMTPException as error:
        raise ServerAwayError(str(error)) from error
    except OSError as error:
        if not sure:
            raise
        raise ServerAwayError(f"the mail server cannot be reached: {error.strerror or error}") from error


def _on_the_wire(message: EmailMessage) -> bytes:
    """Return the text with the Internet's line ends, its leading dots doubled, and the dot that ends it."""
    text = message.as_bytes(policy=SMTP_POLICY)
    return _LEADING_DOT.sub(b"..", text) + (b".\r\n" if text.endswith(b"\r\n") else b"\r\n.\r\n")


def _expect(answer: tuple[int, bytes], wanted: int) -> None:
    code, text = answer
    if code != wanted:
        raise SMTPResponseException(code, text)


def _address(sender: str) -> str:
    """`Front desk <desk@example.com>` → the address alone."""
    return sender.rpartition("<")[2].rstrip(">").strip()


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
