"""A desk as it stands in the open, on a real Asterisk: TLS and SRTP for its agents, metrics for its watchers."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Self

import pytest
import trustme
from cryptography.x509 import load_pem_x509_certificate
from prometheus_client.parser import text_string_to_metric_families

from ivr.app.rotation import MOST, AsteriskLogs
from ivr.phone.digest import Account, credentials, strongest
from ivr.phone.phone import Phone
from ivr.phone.registration import NotRegisteredError
from tests.running import WORKER, RunningDesk, desk_folder, eventually
from tests.unit.app.test_fail2ban import caught

pytestmark = pytest.mark.asterisk

SHIFT = 6900 + 10 * WORKER
WATCHED = f"http://127.0.0.1:{SHIFT + 9180}"
OPEN = """
desk: open
numbers: ["820"]
language: en
agents: {821: Ann}
categories: {sale: a sale}
lines:
  first: {agents: [821], ring: 8s, wait: 20s}
flow:
  hello: {say: "Hello.", then: first}
"""
PLAIN = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
SECRET = PLAIN.replace("RTP/AVP", "RTP/SAVP") + (
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> trustme.CA:
    """Whom the telephones of these tests trust."""
    return trustme.CA()


@pytest.fixture(scope="module")
def desk(tmp_path_factory, authority) -> Iterator[RunningDesk]:
    """Run a desk with a certificate that was started without one before, on other ports."""
    place = tmp_path_factory.mktemp("open")
    running = RunningDesk(
        place / "home",
        SHIFT,
        desks=desk_folder(place / "desks", {"open": OPEN}),
        more={"tls_certificate": place / "cert.pem", "tls_key": place / "key.pem", "http": str(SHIFT + 9180)},
    )
    before = running.settings.absolute().model_copy(update={"shift": SHIFT + 5, "tls_certificate": None, "http": ""})
    renew(running, authority)
    running.home.mkdir()
    (running.home / "settings.json").write_text(before.model_dump_json())
    running.start()
    try:
        yield running
    finally:
        assert running.stop() == 0, running.output.read_text()


def renew(desk: RunningDesk, authority: trustme.CA) -> None:
    """Lay a certificate that was made now, and its key."""
    issued = authority.issue_cert("127.0.0.1", "desk.example")
    issued.private_key_pem.write_to_path(desk.more["tls_key"])
    desk.more["tls_certificate"].write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))


def serial_of(desk: RunningDesk) -> int:
    """Return the number of the certificate that telephones see."""
    return load_pem_x509_certificate(
        ssl.get_server_certificate(("127.0.0.1", desk.settings.sips_port)).encode()
    ).serial_number


class Telephone:
    """SIP over TLS, a request at a time: no more than these tests need."""

    def __init__(self, desk: RunningDesk, authority: trustme.CA) -> None:
        self._context = ssl.create_default_context()
        authority.configure_trust(self._context)
        self._desk = desk
        self._place = 0
        self._name = secrets.token_hex(8)

    async def __aenter__(self) -> Self:
        port = self._desk.settings.sips_port
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port, ssl=self._context)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.transport.abort()

    async def ask(self, method: str, uri: str, password: str, body: str = "") -> tuple[int, str]:
        """Send a request, again with credentials when they are asked for; return the last status and answer."""
        said = await self._send(method, uri, body)
        challenge = strongest(re.findall(r"(?mi)^WWW-Authenticate: (.*)\r$", said))
        assert challenge is not None, said
        if method == "INVITE":
            await self._send("ACK", uri, wait=False)
        line = credentials(challenge, Account("821", password), method=method, uri=uri, cnonce="abc")
        said = await self._send(method, uri, body, f"Authorization: {line}\r\n")
        return int(said.split(" ", 2)[1]), said

    async def next(self) -> str:
        """Return the next message that comes."""
        async with asyncio.timeout(10):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?mi)^Content-Length:\s*(\d+)", head)
            return head + (await self._reader.readexactly(int(length[1]) if length else 0)).decode()

    async def _send(self, method: str, uri: str, body: str = "", more: str = "", *, wait: bool = True) -> str:
        self._place += method != "ACK"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self._writer.write(
            (
                f"{method} {uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bK{self._name}{self._place};rport\r\n"
                f"From: <sip:821@127.0.0.1>;tag=a\r\nTo: <{uri if method != 'REGISTER' else 'sip:821@127.0.0.1'}>\r\n"
                f"Call-ID: {self._name}\r\nCSeq: {self._place} {method}\r\nMax-Forwards: 9\r\n"
                f"Contact: <sip:821@127.0.0.1:9;transport=tls>\r\n{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )
        while wait:
            said = await self.next()
            if re.match(r"SIP/2.0 [2-6]", said) and re.search(rf"(?m)^CSeq: +{self._place} {method}\r$", said):
                return said
        return ""


def asked(page: str) -> str:
    with suppress(urllib.error.HTTPError), urllib.request.urlopen(f"{WATCHED}/{page}", timeout=5) as told:  # noqa: S310
        return str(told.read().decode())
    return ""


def metrics() -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(asked("metrics"))
        for sample in family.samples
    }


def shaken(port: int, authority: trustme.CA, version: ssl.TLSVersion) -> str:
    """Return the version of TLS in which the port shows a certificate that we trust."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain, server_hostname="desk.example") as link,
    ):
        return str(link.version())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_telephones_and_browsers_meet_the_certificate_and_no_old_tls(desk, authority):
    """S17."""
    ports = (desk.settings.sips_port, desk.settings.https_port)
    assert {shaken(port, authority, ssl.TLSVersion.TLSv1_2) for port in ports} == {"TLSv1.2"}
    for port in ports:
        for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with pytest.raises(ssl.SSLError):
                shaken(port, authority, old)


async def test_an_agent_registers_by_tls_and_speaks_in_secret_alone(desk, authority):
    """S17."""
    password = desk.password("821")
    async with Telephone(desk, authority) as telephone:
        assert (await telephone.ask("REGISTER", "sip:127.0.0.1", password))[0] == 200
    async with Telephone(desk, authority) as telephone:
        status, _ = await telephone.ask("INVITE", "sip:*62@127.0.0.1", password, PLAIN)
        assert status == 488
    async with Telephone(desk, authority) as telephone:
        status, said = await telephone.ask("INVITE", "sip:*62@127.0.0.1", password, SECRET)
        assert (status, "RTP/SAVP" in said, "a=crypto:1 AES_CM_128" in said) == (200, True, True)


async def test_a_renewed_certificate_is_taken_over_and_telephones_stay_reachable(desk, authority):
    """`ivr apply` reads pjsip.conf anew in the same way."""
    before = serial_of(desk)
    async with Telephone(desk, authority) as telephone:
        assert (await telephone.ask("REGISTER", "sip:127.0.0.1", desk.password("821")))[0] == 200
        renew(desk, authority)
        desk.asterisk("module reload res_pjsip.so")
        await eventually(lambda: serial_of(desk) != before)
        desk.asterisk("pjsip qualify 821")
        assert (await telephone.next()).startswith("OPTIONS sip:821@")


async def test_a_telephone_that_registers_in_the_clear_is_never_rung(desk):
    """S17."""
    async with Phone(server=desk.server, user="821", password=desk.password("821")) as phone:
        await phone.register()
        await eventually(lambda: "Unavail" in desk.asterisk("pjsip show contacts"))


async def test_a_wrong_password_stands_in_the_security_log_where_fail2ban_finds_its_address(desk):
    async with Phone(server=desk.server, user="821", password="wrong") as phone:
        with pytest.raises(NotRegisteredError):
            await phone.register()
    log = desk.home / "asterisk/log/security.log"
    await eventually(lambda: {caught(line) for line in log.read_text().splitlines()} - {None} == {"127.0.0.1"})


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE"])
@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_scan_learns_no_name_and_no_number(desk, method, password):
    """S5: from an address of no trunk, who there is and who there is not are answered in the same words."""
    answers = {
        scanned(desk, method, user, number, password) for user in ("821", "822", "trunk") for number in ("820", "7")
    }
    (answer,) = answers
    assert answer.startswith("SIP/2.0 401 ")


def scanned(desk: RunningDesk, method: str, user: str, number: str, password: str) -> str:
    """Return the last answer to a request of the user, without what differs from one answer to the next."""
    to = f"sip:{desk.server[0]}" if method == "REGISTER" else f"sip:{number}@{desk.server[0]}"
    call = secrets.token_hex(8)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.9", 0))
        stranger.settimeout(5)
        address = ":".join(map(str, stranger.getsockname()))

        def ask(place: int, more: str = "") -> str:
            request = (
                f"{method} {to} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK{call}{place};rport\r\n"
                f"From: <sip:{user}@{address}>;tag=a\r\nTo: <sip:{user}@{desk.server[0]}>\r\nCall-ID: {call}\r\n"
                f"CSeq: {place} {method}\r\nMax-Forwards: 9\r\nContact: <sip:{user}@{address}>\r\n"
                f"Event: presence\r\n{more}Content-Length: 0\r\n\r\n"
            )
            stranger.sendto(request.encode(), desk.server)
            while (said := stranger.recv(8192).decode()).startswith("SIP/2.0 1") or f"CSeq: {place} " not in said:
                pass
            return said

        said = ask(1)
        if password:
            challenge = strongest(re.findall(r"(?mi)^WWW-Authenticate: (.*)\r$", said))
            assert challenge is not None, said
            line = credentials(challenge, Account(user, password), method=method, uri=to, cnonce="abc")
            said = ask(2, f"Authorization: {line}\r\n")
    for differs in (
        call,
        address,
        user,
        r'(?<=nonce=")[^"]*',
        r'(?<=opaque=")[^"]*',
        r"(?<=;tag=)[\w-]*",
        r"rport=\d+",
    ):
        said = re.sub(differs, "", said)
    return said


async def test_asterisk_goes_on_in_a_new_security_log_when_the_old_one_has_grown(desk):
    log = desk.home / "asterisk/log/security.log"
    os.truncate(log, MOST + 1)
    AsteriskLogs(desk.home).look()
    assert log.with_name("security.log.1").stat().st_size > MOST
    async with Phone(server=desk.server, user="821", password="wrong") as phone:
        with pytest.raises(NotRegisteredError):
            await phone.register()
    await eventually(lambda: log.exists() and any(caught(line) for line in log.read_text().splitlines()))


async def test_watchers_are_told_what_runs_and_that_it_answers(desk):
    for page in ("healthz", "readyz"):  # what a beat tells is up to two seconds old
        await eventually(lambda page=page: asked(page) == "well\n")
    found = metrics()
    parts = {"supervisor", "asterisk", "controller", "loader", "exporter"}
    assert {part for name, *labels in found if name == "ivr_part_up" for part in labels} == parts
    assert all(found["ivr_part_up", part] == found["ivr_part_well", part] == 1 for part in parts)
    assert found["ivr_asterisk_reachable",] == found["ivr_ledger_reachable",] == found["ivr_answers",] == 1
    assert found["ivr_line_callers_waiting", "open", "first"] == 0
    assert found["ivr_certificate_expires_timestamp_seconds",] > 0


async def test_a_controller_that_dies_is_seen_with_its_restart(desk):
    before = metrics()["ivr_part_restarts_total", "controller"]
    desk.kill("controller")
    await eventually(lambda: metrics()["ivr_part_restarts_total", "controller"] == before + 1)
    await eventually(lambda: metrics()["ivr_answers",] == 1, 20)
