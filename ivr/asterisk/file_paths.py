"""Folders and files that are named in Asterisk's own: what is special there must not be in their names."""

from __future__ import annotations

from pathlib import Path

from ivr.errors import DeskError
from ivr.settings import Settings

AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Whom the machine trusts to say who a provider is, as Debian's ca-certificates lays it."""


def tls_paths(settings: Settings) -> dict[str, str] | None:
    """Return the paths for TLS; None without a certificate. Whether they are good is seen before."""
    if not (settings.tls_certificate and settings.tls_key):
        return None
    verifies = settings.trunk_tls and settings.provider
    if verifies and not AUTHORITIES.is_file():
        raise DeskError(
            f"The provider's certificate cannot be verified: there is no {AUTHORITIES}.",
            "Install the package ca-certificates.",
        )
    return {
        "certificate": plain(settings.tls_certificate.absolute()),
        "key": plain(settings.tls_key.absolute()),
        "authorities": str(AUTHORITIES) if verifies else "",
    }


def plain(path: Path) -> str:
    """Return the path as text. Raises `DeskError` when it cannot stand in a file of Asterisk's."""
    text = str(path)
    if bad := sorted(set(text) & set(";,|()[]{}$\"'\\<>&\n\r\t")):
        raise DeskError(
            f"The folder {text!r} cannot stand in Asterisk's files because of {' '.join(bad)}.",
            "Use a folder of letters, digits, blanks, '-', '_' and '.'.",
        )
    return text
