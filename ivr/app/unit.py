"""The desk as a service of systemd: not root, shut in, ready when it answers, drained before it ends."""

from __future__ import annotations

from pathlib import Path

from ivr.errors import DeskError
from ivr.settings import Settings

AFTER_DRAIN = 40
"""Seconds that systemd gives a stop beyond the drain: Asterisk, then the other parts, then the journal's rest."""

_UNIT = """\
# The front desk, made by `ivr unit`. Settings (IVR_…=…) may stand in {environment}.
# Before the first start: install -d -o {user} -m 700 "{home}" "{recordings}"
[Unit]
Description=Front desk of the call centre
Wants=network-online.target
After=network-online.target postgresql.service

[Service]
Type=notify
NotifyAccess=main
User={user}
WorkingDirectory={folder}
EnvironmentFile=-{environment}
Environment="XDG_CACHE_HOME={home}/cache"
ExecStart="{program}" up --home "{home}" --desks "{desks}" --recordings "{recordings}"
Restart=always
RestartSec=2
TimeoutStartSec=180
WatchdogSec=30
# SIGINT drains: new calls are refused, those in progress may end. Only `ivr up` gets it, and stops its parts in order.
KillMode=mixed
KillSignal=SIGINT
TimeoutStopSec={stop}
LimitNOFILE=65536
UMask=0077

# It needs no right that an ordinary user has not.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths="{home}" "{recordings}"
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""

NOT_ROOT = (
    "Give it a user of its own: useradd --system --create-home frontdesk; "
    "`ivr unit --user frontdesk` writes its service."
)


def unit(settings: Settings, user: str, program: Path) -> str:
    """Return the text of the unit. Raises `DeskError` for root, and for a path that systemd would read as two."""
    if user == "root":
        raise DeskError("The desk does not run as root.", NOT_ROOT)
    paths = {
        "folder": Path.cwd(),
        "program": program.absolute(),
        "home": settings.home.absolute(),
        "desks": settings.desks.absolute(),
        "recordings": settings.recordings.absolute(),
        "environment": settings.home.absolute() / "environment",
    }
    if odd := next((path for path in paths.values() if set(str(path)) & set("\t\n\"'\\$;")), None):
        raise DeskError(
            f"systemd cannot be given the path {str(odd)!r}.", "Use one without quotes, backslashes, $ and ;."
        )
    # A % would begin one of systemd's own names.
    return _UNIT.format(
        user=user,
        stop=settings.drain + AFTER_DRAIN,
        **{name: str(path).replace("%", "%%") for name, path in paths.items()},
    )
