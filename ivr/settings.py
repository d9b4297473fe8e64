"""What may differ between two desks on one machine: the home, the ports, the database.

Every setting can be given in the environment as `IVR_<NAME>`; the command line's options win over it.
"""

from __future__ import annotations

import json
import os
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Self, get_origin

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_LOOPBACK = "127.0.0.1"
_HOST = r"^([A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?)?$"
_ADDRESS = r"^[0-9a-fA-F.:]{2,45}(/[0-9]{1,3})?$"
_PRIVATE = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


class UnreadableSettingError(ValueError):
    """A list in the environment that is none; its text is the variable's name."""


class Settings(BaseModel):
    """One running system: a home with its ports."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    home: Path = Path("var")
    desks: Path = Path("dialplans")
    recordings: Path = Field(
        default=Path("recordings"), description="where recordings land; inside the home when that is not `var`"
    )
    models: Path = Field(
        default=Path("var/models"), description="models that hear words: `<language>/<name>` and `all/<name>` below it"
    )
    shift: int = Field(
        default=0, ge=0, le=20000, description="added to every port, so that several systems run side by side"
    )
    bind: str = Field(default=_LOOPBACK, pattern=_ADDRESS)
    node: str = Field(default="desk1", pattern=r"^[a-z0-9]{1,16}$", description="begins every uniqueid of this machine")
    database: str = Field(default="", description="SQLAlchemy URL; SQLite in the home when empty")
    trunks: tuple[Annotated[str, Field(pattern=_ADDRESS)], ...] = Field(
        default=(_LOOPBACK,), description="addresses whose calls come from outside"
    )
    external: str = Field(default="", description="this machine's public address, where it stands behind NAT")
    local_nets: tuple[str, ...] = Field(
        default=_PRIVATE, description="networks in which it has its own address, when `external` is given"
    )
    tls_certificate: Path | None = Field(
        default=None, description="PEM, with its chain; with it agents' telephones speak TLS and SRTP alone"
    )
    tls_key: Path | None = Field(default=None, description="PEM, without a password")
    trunk_tls: bool = Field(default=False, description="calls from and to outside are carried by TLS and SRTP, too")
    provider: str = Field(
        default="", pattern=_HOST, description="where calls to outside go, as sip.example.net or 203.0.113.7:5060"
    )
    robots: bool = Field(default=True, description="robot agents staff the lines until a telephone registers")
    shadow: bool = Field(
        default=False, description="Asterisk writes its own queue_log and CDR too, to compare the ledger with"
    )

    drain: int = Field(
        default=20,
        ge=0,
        le=3600,
        description="seconds that calls in progress get to end at a stop, before they are cut off",
    )
    archive_after: int = Field(
        default=0, ge=0, le=36500, description="days after which journal records are packed into files; 0 = never"
    )
    http: str = Field(
        default="",
        description="where health and metrics are told, as 127.0.0.1:9180; empty: nowhere",
    )

    def __init__(self, **given: Any) -> None:
        """Take what is given, else what the environment has. Raises `ValidationError`, `UnreadableSettingError`."""
        # As pydantic-settings does, whose import costs every command a tenth of a second: it brings asyncio and more.
        super().__init__(**(self._of_environment() | given))

    @classmethod
    def _of_environment(cls) -> dict[str, Any]:
        there = {name.upper(): value for name, value in os.environ.items()}
        found: dict[str, Any] = {}
        for name, field in cls.model_fields.items():
            variable = f"IVR_{name.upper()}"
            if variable in there:
                found[name] = there[variable]
                if get_origin(field.annotation) is tuple:
                    try:
                        found[name] = json.loads(there[variable])
                    except ValueError:
                        raise UnreadableSettingError(variable) from None
        return found

    @model_validator(mode="before")
    @classmethod
    def _own_defaults(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Two systems on one machine must not share recordings or a name; robots must not answer real callers."""
        home, shift = Path(given.get("home", "var")), str(given.get("shift", 0))
        trunks = given.get("trunks", [_LOOPBACK])
        local = given.get("bind", _LOOPBACK) == _LOOPBACK and all(str(trunk) == _LOOPBACK for trunk in trunks)
        own = {
            "models": home / "models",
            "recordings": Path("recordings") if home == Path("var") else home / "recordings",
            "node": f"desk{shift}" if shift.isdecimal() and int(shift) else "desk1",
            "robots": local and not given.get("tls_certificate"),
        }
        return own | given

    @field_validator("http")
    @classmethod
    def _listening(cls, given: str) -> str:
        host, _, port = given.rpartition(":")
        if given and not (port.isdecimal() and 1 <= int(port) <= 65535):
            raise ValueError("an address and a port from 1 to 65535 are wanted, as 127.0.0.1:9180")
        if host:
            _address(host.removeprefix("[").removesuffix("]"))
        return given

    @field_validator("external")
    @classmethod
    def _public(cls, given: str) -> str:
        return _address(given) if given else ""

    @field_validator("local_nets")
    @classmethod
    def _networks(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for net in given:
            try:
                ip_network(net)
            except ValueError as error:
                raise ValueError(f"{net} is no network such as 10.0.0.0/8") from error
        return given

    @property
    def sip_port(self) -> int:
        """SIP over UDP and TCP."""
        return 5060 + self.shift

    @property
    def agi_port(self) -> int:
        """FastAGI, on loopback."""
        return 4573 + self.shift

    @property
    def ami_port(self) -> int:
        """AMI, on loopback."""
        return 5038 + self.shift

    @property
    def http_port(self) -> int:
        """WebSocket for telephones in the browser."""
        return 8088 + self.shift

    @property
    def sips_port(self) -> int:
        """SIP over TLS, when there is a certificate."""
        return 5061 + self.shift

    @property
    def https_port(self) -> int:
        """WebSocket over TLS, when there is a certificate."""
        return 8089 + self.shift

    @property
    def plain_bind(self) -> str:
        """The address for SIP without TLS; this machine's own where everybody speaks TLS."""
        return _LOOPBACK if self.tls_certificate and self.trunk_tls else self.bind

    @property
    def registrar(self) -> str:
        """Where an agent's telephone registers."""
        return f"{self.bind}:{self.sips_port if self.tls_certificate else self.sip_port}"

    @property
    def web_socket(self) -> str:
        """Where an agent's telephone in the browser registers."""
        scheme, port = ("wss", self.https_port) if self.tls_certificate else ("ws", self.http_port)
        return f"{scheme}://{self.bind}:{port}/ws"

    @property
    def exporter(self) -> tuple[str, int] | None:
        """Address and port where health and metrics are told; loopback when only a port was given. None = nowhere."""
        host, _, port = self.http.rpartition(":")
        return (host.strip("[]") or _LOOPBACK, int(port)) if port else None

    @property
    def rtp_ports(self) -> tuple[int, int]:
        """First and last UDP port for audio."""
        first = 20000 + 2 * (self.shift % 10000)
        return first, first + 3998

    @property
    def database_url(self) -> str:
        """Where the ledger is kept."""
        return self.database or f"sqlite:///{self.home.absolute() / 'ledger.sqlite'}"

    @property
    def journal(self) -> Path:
        """The node's CEL file."""
        return self.home / "asterisk/log/cel-custom/journal.csv"

    @property
    def archive(self) -> Path:
        """Where old journal records are packed into files."""
        return self.home / "archive"

    @property
    def mail_file(self) -> Path:
        """Which reports are sent by e-mail; there may be none."""
        return self.home / "mail.yaml"

    @property
    def plan_file(self) -> Path:
        """What agents are to do; there may be none."""
        return self.home / "plan.yaml"

    @property
    def asterisk_etc(self) -> Path:
        """Asterisk's rendered files."""
        return self.home / "asterisk/etc"

    @property
    def sounds(self) -> Path:
        """The published prompts: `<desk>/<language>/<id>.wav`."""
        return self.home / "asterisk/sounds"

    def absolute(self) -> Self:
        """Return these settings for any working folder."""
        names = ("home", "desks", "recordings", "models", "tls_certificate", "tls_key")
        return self.model_copy(update={name: path.absolute() for name in names if (path := getattr(self, name))})

    def environment(self) -> dict[str, str]:
        """Return the environment in which a child of ours reads the same settings."""
        own = {
            "IVR_HOME": str(self.home.absolute()),
            "IVR_DESKS": str(self.desks.absolute()),
            "IVR_RECORDINGS": str(self.recordings.absolute()),
            "IVR_MODELS": str(self.models.absolute()),
            "IVR_SHIFT": str(self.shift),
            "IVR_BIND": self.bind,
            "IVR_NODE": self.node,
            "IVR_DATABASE": self.database,
            "IVR_TRUNKS": "[" + ",".join(f'"{trunk}"' for trunk in self.trunks) + "]",
            "IVR_EXTERNAL": self.external,
            "IVR_LOCAL_NETS": "[" + ",".join(f'"{net}"' for net in self.local_nets) + "]",
            "IVR_TRUNK_TLS": "1" if self.trunk_tls else "0",
            "IVR_PROVIDER": self.provider,
            "IVR_ROBOTS": "1" if self.robots else "0",
            "IVR_SHADOW": "1" if self.shadow else "0",
            "IVR_DRAIN": str(self.drain),
            "IVR_ARCHIVE_AFTER": str(self.archive_after),
            "IVR_HTTP": self.http,
        }
        files = {"IVR_TLS_CERTIFICATE": self.tls_certificate, "IVR_TLS_KEY": self.tls_key}
        own |= {name: str(path.absolute()) for name, path in files.items() if path}
        return dict(os.environ) | own


def _address(given: str) -> str:
    """Return it as it is. Raises ValueError when it is a name, or nothing."""
    try:
        ip_address(given)
    except ValueError as error:
        raise ValueError(f"{given} is no address such as 203.0.113.5") from error
    return given
