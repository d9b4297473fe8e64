"""The home's secrets: made at first run, readable by their owner alone, never changed by us afterwards."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import DeskError


@dataclass(frozen=True, slots=True)
class Secrets:
    """Passwords of this home."""

    agents: dict[str, str]
    """Agent number → the password of his telephone."""
    ami: str


def keep_secrets(path: Path, agents: Iterable[str]) -> Secrets:
    """Return the home's secrets; what is missing (a first run, a new agent) is made and kept, mode 0600."""
    kept = read_secrets(path) if path.exists() else Secrets({}, "")
    wanted = {agent: kept.agents.get(agent) or _password() for agent in sorted(set(agents) | set(kept.agents))}
    found = Secrets(wanted, kept.ami or _password())
    if found != kept:
        _write(path, found)
    return found


def read_secrets(path: Path) -> Secrets:
    """Read the secrets. Raises `DeskError` when the file is missing or not ours."""
    try:
        told = json.loads(path.read_text())
        return Secrets({str(k): str(v) for k, v in told["agents"].items()}, str(told["ami"]))
    except FileNotFoundError as error:
        raise DeskError(f"There are no secrets in {path}.", "Start the desk once with `make run`.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DeskError(
            f"The secrets in {path} cannot be read ({type(error).__name__}).",
            "Remove the file: new ones are made at the next start, and telephones need their new passwords.",
        ) from error


def _password() -> str:
    return secrets.token_urlsafe(18)


def _write(path: Path, found: Secrets) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"agents": found.agents, "ami": found.ami}, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
