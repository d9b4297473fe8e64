"""Digest authentication (RFC 7616 and RFC 8760): MD5 and SHA-256, with or without `qop=auth`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_HASHES: dict[str, Callable[[bytes], str]] = {
    "SHA-256": lambda text: hashlib.sha256(text).hexdigest(),
    "MD5": lambda text: hashlib.md5(text, usedforsecurity=False).hexdigest(),
}
"""From the strongest to the weakest."""
_FIELD = re.compile(r'([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are to a server."""

    user: str
    password: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server asks for."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: str = ""
    opaque: str = ""
    stale: bool = False


def strongest(lines: Sequence[str]) -> Challenge | None:
    """Return the strongest challenge that we can meet, of the given WWW- or Proxy-Authenticate lines."""
    challenges = [found for line in lines if (found := _read(line)) is not None]
    order = list(_HASHES)
    return min(challenges, key=lambda challenge: order.index(challenge.algorithm), default=None)


def credentials(challenge: Challenge, account: Account, *, method: str, uri: str, cnonce: str) -> str:
    """Return the Authorization line that meets the challenge. A nonce is used once, so its count is always 1."""
    digest = _HASHES[challenge.algorithm]

    def of(*parts: str) -> str:
        return digest(":".join(parts).encode())

    secret, what = of(account.user, challenge.realm, account.password), of(method, uri)
    fields = {"username": account.user, "realm": challenge.realm, "nonce": challenge.nonce, "uri": uri}
    if challenge.qop:
        fields["response"] = of(secret, challenge.nonce, "00000001", cnonce, "auth", what)
        fields["cnonce"] = cnonce
    else:
        fields["response"] = of(secret, challenge.nonce, what)
    if challenge.opaque:
        fields["opaque"] = challenge.opaque
    plain = f", algorithm={challenge.algorithm}" + (", qop=auth, nc=00000001" if challenge.qop else "")
    return "Digest " + ", ".join(f'{name}="{_quoted(value)}"' for name, value in fields.items()) + plain


def _read(line: str) -> Challenge | None:
    scheme, _, rest = line.strip().partition(" ")
    fields = {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain for name, quoted, plain in _FIELD.findall(rest)}
    algorithm = fields.get("algorithm", "MD5").upper()
    offered = [word.strip().lower() for word in fields.get("qop", "").split(",") if word.strip()]
    if (
        scheme.lower() != "digest"
        or algorithm not in _HASHES
        or "nonce" not in fields
        or (offered and "auth" not in offered)
    ):
        return None
    return Challenge(
        fields.get("realm", ""),
        fields["nonce"],
        algorithm,
        "auth" if offered else "",
        fields.get("opaque", ""),
        fields.get("stale", "").lower() == "true",
    )


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
