"""The certificate of telephones' TLS: looked at before the start, for Asterisk would only write a line about it."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ivr.errors import DeskError
from ivr.settings import Settings

if TYPE_CHECKING:
    from cryptography import x509

SOON = 21 * 86400
"""Seconds before its end from which on the doctor warns."""
_CURE = "IVR_TLS_CERTIFICATE names a PEM file with the certificate and its chain, IVR_TLS_KEY one with its key."


class Certificate(NamedTuple):
    """What was found."""

    names: tuple[str, ...]
    begins_at: float
    """UTC, seconds since 1970."""
    expires_at: float

    def fault(self, now: float) -> str:
        """Return why no telephone takes it at this moment; "" when they do."""
        if self.begins_at > now:
            return f"it counts from {_told(self.begins_at)} UTC on"
        return f"it ended at {_told(self.expires_at)} UTC" if self.expires_at <= now else ""


def look_at_certificate(settings: Settings) -> Certificate | None:
    """Return the certificate of the settings, None when they name none; it may have ended.

    Raises `DeskError` when it, or its key, is missing, cannot be read, or when they do not belong together.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None or key is None:
        if certificate or key:
            raise DeskError("The certificate or its key is not named.", _CURE)
        if settings.trunk_tls:
            raise DeskError("IVR_TRUNK_TLS is on, and there is no certificate.", _CURE)
        return None
    if settings.robots:
        raise DeskError("Robots speak no TLS, and there is a certificate.", "Start the desk with --no-robots.")
    found = _read(certificate)
    _check_key(certificate, key)
    return Certificate(_names(found), found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp())


def _read(path: Path) -> x509.Certificate:
    """Return the first certificate of the file, which is the server's own."""
    from cryptography import x509  # noqa: PLC0415 - a start without TLS does not pay for it

    try:
        return x509.load_pem_x509_certificates(path.read_bytes())[0]
    except OSError as error:
        raise DeskError(f"The certificate {path} cannot be read: {error.strerror}.", _CURE) from error
    except ValueError as error:
        raise DeskError(f"There is no certificate in {path}.", _CURE) from error


def _check_key(certificate: Path, key: Path) -> None:
    try:
        text = key.read_bytes()
    except OSError as error:
        raise DeskError(f"The key {key} cannot be read: {error.strerror}.", _CURE) from error
    if b"ENCRYPTED" in text:
        raise DeskError(f"The key {key} has a password.", "Take it out: `openssl pkey -in KEY -out PLAIN`, mode 600.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise DeskError(f"The key {key} is not that of the certificate {certificate}.", _CURE) from error


def _told(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M}"


def _names(found: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415 - as above

    try:
        told = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = tuple(str(address) for address in told.get_values_for_type(x509.IPAddress))
    return (*told.get_values_for_type(x509.DNSName), *addresses)
