"""The private Asterisk, by real packages, a real apt and a mirror that can fail."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from ivr.asterisk import private
from ivr.asterisk.unpack import damage
from ivr.errors import DeskError

pytestmark = pytest.mark.asterisk

SET_UP = """
import sys
from ivr.asterisk import private
from ivr.errors import DeskError
try:
    print(private.install(progress=lambda line: print(line, flush=True)).command[-1])
except DeskError as mistake:
    print(mistake)
    sys.exit(mistake.exit_code)
"""


def set_up_process() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", SET_UP], stdout=subprocess.PIPE, text=True, env=dict(os.environ))


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_two_set_ups_at_once_fetch_one_copy_that_runs_and_speaks(mirror, only_mirror, empty_cache):
    """Into a path with a blank; the second waits for the first, says so, and finds what it made."""
    only_mirror(mirror.site)
    with set_up_process() as one, set_up_process() as other:
        said = [process.communicate(timeout=120)[0] for process in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0)
    assert sum("waiting for it" in text for text in said) == 1
    assert sum("unpacking" in text for text in said) == 1
    assert len(mirror.served) == len(set(mirror.served))
    assert any("signature is NOT verified" in text for text in said), "an unsigned mirror is taken silently"
    found = private.find_asterisk()
    told = subprocess.run([*found.command, "-V"], capture_output=True, text=True, check=True).stdout
    assert told.startswith("Asterisk 22.")
    assert found.private
    assert found.version >= private.FLOOR
    assert (found.modules_dir / "app_queue.so").is_file()
    assert (found.sounds_en_dir / "beep.wav").is_file()
    assert (found.data_dir / "documentation").is_dir()
    assert names(empty_cache) == {"lock", "packages", found.data_dir.parents[3].name}


def test_every_module_finds_its_libraries(debs):
    """Nothing that the private Asterisk may load needs a library which the copy lacks."""
    found = private.install()
    loader, option, libraries, _program = found.command
    lacking = []
    for module in sorted(found.modules_dir.glob("*.so")):
        listed = subprocess.run(
            [loader, option, libraries, "--list", module], capture_output=True, text=True, check=False
        ).stdout
        lacking += [f"{module.name}: {line.strip()}" for line in listed.splitlines() if "not found" in line]
    assert lacking == []


@pytest.fixture
def copy(debs, empty_cache):
    """Put a whole private copy into the empty cache, beside the packages that it was made from."""
    packages = empty_cache / "packages"
    (packages / "cache/archives").mkdir(parents=True)
    shutil.copy(debs[0].parents[2] / "fetched.json", packages)
    for deb in debs:
        (packages / "cache/archives" / deb.name).symlink_to(deb)
    made = debs[0].parents[3]
    for stamp in made.glob("*/complete.json"):
        shutil.copytree(stamp.parent, empty_cache / stamp.parent.name, symlinks=True)
    found = private.private_asterisk()
    assert found
    return found


def test_a_broken_copy_is_noticed_and_mended_without_a_network(copy, only_mirror, progress):
    """A cut module and a missing prompt are found by a quick look, a byte changed in place by reading all of it."""
    only_mirror("http://127.0.0.1:9")
    module, beep = copy.modules_dir / "app_queue.so", copy.sounds_en_dir / "beep.wav"
    whole = {file: file.read_bytes() for file in (module, beep)}
    os.truncate(module, len(whole[module]) // 2)
    assert private.private_asterisk() is None
    module.write_bytes(whole[module])
    assert private.private_asterisk() == copy
    beep.unlink()
    assert private.private_asterisk() is None
    beep.write_bytes(whole[beep])

    changed = bytearray(whole[module])
    changed[4096] ^= 255
    module.write_bytes(changed)
    assert private.private_asterisk() == copy, "a quick look reads no bytes"
    assert private.install(progress=progress.append) == copy
    assert damage(copy.data_dir.parents[3], thorough=True) == ""
    assert module.read_bytes() == whole[module]
    assert any("is broken" in line for line in progress)
    assert not any("fetching" in line for line in progress)


def test_a_copy_is_taken_from_its_place_alone_not_while_it_is_being_made(copy, empty_cache):
    """Complete as it may be beside its place, a moment later it is not there any more."""
    place = copy.data_dir.parents[3]
    beside = place.rename(empty_cache / ".new-1")
    assert private.private_asterisk() is None
    beside.rename(place)
    assert private.private_asterisk() == copy


def test_a_set_up_that_breaks_off_and_then_is_killed_leaves_nothing_that_passes_for_a_copy(
    mirror, only_mirror, empty_cache
):
    """The mirror fails half-way: the next run fetches only what is missing. Killed as it unpacks: the next is whole."""
    only_mirror(mirror.site)
    mirror.quota = 100
    with pytest.raises(DeskError, match=r"^The mirror broke off: .*503.*Run the command again"):
        private.install()
    assert names(empty_cache) == {"lock", "packages"}
    assert private.private_asterisk() is None
    first = set(mirror.served)
    mirror.served.clear()
    mirror.quota = 1000

    with set_up_process() as process:
        for line in process.stdout:
            if line.startswith("unpacking"):
                break
        deadline = time.monotonic() + 20
        while not any(empty_cache.glob(".new-*/*/usr")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert mirror.served
    assert first.isdisjoint(mirror.served)
    assert any(empty_cache.glob(".new-*"))
    assert private.private_asterisk() is None

    found = private.install()
    assert damage(found.data_dir.parents[3], thorough=True) == ""
    assert not any(empty_cache.glob(".new-*"))


@pytest.mark.parametrize("why", ["closed", "empty", "old"])
def test_no_mirror_is_one_sentence_with_its_cure_and_leaves_no_copy(why, debs, request, only_mirror, empty_cache):
    """A mirror that is unreachable, has no Asterisk, or too old a one, ends in exit code 2 and the way out."""
    site = "http://127.0.0.1:9"
    if why != "closed":
        mirror = request.getfixturevalue("mirror")
        site = mirror.site
        mirror.publish(mirror.index.replace("Package: asterisk\n", "Package: other\n") if why == "empty" else OLD)
    only_mirror(site)
    with set_up_process() as process:
        said = process.communicate(timeout=120)[0]
    expected = {"closed": "Could not connect", "empty": "it has none", "old": "it has 1:20.1.0-1"}[why]
    last = said.splitlines()[-1]
    assert last.startswith("No mirror answers with asterisk 22.10.1 or later: ")
    assert expected in last
    assert "Connect the machine" in last
    assert "Traceback" not in said
    assert process.returncode == 2
    assert names(empty_cache) == {"lock", "packages"}


OLD = "Package: asterisk\nVersion: 1:20.1.0-1\nArchitecture: all\nFilename: pool/a.deb\nSize: 1\nSHA256: 00\n"


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path, monkeypatch):
    """A file in the cache's place is named, with the setting that leads elsewhere."""
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    with pytest.raises(DeskError, match=r"cannot be written: Not a directory\. Set XDG_CACHE_HOME"):
        private.install()


def test_a_small_disk_is_refused_before_anything_is_fetched(tmp_path):
    """On a disk of 50 MB the set-up says that it is full and how much room it needs."""
    outcome = on_small_disk(tmp_path, SET_UP)
    assert "is full. Free 600 MB there" in outcome.stdout
    assert outcome.returncode == 2


def test_a_disk_that_fills_while_unpacking_is_noticed(tmp_path, debs):
    """Unpacking onto a disk that is too small ends as a full disk, not as a bad package."""
    program = f"""
from pathlib import Path
from ivr.asterisk.unpack import is_full, unpack
try:
    unpack(sorted(Path({str(debs[0].parent)!r}).glob("*.deb")), Path("small/copy"))
except OSError as mistake:
    print("full" if is_full(mistake) else mistake)
"""
    outcome = on_small_disk(tmp_path, program)
    assert outcome.stdout.strip() == "full"


def on_small_disk(tmp_path, program: str) -> subprocess.CompletedProcess[str]:
    """Run the program where `small` is a disk of 50 MB that holds the cache."""
    (tmp_path / "small").mkdir()
    script = 'mount -t tmpfs -o size=50m tmpfs small || exit 77; XDG_CACHE_HOME="$PWD/small" exec "$0" -c "$1"'
    outcome = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, sys.executable, program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode == 77 or outcome.stderr.startswith("unshare:"):
        pytest.skip("this user may not mount a small disk (user namespaces are off)")
    return outcome
