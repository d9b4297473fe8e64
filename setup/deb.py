# ruff: noqa: INP001, T201 - a script, no part of a package
"""Build a Debian package of the desk: `python setup/deb.py [FOLDER]`, without root. It prints where the package lies.

The program and all its Python packages, in the versions that the tests were run with, stand in /opt/front-desk as a
virtual environment on the machine's own Python; so the package is for machines with the same minor version of it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from ivr.app.unit import unit  # noqa: E402 - found by the line above
from ivr.errors import DeskError  # noqa: E402
from ivr.settings import Settings  # noqa: E402

PLACE = Path("/opt/front-desk")
RECOGNIZERS = ("vosk", "whisper", "pocketsphinx")
"""The optional parts of `pyproject.toml` that hear messages in words."""
SYSTEM_PYTHON = "/usr/bin/python3"
HOME, RECORDINGS, DESKS = (
    Path("/var/lib/front-desk/home"),
    Path("/var/lib/front-desk/recordings"),
    Path("/etc/front-desk"),
)
USER = "frontdesk"

CONTROL = """\
Package: front-desk
Version: {version}
Architecture: {architecture}
Maintainer: The maintainers <maintainers@front-desk.invalid>
Installed-Size: {size}
Depends: python3 (>= {python}), python3 (<< {next_python}), passwd, util-linux, apt, dpkg
Recommends: tzdata, ca-certificates
Suggests: asterisk (>= 1:22.10.1), fail2ban, prometheus
Section: comm
Priority: optional
Description: front desk of a call centre on Asterisk
 Menu, lines, whisper, recordings and a ledger of every leg; a desk is one YAML file.
 Without an Asterisk of 22.10.1 or later the first start fetches a private copy.
"""
COMMAND = f"""\
#!/bin/sh
# `ivr` as the service's user, on the service's home and Asterisk, in any folder.
cd /
exec runuser -u {USER} -- env IVR_HOME={HOME} IVR_DESKS="${{IVR_DESKS:-{DESKS}}}" IVR_RECORDINGS={RECORDINGS} \
    XDG_CACHE_HOME={HOME}/cache {PLACE}/bin/ivr "$@"
"""
POSTINST = f"""\
#!/bin/sh
set -e
if ! getent passwd {USER} >/dev/null; then
    useradd --system --home-dir {HOME.parent} --shell /usr/sbin/nologin {USER}
fi
install -d -o {USER} -g {USER} -m 700 {HOME.parent} {HOME} {RECORDINGS}
{PLACE}/bin/python -m compileall -q {PLACE}/lib || true
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    # After an upgrade it goes on; a first start is the admin's.
    if systemctl is-enabled --quiet front-desk; then systemctl start front-desk; fi
fi
"""
PRERM = f"""\
#!/bin/sh
set -e
# Calls in progress may end: the unit drains.
if [ -d /run/systemd/system ]; then systemctl stop front-desk || true; fi
find {PLACE}/lib -name __pycache__ -type d -prune -exec rm -r {{}} +
"""
POSTRM = f"""\
#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
if [ "$1" = purge ]; then
    echo "{HOME.parent} stays: it holds the journal, the ledger and the recordings. Remove it yourself."
fi
"""


def main() -> int:
    """Build it; return the exit code."""
    words = argparse.ArgumentParser(description="Build a Debian package of the desk, without root.")
    words.add_argument("folder", nargs="?", default="dist", help="where it is to lie (dist)")
    words.add_argument("--recognizer", choices=RECOGNIZERS, help="what hears messages in words is in it, too")
    given = words.parse_args()
    out = Path(given.folder).resolve()
    try:
        _check_pythons()
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            stage = Path(folder) / "stage"
            _lay_program(stage, given.recognizer)
            _lay_files(stage)
            print(_pack(stage, out))
    except DeskError as mistake:
        print(mistake, file=sys.stderr)
        return mistake.exit_code
    except subprocess.CalledProcessError as mistake:
        print(f"{mistake.cmd[0]} failed; its own words are above.", file=sys.stderr)
        return 2
    return 0


def _check_pythons() -> None:
    ours = f"{sys.version_info[0]}.{sys.version_info[1]}"
    asked = [SYSTEM_PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    theirs = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - a list
    if ours != theirs:
        raise DeskError(
            f"This is Python {ours}, and {SYSTEM_PYTHON} is {theirs}: packages with machine code would not fit.",
            f"Make .venv by {SYSTEM_PYTHON}: PYTHON={SYSTEM_PYTHON} sh setup/environment.sh",
        )


def _lay_program(stage: Path, recognizer: str | None) -> None:
    """Make the virtual environment by hand: one that is made elsewhere would know only its own place."""
    place = stage / PLACE.relative_to("/")
    packages = place / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    (place / "bin").mkdir(parents=True)
    constraint = ("--constraint", str(HERE / "setup/versions.txt"))
    wanted = f"{HERE}[{recognizer}]" if recognizer else str(HERE)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", str(packages), *constraint, wanted], check=True, stdin=subprocess.DEVNULL)  # noqa: S603
    shutil.rmtree(packages / "bin", ignore_errors=True)
    for note in packages.glob("*.dist-info/direct_url.json"):  # where it was built is nobody's business
        note.unlink()
    (place / "pyvenv.cfg").write_text(f"home = {Path(SYSTEM_PYTHON).parent}\ninclude-system-site-packages = false\n")
    (place / "bin/python").symlink_to(SYSTEM_PYTHON)
    program = place / "bin/ivr"
    program.write_text(f"#!{PLACE}/bin/python\nfrom ivr.cli.main import main\n\nmain()\n")
    program.chmod(0o755)


def _lay_files(stage: Path) -> None:
    places = ("usr/bin", "usr/sbin", "lib/systemd/system", "usr/share/doc/front-desk")
    bin_, sbin, units, doc = (stage / place for place in places)
    for folder in (bin_, sbin, units, doc, stage / DESKS.relative_to("/")):
        folder.mkdir(parents=True)
    (bin_ / "ivr").symlink_to(PLACE / "bin/ivr")
    (sbin / "front-desk").write_text(COMMAND)
    (sbin / "front-desk").chmod(0o755)
    with contextlib.chdir("/"):  # the service works nowhere
        settings = Settings(home=HOME, desks=DESKS, recordings=RECORDINGS)
        (units / "front-desk.service").write_text(unit(settings, USER, PLACE / "bin/ivr"))
    shutil.copy(HERE / "LICENSE", doc / "copyright")
    shutil.copy(HERE / "CHANGELOG.md", doc)
    shutil.copytree(HERE / "docs", doc / "docs")
    shutil.copytree(HERE / "dialplans", doc / "examples")


def _pack(stage: Path, out: Path) -> str:
    major, minor = sys.version_info[:2]
    version = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]["version"]
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"],  # noqa: S607 - the machine's own
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    size = sum(path.lstat().st_size for path in stage.rglob("*") if path.is_file()) // 1024
    python = {"python": f"{major}.{minor}", "next_python": f"{major}.{minor + 1}"}
    debian = stage / "DEBIAN"
    debian.mkdir()
    (debian / "control").write_text(CONTROL.format(version=version, architecture=architecture, size=size, **python))
    for name, text in (("postinst", POSTINST), ("prerm", PRERM), ("postrm", POSTRM)):
        (debian / name).write_text(text)
        (debian / name).chmod(0o755)
    for folder, _, _ in os.walk(stage):
        Path(folder).chmod(0o755)
    package = out / f"front-desk_{version}_{architecture}.deb"
    build = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z6", "--build", str(stage), str(package)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - a list, never a shell
    return str(package)


if __name__ == "__main__":
    sys.exit(main())
