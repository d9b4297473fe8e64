"""Voices from the machine's own Debian mirror: RHVoice is in its `non-free` part, which most machines leave out."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import DeskError

PACKAGES = ("rhvoice", "rhvoice-russian", "rhvoice-english", "espeak-ng")
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done: one line of apt's sources, kept only while it works, and the commands."""

    source: str
    commands: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        """Return the plan as a person would type it."""
        lines = [f"echo {shlex.quote(self.source)} > FOLDER/sources.list"]
        return "\n".join(lines + [shlex.join(command) for command in self.commands])


def plan(folder: Path) -> Plan:
    """Return the plan for this machine; `folder` holds the sources and the lists while it runs.

    Raises `DeskError` on a machine without apt or without a Debian mirror.
    """
    if shutil.which("apt-get") is None:
        raise DeskError(
            "This machine has no apt-get, so the voices cannot be installed by us.",
            "Install RHVoice with a Russian and an English voice by the machine's own package manager.",
        )
    site, suite = _mirror()
    signed = f" [signed-by={_KEYRING}]" if _KEYRING.is_file() else ""
    options = (
        *("-o", f"Dir::Etc::SourceList={folder / 'sources.list'}", "-o", "Dir::Etc::SourceParts=/dev/null"),
        *("-o", f"Dir::State::Lists={folder / 'lists'}", "-o", "APT::Install-Recommends=false"),
        # A machine pinned to a snapshot has a release file that is past its date.
        *("-o", "Acquire::Check-Valid-Until=false"),
    )
    return Plan(
        source=f"deb{signed} {site} {suite} main contrib non-free",
        commands=(("apt-get", *options, "update"), ("apt-get", *options, "-y", "install", *PACKAGES)),
    )


def install() -> None:
    """Carry the plan out; needs root. The machine's own sources stay as they are."""
    if os.geteuid() != 0:
        raise DeskError(
            "Installing voices needs root.",
            "Run `sudo ivr prompts install-voices`, or with --show to see the commands.",
        )
    with tempfile.TemporaryDirectory(prefix="ivr-voices-") as place:
        folder = Path(place)
        # apt drops root for fetching, and its user must reach the lists.
        folder.chmod(0o755)
        (folder / "lists/partial").mkdir(parents=True)
        steps = plan(folder)
        (folder / "sources.list").write_text(steps.source + "\n", encoding="utf-8")
        for command in steps.commands:
            _run(command)


def _run(command: tuple[str, ...]) -> None:
    done = subprocess.run(  # noqa: S603 - fixed words, no shell
        command, check=False, capture_output=True, text=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    )
    if done.returncode:
        wrong = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("E:", "Err:"))]
        raise DeskError(
            f"apt-get failed: {wrong[-1] if wrong else f'exit code {done.returncode}'}.",
            "Mend the machine's network or package sources and run this again.",
        )


def _mirror() -> tuple[str, str]:
    """Return the address and suite of the mirror that the machine already uses."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    suite = re.search(r"^VERSION_CODENAME=(\S+)", release, re.MULTILINE)
    found = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN) $(CODENAME)", "Created-By: Packages"],  # noqa: S607
        check=False,
        capture_output=True,
        text=True,
    )
    for line in found.stdout.splitlines():
        site, _, rest = line.partition(" ")
        if suite and rest == f"Debian {suite[1]}":
            return site, suite[1]
    raise DeskError(
        "This machine's package sources name no Debian mirror of its own release.",
        f"Install {', '.join(PACKAGES)} by hand; on Debian they are in the non-free part.",
    )
