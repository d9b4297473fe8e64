"""A mirror of the fetched packages on a loopback port, and an apt that knows no other."""

from __future__ import annotations

import functools
import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ivr.asterisk import private
from ivr.asterisk.mirror import Mirror


class LocalMirror:
    """A Debian repository on 127.0.0.1 whose suite `forky` holds the packages; unsigned, as nobody has Debian's key."""

    def __init__(self, folder: Path, debs: list[Path]) -> None:
        self.served: list[str] = []
        """Names of the packages that went out, in order."""
        self.quota = 10**6
        """So many more packages go out; then the mirror answers 503."""
        (folder / "pool").mkdir(parents=True)
        with ThreadPoolExecutor(4) as pool:
            stanzas = list(pool.map(functools.partial(_offer, folder), debs))
        self.folder = folder
        self.index = "\n".join(stanzas)
        self.publish(self.index)
        handler = functools.partial(_Handler, directory=str(folder))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.mirror = self  # type: ignore[attr-defined]
        self.site = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def publish(self, index: str) -> None:
        """Write the suite's index and its checksums."""
        suite = self.folder / "dists/forky"
        machine = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)
        packages = suite / f"main/binary-{machine.stdout.strip()}/Packages"
        packages.parent.mkdir(parents=True, exist_ok=True)
        packages.write_text(index)
        content = packages.read_bytes()
        (suite / "Release").write_text(
            f"Suite: forky\nCodename: forky\nComponents: main\nArchitectures: {machine.stdout.strip()}\n"
            f"Date: Sat, 21 Nov 2026 12:00:00 UTC\nSHA256:\n {hashlib.sha256(content).hexdigest()} {len(content)} "
            f"{packages.relative_to(suite)}\n"
        )

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        mirror: LocalMirror = self.server.mirror  # type: ignore[attr-defined]
        if self.path.startswith("/pool/"):
            if mirror.quota <= 0:
                self.send_error(503)
                return
            mirror.quota -= 1
            mirror.served.append(self.path.removeprefix("/pool/"))
        super().do_GET()

    def log_message(self, *_words: object) -> None:
        """Keep the test's output free of requests."""


def _offer(folder: Path, deb: Path) -> str:
    """Put the package into the pool; return its stanza of the index."""
    name = deb.name.replace("%", "_")
    (folder / "pool" / name).symlink_to(deb)
    control = subprocess.run(["dpkg-deb", "--field", deb], capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    return f"{control}Filename: pool/{name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n"


@pytest.fixture(scope="session")
def debs() -> list[Path]:
    """Give the packages of a private Asterisk, fetched once from the machine's real mirror into the user's cache."""
    private.install()
    packages = Mirror(private.cache_dir() / "packages", print)
    if not packages.fetched():  # none, or not all of them any more
        # Alone: to make the copy anew as well would take the ground from the Asterisks that other tests run.
        packages.open(private.PACKAGES[0], private.FLOOR)
        packages.fetch(private.PACKAGES)
    return sorted(packages.fetched())


@pytest.fixture
def mirror(debs, tmp_path) -> Iterator[LocalMirror]:
    made = LocalMirror(tmp_path / "mirror", debs)
    yield made
    made.close()


@pytest.fixture
def empty_cache(tmp_path, monkeypatch) -> Iterator[Path]:
    """Make the user's cache empty, with a blank in its path; return where private copies go."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a cache"))
    # An Asterisk of the machine's own is not what these tests are about.
    monkeypatch.setattr(private, "system_asterisk", lambda _progress: None)
    yield private.cache_dir()
    shutil.rmtree(tmp_path / "a cache", ignore_errors=True)  # 200 MB each; pytest keeps three runs


@pytest.fixture
def only_mirror(tmp_path, monkeypatch):
    """Give a function that lets the machine's apt know the given site and no other."""

    def know(site: str) -> None:
        (tmp_path / "sources.list").write_text(f"deb [trusted=yes] {site} bookworm main\n")
        (tmp_path / "apt.conf").write_text(
            f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\nDir::Etc::sourceparts "/dev/null";\n'
            'Acquire::http::Proxy::127.0.0.1 "DIRECT";\n'
        )
        monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))

    return know


@pytest.fixture
def progress() -> list[str]:
    """Give a list for the lines that a set-up says."""
    return []
