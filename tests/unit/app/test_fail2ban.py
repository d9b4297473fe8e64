"""Who guesses passwords is locked out, and cannot have another locked out. The lines are Asterisk 22.10.1's own."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from ivr.app.fail2ban import FILTER, jail
from ivr.errors import DeskError
from ivr.settings import Settings
from tests.command import run

BEGIN = "[2026-11-29 17:37:01.449] SECURITY[10805] res_security_log.c: "
EVENT = 'EventTV="2026-11-29T17:37:01.449+0000",Severity="Error",Service="PJSIP",EventVersion="1",'
LOCAL = 'LocalAddress="IPV4/UDP/192.0.2.1/5060",'
INVALID = f'{BEGIN}SecurityEvent="InvalidAccountID",{EVENT}'
FAILED = f'{BEGIN}SecurityEvent="ChallengeResponseFailed",{EVENT}AccountID="101",SessionID="88da93e8",{LOCAL}'
CHALLENGE = 'Challenge="1795973752/e92bc5f998943c4d0c8ca74599b64112"'
REMOTE = 'RemoteAddress="IPV4/UDP/198.51.100.7/35779"'
OTHER = 'RemoteAddress="IPV4/UDP/203.0.113.9/5060"'


def caught(line: str) -> str | None:
    """Return whom the filter takes from a line, as fail2ban does: the date is cut off, then the expression is tried."""
    told = configparser.ConfigParser()
    told.read_string(FILTER)
    date = r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,6}\]"
    if not re.match(date, line):
        return None
    pattern = told["Definition"]["failregex"].replace("<ADDR>", r"(?P<host>[0-9a-f.:]+)")
    found = re.search(pattern, re.sub(date, "", line))
    return found["host"] if found else None


@pytest.mark.parametrize(
    "line",
    [
        f'{FAILED}{REMOTE},{CHALLENGE},Response="2590711c559d5fcbcf4803a76734c473",ExpectedResponse=""',
        f'{INVALID}AccountID="nobody",SessionID="c558361",{LOCAL}{REMOTE}',
        f'{BEGIN}SecurityEvent="FailedACL",{EVENT}AccountID="trunk",SessionID="0cb6",{LOCAL}{REMOTE},'
        'ACLName="registrar_attempt_without_configured_aors"',
        f'{INVALID}AccountID="nobody",SessionID="c",{LOCAL}{REMOTE.replace("UDP", "TLS")}',
    ],
)
def test_wrong_passwords_and_unknown_names_are_caught_with_their_address(line):
    assert caught(line) == "198.51.100.7"


def test_an_address_of_the_newer_kind_is_caught():
    line = (
        f'{INVALID}AccountID="x",SessionID="c",LocalAddress="IPV6/TCP/::1/5060",RemoteAddress="IPV6/WS/2001:db8::7/5"'
    )
    assert caught(line) == "2001:db8::7"


@pytest.mark.parametrize(
    "line",
    [
        f'{INVALID}AccountID="ev",{OTHER},SessionID="c1756749",{LOCAL}{REMOTE}',
        f'{INVALID}AccountID="nobody",SessionID=""q",{OTHER}1944464",{LOCAL}{REMOTE}',
        f'{FAILED}{REMOTE},{CHALLENGE},Response="x\\",RemoteAddress=\\"IPV4/UDP/203.0.113.9/5060",ExpectedResponse=""',
    ],
)
def test_who_writes_anothers_address_into_his_name_his_call_or_his_answer_is_caught_himself(line):
    assert caught(line) == "198.51.100.7"


@pytest.mark.parametrize(
    "line",
    [
        f'{BEGIN}SecurityEvent="ChallengeSent",{EVENT}AccountID="101",SessionID="c",{LOCAL}{REMOTE},Challenge=""',
        f'{BEGIN}SecurityEvent="SuccessfulAuth",{EVENT}AccountID="101",SessionID="c",{LOCAL}{REMOTE},UsingPassword="1"',
        # A name with a line break, of which Asterisk keeps the first characters: its second line is nobody's.
        f'{INVALID}AccountID="ev',
        f'[2026-11-29 17:35:52.104] SECURI",SessionID="c1454641",{LOCAL}{REMOTE}',
        f'[2026-11-29 17:35:52.104] SECURI",SessionID="TY[1] res_security_log.c: {INVALID[len(BEGIN) :]}{OTHER}"',
    ],
)
def test_nobody_is_caught_by_what_is_no_failure_or_half_a_line(line):
    assert caught(line) is None


def test_the_jail_watches_this_homes_log_and_never_locks_out_a_trunk():
    told = configparser.ConfigParser(interpolation=None)
    told.read_string(jail(Settings(home=Path("/srv/desk"), trunks=("127.0.0.1", "203.0.113.7"))))
    assert told["front-desk"]["logpath"] == "/srv/desk/asterisk/log/security.log"
    assert told["front-desk"]["ignoreip"].split()[-1] == "203.0.113.7"


def test_a_home_that_fail2ban_would_take_for_many_is_refused():
    with pytest.raises(DeskError, match="cannot be given the path"):
        jail(Settings(home=Path("/srv/desk*")))


def test_the_command_prints_each_file_alone(tmp_path):
    told = [run("unit", "--fail2ban", what, "--home", str(tmp_path)).stdout for what in ("filter", "jail")]
    assert told == [FILTER, jail(Settings(home=tmp_path))]
