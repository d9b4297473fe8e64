"""`ivr import freepbx` and `ivr import extensions.conf` as an admin meets them."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
import wave
from pathlib import Path

import pytest

from ivr.desk.migration_files import tables_of
from ivr.flows.prompts import prompts_of
from ivr.flows.reader import read_desk
from tests.command import Done, run

OLD = Path(__file__).parents[1] / "migration" / "old"
DUMP = OLD / "shop.sql"


def imported(*words: object, code: int = 0) -> Done:
    done = run("import", *map(str, words), COLUMNS="160")
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def record_all(file: Path) -> None:
    """Put a recording of a person in the place of each prompt of a desk."""
    desk = read_desk(file)
    for prompt in prompts_of(desk):
        target = file.parent / desk.desk / "recorded" / prompt.language / f"{prompt.id}.wav"
        target.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(target), "wb") as audio:
            audio.setparams((1, 2, 8000, 0, "NONE", ""))
            audio.writeframes(b"\0\1" * 8000)


def backup(path: Path, members: dict[str, bytes]) -> Path:
    """Write a FreePBX backup with these files."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def module(**configs: object) -> bytes:
    """Return a module's file as the backups of FreePBX 15 and later have it."""
    whole = {"dirs": [], "files": [], "configs": configs, "dependencies": [], "garbage": []}
    return json.dumps(whole).encode()


@pytest.fixture
def members() -> dict[str, bytes]:
    """Return the module files of a small FreePBX, each in the layout of its module."""
    tables = tables_of([DUMP])
    named = {name: [dict(row) for row in tables[name]] for name in tables.names}
    by_menu: dict[str, list[dict[str, str]]] = {}
    for row in named["ivr_entries"]:
        by_menu.setdefault(row["ivr_id"], []).append(row)
    return {
        "modulejson/Core.json": module(
            Users={"users": named["users"]},
            Devices={"devices": named["devices"], "sip": [{"id": "600", "keyword": "member", "data": "SIP/999"}]},
            Did=named["incoming"],
            settings={"PHPTIMEZONE": "Europe/Moscow"},
        ),
        "modulejson/Ivr.json": module(ivrs={row["id"]: [row] for row in named["ivr_details"]}, entries=by_menu),
        "modulejson/Queues.json": module(tables={name: named[name] for name in ("queues_config", "queues_details")}),
        "modulejson/Timeconditions.json": module(
            tables={name: named[name] for name in ("timeconditions", "timegroups_details")}
        ),
        "modulejson/Recordings.json": module(data=named["recordings"]),
        "modulejson/Announcement.json": module(*(), **{"0": named["announcement"][0], "1": named["announcement"][1]}),
        "modulejson/Ringgroups.json": module(groups=named["ringgroups"]),
        "modulejson/Daynight.json": module(tables={"daynight": named["daynight"]}),
        "modulejson/Languages.json": module(languages=named["languages"]),
        "modulejson/Miscdests.json": module(tables={"miscdests": named["miscdests"]}),
    }


def test_a_dump_becomes_a_desk_that_check_accepts_and_play_walks(tmp_path):
    done = imported("freepbx", DUMP, "--to", tmp_path)
    assert done.stdout == f"{tmp_path / 'shop.yaml'}\n"
    record_all(tmp_path / "shop.yaml")
    checked = run("check", str(tmp_path / "shop.yaml"))
    assert checked.returncode == 0, checked.stdout
    assert "1 desk: no mistakes, 1 warning." in checked.stdout
    played = run("play", str(tmp_path / "shop.yaml"), "--keys", "31", "--at", "2026-12-01T12:00", "--json")
    assert {"what": "line", "subject": "drivers"}.items() <= json.loads(played.stdout)[-1].items()
    closed = run("play", str(tmp_path / "shop.yaml"), "--at", "2027-01-01T12:00", "--json")
    assert '"subject": "closed-good-bye"' in closed.stdout


def test_a_hand_written_dialplan_becomes_a_desk_that_check_accepts_and_play_walks(tmp_path):
    done = imported(
        "extensions.conf", OLD / "extensions.conf", "--to", tmp_path, "--desk", "office", "--zone", "Europe/Moscow"
    )
    assert "extensions.conf:36: `PJSIP/89210000001@trunk`: it dials outside" in done.stderr
    assert "extensions.conf:12: `#exec /bin/date`" in done.stderr
    record_all(tmp_path / "office.yaml")
    assert run("check", str(tmp_path / "office.yaml")).returncode == 0
    played = run("play", str(tmp_path / "office.yaml"), "--keys", "61", "--at", "2026-12-01T12:00", "--json")
    assert {"what": "line", "subject": "support"}.items() <= json.loads(played.stdout)[-1].items()


def test_a_backup_gives_the_same_desk_as_a_dump(tmp_path, members):
    path = backup(tmp_path / "backup.tar.gz", members)
    of_dump = imported("freepbx", DUMP).stdout.splitlines()[1:]
    assert imported("freepbx", path).stdout.splitlines()[1:] == of_dump


def test_a_backup_before_15_has_its_dump_inside(tmp_path):
    path = backup(tmp_path / "old.tgz", {"./mysql-5.sql.gz": gzip.compress(DUMP.read_bytes())})
    assert imported("freepbx", path).stdout.splitlines()[1:] == imported("freepbx", DUMP).stdout.splitlines()[1:]


def test_module_files_can_be_given_one_by_one(tmp_path, members):
    files = []
    for name, content in members.items():
        files.append(tmp_path / Path(name).name)
        files[-1].write_bytes(content)
    assert imported("freepbx", *files).stdout.splitlines()[1:] == imported("freepbx", DUMP).stdout.splitlines()[1:]


def test_twice_the_same_gives_the_same_bytes_and_lists():
    first, second = imported("freepbx", DUMP), imported("freepbx", DUMP)
    assert first == second
    one = imported("extensions.conf", OLD / "extensions.conf")
    assert one == imported("extensions.conf", OLD / "extensions.conf")


def test_a_desk_that_is_there_is_not_written_over_unless_told(tmp_path):
    (tmp_path / "shop.yaml").write_text("mine")
    done = imported("freepbx", DUMP, "--to", tmp_path, code=2)
    assert "shop.yaml is there already, and nothing was written." in done.stderr
    assert (tmp_path / "shop.yaml").read_text() == "mine"
    imported("freepbx", DUMP, "--to", tmp_path, "--overwrite")
    assert read_desk(tmp_path / "shop.yaml").desk == "shop"
    assert [file.name for file in tmp_path.iterdir()] == ["shop.yaml"]


def test_several_desks_need_a_folder_or_a_number(tmp_path):
    text = "[from-trunk]\nexten => 100,1,Queue(a)\nexten => 200,1,Queue(b)\n"
    (tmp_path / "extensions.conf").write_text(text)
    file = tmp_path / "extensions.conf"
    done = imported("extensions.conf", file, code=2)
    assert "There are 2 desks in it: a (100), b (200)." in done.stderr
    assert "desk: b\n" in imported("extensions.conf", file, "--number", "200").stdout
    assert (
        "No flow in it begins with the number '300'."
        in imported("extensions.conf", file, "--number", "300", code=2).stderr
    )
    imported("extensions.conf", file, "--to", tmp_path / "desks")
    assert sorted(one.name for one in (tmp_path / "desks").iterdir()) == ["a.yaml", "b.yaml"]


def test_each_recording_is_named_with_the_prompt_that_it_is(tmp_path):
    done = imported("freepbx", DUMP, "--to", tmp_path)
    assert f"custom/address -> {tmp_path}/shop/recorded/en/address.wav" in done.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (random.Random(3).randbytes(4096), "holds nothing of a FreePBX"),
        (b"CREATE TABLE `x` (\n `a` int\n);\nINSERT INTO `x` VALUES (1);\n", "holds nothing of a FreePBX"),
        (DUMP.read_bytes()[:5000], "ends in the middle"),
        (DUMP.read_bytes().replace(b"-- Dump completed", b"--"), "ends in the middle"),
        (gzip.compress(DUMP.read_bytes())[:1500], "no sound archive"),
        (b"\x1f\x8bgarbage" * 9, "no sound archive"),
        (b'{"configs": ', "no sound JSON"),
        (b"{" + random.Random(1).randbytes(4096), "no sound JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "nests too deep"),
        (b"{}", "holds nothing of a FreePBX"),
    ],
    ids=[
        "empty",
        "random",
        "other tables",
        "half",
        "no end",
        "half gzip",
        "no gzip",
        "half JSON",
        "random after a brace",
        "deep JSON",
        "no rows",
    ],
)
def test_a_file_that_is_no_whole_freepbx_is_refused_in_one_sentence(tmp_path, content, told):
    (tmp_path / "file").write_bytes(content)
    done = imported("freepbx", tmp_path / "file", code=2)
    assert told in done.stderr
    assert done.stdout == ""


def test_names_in_a_backup_lead_nowhere(tmp_path):
    """Absolute names, `..` and links of an archive are no names of files for us: nothing is unpacked."""
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("/evil.sql", "../../evil.sql", "modulejson/../../Evil.json"):
            member = tarfile.TarInfo(name)
            content = DUMP.read_bytes() if name.endswith("sql") else b"{}"
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("modulejson/Link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    before = sorted(tmp_path.rglob("*"))
    imported("freepbx", path)
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/evil.sql").exists()


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("ivr.desk.migration_files.LARGEST_MODULE", 1000)
    path = backup(tmp_path / "bomb.tar.gz", {"modulejson/Ivr.json": b" " * 1001})
    assert "Ivr.json is larger than" in imported("freepbx", path, code=2).stderr
    monkeypatch.setattr("ivr.desk.migration_files.MOST_BYTES", 1000)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"-- " * 100_000))
    assert "unpacks to more than" in imported("freepbx", tmp_path / "bomb.gz", code=2).stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no [context]"),
        ("\0\1\2", "is no text"),
        ("[from-trunk]\nexten => 100,1,Goto(100,1)\n", "No number in it leads"),
        ('#include "extensions.conf"\n[a]\n', "No number in it leads"),
        ("exten => 1,1,Hangup()\n", "has no [context]"),
    ],
    ids=["empty", "binary", "loop", "includes itself", "no context"],
)
def test_a_file_that_is_no_dialplan_is_refused_in_one_sentence(tmp_path, text, told):
    (tmp_path / "extensions.conf").write_text(text)
    assert told in imported("extensions.conf", tmp_path / "extensions.conf", code=2).stderr


def test_what_is_included_from_elsewhere_is_not_read(tmp_path):
    (tmp_path / "secret.conf").write_text("[secret]\nexten => 100,1,Queue(sales)\n")
    folder = tmp_path / "asterisk"
    folder.mkdir()
    (folder / "link.conf").symlink_to(tmp_path / "secret.conf")
    text = '#include "../secret.conf"\n#include "link.conf"\n[from-trunk]\nexten => 200,1,Queue(b)\n'
    (folder / "extensions.conf").write_text(text)
    done = imported("extensions.conf", folder / "extensions.conf")
    assert '`#include "../secret.conf"`' in done.stderr
    assert "sales" not in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--language", "english"], "'english' is no language."),
        (["--zone", "Moscow"], "`Moscow` is no time zone"),
        (["--to", "/proc/nowhere"], "cannot be written"),
    ],
)
def test_an_option_that_cannot_be_is_told(words, told):
    assert told in imported("freepbx", DUMP, *words, code=2).stderr


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert "cannot be read: No such file" in imported("freepbx", tmp_path / "no.sql", code=2).stderr
    assert "cannot be read: No such file" in imported("extensions.conf", tmp_path / "no.conf", code=2).stderr


def sound(path: Path, rate: int = 8000, seconds: float = 0.5) -> None:
    """Write a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as audio:
        audio.setparams((1, 2, rate, 0, "NONE", ""))
        audio.writeframes(bytes((0, 40, 0, 216)) * int(rate * seconds / 2))


def test_recordings_of_the_old_machine_come_along_and_two_that_were_one_are_joined(tmp_path):
    sounds = tmp_path / "sounds"
    sound(sounds / "en" / "custom" / "welcome.wav")
    sound(sounds / "en" / "custom" / "main-menu.wav", 16000)
    sound(sounds / "custom" / "closed.wav")
    done = imported("freepbx", DUMP, "--to", tmp_path / "desks", "--sounds", sounds)
    recorded = tmp_path / "desks" / "shop" / "recorded"
    with wave.open(str(recorded / "en" / "main-menu.wav")) as audio:
        assert (audio.getframerate(), audio.getnframes()) == (16000, 16000)
    assert (recorded / "ru" / "closed-good-bye.wav").is_file()
    assert "Recordings brought along: 3." in done.stderr
    assert "custom/address -> " in done.stderr
    assert "custom/closed -> " not in done.stderr


def test_a_recording_that_is_there_is_left_alone(tmp_path):
    sounds, target = tmp_path / "sounds", tmp_path / "desks" / "shop" / "recorded" / "en" / "address.wav"
    sound(sounds / "custom" / "address.wav")
    target.parent.mkdir(parents=True)
    target.write_bytes(b"mine")
    imported("freepbx", DUMP, "--to", tmp_path / "desks", "--sounds", sounds)
    assert target.read_bytes() == b"mine"


def test_a_recording_outside_of_the_folder_of_sounds_is_not_brought(tmp_path):
    sound(tmp_path / "secret.wav")
    sounds = tmp_path / "sounds"
    (sounds / "custom").mkdir(parents=True)
    (sounds / "custom" / "link.wav").symlink_to(tmp_path / "secret.wav")
    text = "[from-trunk]\nexten => 100,1,Playback(../secret)\nsame => n,Playback(custom/link)\nsame => n,Queue(a)\n"
    (tmp_path / "extensions.conf").write_text(text)
    done = imported("extensions.conf", tmp_path / "extensions.conf", "--to", tmp_path / "desks", "--sounds", sounds)
    assert "Recordings brought along: none." in done.stderr
    assert not list((tmp_path / "desks").rglob("*.wav"))


def test_a_recording_that_cannot_be_read_is_told_and_left_to_bring(tmp_path):
    (tmp_path / "sounds" / "custom").mkdir(parents=True)
    (tmp_path / "sounds" / "custom" / "address.wav").write_bytes(b"no sound")
    done = imported("freepbx", DUMP, "--to", tmp_path / "desks", "--sounds", tmp_path / "sounds")
    assert "cannot be read as audio" in done.stderr
    assert "custom/address -> " in done.stderr


def test_sounds_need_a_folder_for_the_desk(tmp_path):
    assert "Give --to FOLDER too." in imported("freepbx", DUMP, "--sounds", tmp_path, code=2).stderr
    assert "is no folder" in imported("freepbx", DUMP, "--to", tmp_path, "--sounds", tmp_path / "no", code=2).stderr
