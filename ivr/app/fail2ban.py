"""What fail2ban needs to lock out who guesses passwords: a filter for Asterisk's security log, and a jail.

Strangers write into that log: the name that they call themselves and their Call-ID stand there as they sent them, with
quotes and line breaks. So the filter reads a line from both ends, by what Asterisk itself writes before and behind,
and takes the last address. It was made from lines that Asterisk 22 wrote.
"""

from __future__ import annotations

from ivr.errors import DeskError
from ivr.settings import Settings

FILTER = r"""# Made by `ivr unit --fail2ban filter`; its place: /etc/fail2ban/filter.d/front-desk.conf
[Definition]
# A wrong password, a name that nobody has, a telephone that registers where none may.
failregex = ^\s*SECURITY\[\d+\] res_security_log\.c: SecurityEvent="(?:ChallengeResponseFailed|InvalidAccountID|InvalidPassword|FailedACL)",EventTV="[^"]*",Severity="Error",Service="PJSIP",EventVersion="\d+",AccountID=".*",RemoteAddress="IPV[46]/(?:UDP|TCP|TLS|WS|WSS)/<ADDR>/\d+"(?:,ACLName="[^"]*"|,Challenge="[^"]*",Response="(?:[^"\\]|\\.)*",ExpectedResponse="[^"]*")?$
ignoreregex =
datepattern = ^\[%%Y-%%m-%%d %%H:%%M:%%S\.%%f\]
"""  # noqa: E501 - an expression has no line breaks

_JAIL = """\
# Made by `ivr unit --fail2ban jail`; its place: /etc/fail2ban/jail.d/front-desk.conf
[front-desk]
enabled = true
filter = front-desk
logpath = {log}
backend = auto
# All ports, of both kinds: who guesses passwords has no business with the others either.
banaction = %(banaction_allports)s
protocol = tcp,udp
maxretry = 5
findtime = 10m
bantime = 1h
# The trunks are never locked out: over UDP anybody can send in their name. Add the offices of your agents.
ignoreip = {safe}
"""


def jail(settings: Settings) -> str:
    """Return the jail of this home. Raises `DeskError` for a path that fail2ban would read as something else."""
    log = settings.home.absolute() / "asterisk/log/security.log"
    if odd := sorted(set(str(log)) & set("*?[]%\"'\\\n\t;#<>")):
        raise DeskError(f"fail2ban cannot be given the path {str(log)!r}.", f"Use one without {' '.join(odd)}.")
    safe = dict.fromkeys(("127.0.0.0/8", "::1", *settings.trunks))
    return _JAIL.format(log=log, safe=" ".join(safe))
