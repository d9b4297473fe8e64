"""A private PostgreSQL for tests: started by an ordinary user, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "50",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "autovacuum": "off",
}


def server_programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs, the newest version's; None when the machine has none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if folders:
        return folders[-1].parent
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def as_ordinary_user() -> list[str]:
    """Return what goes before a server program: PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"] if os.geteuid() == 0 else []


class Cluster:
    """A running server that listens on a socket in its folder only."""

    def __init__(self, folder: Path, programs: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self._programs = programs
        self._settings = settings

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def fresh_database(self, like: str = "template1") -> str:
        """Make an empty database, or one like another that nobody is connected to; return its URL."""
        name = f"t{uuid4().hex[:12]}"
        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"'.encode())
        return self.url(name)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs on its data."""
        subprocess.run(
            [*as_ordinary_user(), self._programs / program, "-D", self.folder / "data", *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = " ".join(f"-c {name}={value!r}" for name, value in self._settings.items())
        self.run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", f"{options} -k {self.folder}", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is like a crash."""
        self.run("pg_ctl", "-w", "-m", mode, "stop")


@contextmanager
def running_cluster(**settings: str) -> Iterator[Cluster]:
    """Give a running server in a folder of its own, removed at the end. `RuntimeError` without server programs."""
    programs = server_programs()
    if programs is None:
        raise RuntimeError("PostgreSQL's server programs are not installed")
    # A socket's path may be 107 bytes long, so pytest's own temporary folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="ivr-pg-", dir="/tmp"))
    cluster = Cluster(folder, programs, SETTINGS | settings)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        cluster.run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
