"""`mail.yaml`: the mail server, and which reports are sent when to whom; read as strictly as a desk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path as File
from typing import Any, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from ivr.reports.schedule import Every
from ivr.written.document import Document
from ivr.written.file import error_of, read_written
from ivr.written.mistake import Mistake, Path, nearest

FORMATS = ("xlsx", "csv", "json", "html")
PORTS = {"smtp": 587, "smtps": 465}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]\\]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_SENDER = re.compile(rf"(?:[^<>\r\n@]* )?<{_ADDRESS.pattern}>|{_ADDRESS.pattern}")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_TOP = ("server", "from", "security", "time zone", "reports")
_OWN = ("report", "every", "at", "to", "format")


@dataclass(frozen=True, slots=True)
class Sending:
    """One report of the file. `filters`: what else stands there, given to the report as `ivr report` takes it."""

    name: str
    report: str
    every: Every
    at: time
    to: tuple[str, ...]
    format: str
    filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MailFile:
    """The whole file. `security`: `tls`, `starttls` or `none`."""

    host: str
    port: int
    security: str
    user: str
    sender: str
    zone: ZoneInfo
    sendings: tuple[Sending, ...]


def read_mail_file(path: File, reports: Mapping[str, frozenset[str]]) -> MailFile:
    """Read the file; `reports`: the names of all reports, and the filters of each.

    Raises `AuthorError` with all its mistakes, each with its place and cure.
    """
    document = read_written(path, "mail")
    reader = _Reader(document, reports)
    found = reader.file()
    if found is None or reader.mistakes:
        raise error_of(path, document, reader.mistakes)
    return found


class _Reader:
    """Walks over the document and collects mistakes."""

    def __init__(self, document: Document, reports: Mapping[str, frozenset[str]]) -> None:
        self._value = document.value
        self._reports = reports
        self.mistakes: list[Mistake] = []

    def file(self) -> MailFile | None:
        top = self._mapping((), self._value, "begin with `server: smtp://desk@mail.example.com`")
        for key in top.keys() - set(_TOP):
            self._wrong((key,), f"`{key}` is not known here", nearest(key, _TOP), at_key=True)
        host, port, security, user = self._server(top)
        sender = self._text((), top, "from", "write `from: Front desk <desk@example.com>`")
        if sender and not _SENDER.fullmatch(sender):
            self._wrong(("from",), f"`{sender}` is no sender", "write `Front desk <desk@example.com>`")
        zone = self._zone(top)
        given = self._mapping(("reports",), top.get("reports"), "write `reports:` with a name for each below it")
        sendings = [self._sending(name, value) for name, value in given.items()]
        if self.mistakes or zone is None:
            return None
        return MailFile(host, port, security, user, sender, zone, tuple(one for one in sendings if one))

    def _server(self, top: Mapping[str, Any]) -> tuple[str, int, str, str]:
        cure = "write smtp://desk@mail.example.com:587, or smtps:// for TLS from the first byte"
        text = self._text((), top, "server", cure)
        if not text:
            return "", 0, "", ""
        try:
            url = urlsplit(text)
            port = url.port or PORTS.get(url.scheme, 0)
        except ValueError:
            url, port = urlsplit(""), 0
        if url.scheme not in PORTS or not url.hostname or url.path.strip("/") or url.query:
            self._wrong(("server",), f"`{text}` is no mail server", cure)
        elif url.password is not None:
            cure = "keep it in the file smtp.password of the home, or in IVR_SMTP_PASSWORD"
            self._wrong(("server",), "a password does not belong into this file", cure)
        security = top.get("security") or "starttls"
        if security not in ("starttls", "none"):
            self._wrong(("security",), f"`{security}` is not known here", nearest(str(security), ("starttls", "none")))
        if url.scheme == "smtps":
            security = "tls"
        if security == "none" and url.username:
            self._wrong(("security",), "a password would travel for all to read", "leave `security` out, or the user")
        return url.hostname or "", port, str(security), url.username or ""

    def _zone(self, top: Mapping[str, Any]) -> ZoneInfo | None:
        name = self._text((), top, "time zone", "write one such as Europe/Moscow")
        try:
            return ZoneInfo(name) if name else None
        except (ValueError, OSError, KeyError):  # a name with dots, a folder, a name that is none
            self._wrong(("time zone",), f"`{name}` is no time zone", "write one such as Europe/Moscow")
            return None

    def _sending(self, name: str, value: Any) -> Sending | None:
        here = ("reports", name)
        before = len(self.mistakes)
        if not _NAME.fullmatch(name):
            cure = "write small letters, digits and hyphens, beginning with a letter, at most 40"
            self._wrong(here, f"`{name}` is no name", cure, at_key=True)
        given = self._mapping(here, value, "write report, every, at and to below it")
        report = self._choice(here, given, "report", tuple(self._reports))
        every = self._choice(here, given, "every", get_args(Every))
        kind = self._choice(here, given, "format", FORMATS) if "format" in given else FORMATS[0]
        at = _TIME.fullmatch(self._text(here, given, "at", 'write a time such as "08:00"'))
        if not at and isinstance(given.get("at"), str):
            self._wrong((*here, "at"), f"`{given['at']}` is no time", 'write one such as "08:00"')
        to = self._recipients(here, given.get("to"))
        filters = {key: text for key, text in given.items() if key not in _OWN}
        for key, text in filters.items():
            known = self._reports.get(report, frozenset())
            if report and key not in known:
                self._wrong((*here, key), f"`{key}` is not known here", nearest(key, {*known, *_OWN}), at_key=True)
            elif not isinstance(text, str):
                self._wrong((*here, key), "is no text", "write one value")
        if len(self.mistakes) > before or not at:
            return None
        return Sending(name, report, every, time(int(at[1]), int(at[2])), to, kind, filters)  # type: ignore[arg-type]

    def _recipients(self, here: Path, value: Any) -> tuple[str, ...]:
        told = [value] if isinstance(value, str) else value
        if not isinstance(told, list) or not told:
            self._wrong((*here, "to") if told else here, "nobody gets it", "write `to: [owner@example.com]`")
            return ()
        for place, one in enumerate(told):
            if not isinstance(one, str) or not _ADDRESS.fullmatch(one):
                path = (*here, "to", str(place)) if isinstance(value, list) else (*here, "to")
                self._wrong(path, f"`{one}` is no address", "write one such as owner@example.com")
        return tuple(dict.fromkeys(str(one) for one in told))

    def _choice(self, here: Path, given: Mapping[str, Any], key: str, known: tuple[str, ...]) -> str:
        told = self._text(here, given, key, nearest("", known))
        if told and told not in known:
            self._wrong((*here, key), f"`{told}` is not known here", nearest(told, known))
            return ""
        return told

    def _text(self, here: Path, given: Mapping[str, Any], key: str, cure: str) -> str:
        value = given.get(key)
        if not isinstance(value, str) or not value:
            self._wrong((*here, key) if key in given else here, f"`{key}` is missing", cure, at_key=key not in given)
            return ""
        return value

    def _mapping(self, here: Path, value: Any, cure: str) -> Mapping[str, Any]:
        if isinstance(value, dict) and value:
            return value
        self._wrong(here, "nothing stands here" if not value else "this is no list of names", cure)
        return {}

    def _wrong(self, path: Path, wrong: str, cure: str, *, at_key: bool = False) -> None:
        self.mistakes.append(Mistake(path, wrong, cure, at_key=at_key))
