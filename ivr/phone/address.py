"""SIP addresses: the From, To and Contact of a message, and the URIs inside them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

_USER_SAFE = "-_.!~*'()&=+$,?/"
_NAMED = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^>]*)>(.*)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """`"name" <uri>;parameters`. `name` is plain text; `parameters` keep their order, without the first semicolon."""

    uri: str
    name: str = ""
    parameters: str = ""

    def __str__(self) -> str:
        shown = '"' + re.sub(r'(["\\])', r"\\\1", self.name) + '" ' if self.name else ""
        return f"{shown}<{self.uri}>" + (f";{self.parameters}" if self.parameters else "")

    @property
    def tag(self) -> str:
        """The dialog's tag, or empty."""
        return parameter(self.parameters, "tag")

    @property
    def user(self) -> str:
        """The URI's user part as plain text, or empty."""
        match = re.match(r"sips?:([^@:;>]*)(?::[^@]*)?@", self.uri, re.IGNORECASE)
        return unquote(match[1]) if match else ""

    def tagged(self, tag: str) -> Address:
        """Return the address with this tag as its only parameter."""
        return replace(self, parameters=f"tag={tag}")


def read_address(text: str) -> Address:
    """Read a header's value; what is no address comes back as a URI that equals no other."""
    if match := _NAMED.fullmatch(text):
        quoted, plain, uri, rest = match.groups()
        name = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
        return Address(uri.strip(), name, rest.strip().lstrip(";").strip())
    uri, _, rest = text.strip().partition(";")
    return Address(uri.strip(), "", rest.strip())


def parameter(parameters: str, name: str) -> str:
    """Return one parameter of `a=1;b=2`, or empty."""
    match = re.search(rf"(?:^|;)\s*{re.escape(name)}\s*=\s*([^;\s]+)", parameters, re.IGNORECASE)
    return match[1].strip('"') if match else ""


def sip_uri(user: str, host: str, port: int | None = None) -> str:
    """Write a URI; everything in the user part that SIP could misread is escaped, so any text may be a user."""
    at = f"{quote(user, safe=_USER_SAFE, errors='surrogateescape')}@" if user else ""
    return f"sip:{at}{host}" + (f":{port}" if port else "")
