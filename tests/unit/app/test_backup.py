"""A desk in one file and back: what comes back, and what is refused before anything stands there."""

from __future__ import annotations

import io
import os
import sqlite3
import stat
import tarfile
from contextlib import closing

import pytest

from ivr.app.backup import back_up, restore
from ivr.errors import DeskError
from ivr.settings import Settings
from ivr.store.engine import open_database
from ivr.store.migrate import migrate
from tests.command import run


@pytest.fixture
def desk(tmp_path):
    """Lay a home with a little of everything, and its desks."""
    settings = Settings(home=tmp_path / "home", recordings=tmp_path / "recordings", desks=tmp_path / "desks")
    contents = {
        settings.home / "secrets.json": b"{}",
        settings.journal: b'"CHAN_START","1790000000.000000"\n',
        settings.archive / "one.parquet": b"packed",
        settings.recordings / "2026/talk.wav": b"voices",
        settings.desks / "shop.yaml": b"desk: shop\n",
        settings.desks / "shop/recorded/en/hello.wav": b"a person",
        settings.home / "asterisk/sounds/_announced/shop.wav": b"we are moving",
        settings.home / "asterisk/sounds/shop_1/en/hello.wav": b"made anew at each start",
        settings.home / "asterisk/etc/extensions.conf": b"; made anew at each start",
    }
    for path, content in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (settings.home / "secrets.json").chmod(0o600)
    migrate(settings.database_url)
    with closing(sqlite3.connect(settings.home / "ledger.sqlite")) as ledger:
        ledger.execute(
            "INSERT INTO journal_position (node, boot, file, inode, head, offset, number, complete_to)"
            " VALUES ('desk1', 'b', 1, 4711, 'h', 12, 1, 0)"
        )
        ledger.commit()
    return settings


def elsewhere(tmp_path):
    return Settings(home=tmp_path / "other", recordings=tmp_path / "other/recordings")


def test_everything_that_is_the_desk_s_own_comes_back_and_nothing_else(desk, tmp_path):
    done = back_up(desk, desk.desks, tmp_path / "desk.tar.gz")
    there = restore(tmp_path / "desk.tar.gz", elsewhere(tmp_path))
    home = tmp_path / "other"
    found = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    assert found == {
        "secrets.json",
        "ledger.sqlite",
        "archive/one.parquet",
        "asterisk/log/cel-custom/journal.csv",
        "asterisk/sounds/_announced/shop.wav",
        "recordings/2026/talk.wav",
        "dialplans/shop.yaml",
        "dialplans/shop/recorded/en/hello.wav",
    }
    assert (there.files, there.node, there.made) == (done.files, "desk1", done.made) == (len(found), "desk1", done.made)
    assert (home / "recordings/2026/talk.wav").read_bytes() == b"voices"


def test_what_links_lead_to_comes_back_as_files_but_no_recording_that_is_one(desk, tmp_path):
    """A desk file of a checkout elsewhere, two names of one recording, a link that leads round."""
    elsewhere_kept = tmp_path / "checkout"
    (elsewhere_kept / "en").mkdir(parents=True)
    (elsewhere_kept / "bar.yaml").write_bytes(b"desk: bar\n")
    (elsewhere_kept / "en/hello.wav").write_bytes(b"another person")
    (desk.desks / "bar.yaml").symlink_to(elsewhere_kept / "bar.yaml")
    (desk.desks / "bar").mkdir()
    (desk.desks / "bar/recorded").symlink_to(elsewhere_kept)
    (desk.desks / "bar/round").symlink_to(desk.desks)
    (desk.desks / "shop/recorded/en/bye.wav").hardlink_to(desk.desks / "shop/recorded/en/hello.wav")
    (desk.recordings / "2026/stolen.wav").symlink_to(desk.home / "secrets.json")
    back_up(desk, desk.desks, tmp_path / "desk.tar.gz")
    restore(tmp_path / "desk.tar.gz", elsewhere(tmp_path))
    desks = tmp_path / "other/dialplans"
    assert (desks / "bar.yaml").read_bytes() == b"desk: bar\n"
    assert (desks / "bar/recorded/en/hello.wav").read_bytes() == b"another person"
    assert (desks / "shop/recorded/en/bye.wav").read_bytes() == b"a person"
    assert not (desks / "bar/round").exists()
    assert not (tmp_path / "other/recordings/2026/stolen.wav").exists()


def test_neither_the_file_nor_the_secrets_may_be_read_by_others(desk, tmp_path):
    os.umask(0o022)
    back_up(desk, desk.desks, tmp_path / "desk.tar.gz")
    restore(tmp_path / "desk.tar.gz", elsewhere(tmp_path))
    for path in (tmp_path / "desk.tar.gz", tmp_path / "other/secrets.json"):
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def test_the_loader_finds_its_journal_by_the_head_for_the_file_is_another(desk, tmp_path):
    back_up(desk, desk.desks, tmp_path / "desk.tar.gz")
    restore(tmp_path / "desk.tar.gz", elsewhere(tmp_path))
    with closing(sqlite3.connect(tmp_path / "other/ledger.sqlite")) as ledger:
        assert ledger.execute("SELECT inode, head, offset FROM journal_position").fetchall() == [(1, "h", 12)]


def test_a_journal_that_is_renamed_meanwhile_is_in_the_file_once(desk, tmp_path, monkeypatch):
    desk.journal.with_name("journal.csv-1").write_bytes(b"older\n")
    whole, add = desk.journal.read_bytes(), tarfile.TarFile.addfile

    def renamed_meanwhile(tar, info, content=None):
        add(tar, info, content)
        if info.name.endswith("journal.csv-1"):
            desk.journal.rename(desk.journal.with_name("journal.csv-2"))
            desk.journal.write_bytes(b"newer\n")

    monkeypatch.setattr(tarfile.TarFile, "addfile", renamed_meanwhile)
    back_up(desk, desk.desks, tmp_path / "desk.tar.gz")
    restore(tmp_path / "desk.tar.gz", elsewhere(tmp_path))
    found = [path.read_bytes() for path in elsewhere(tmp_path).journal.parent.iterdir()]
    assert sorted(found) == sorted([whole, b"older\n"])


def test_recordings_may_be_left_out(desk, tmp_path):
    back_up(desk, desk.desks, tmp_path / "desk.tar.gz", recordings=False)
    restore(tmp_path / "desk.tar.gz", elsewhere(tmp_path))
    assert not (tmp_path / "other/recordings").exists()


def test_a_home_that_holds_something_is_left_as_it_is(desk, tmp_path):
    back_up(desk, desk.desks, tmp_path / "desk.tar.gz")
    with pytest.raises(DeskError, match="holds something already"):
        restore(tmp_path / "desk.tar.gz", desk)
    assert (desk.home / "secrets.json").read_bytes() == b"{}"


@pytest.mark.parametrize("cut", [0, 10, 300, 900])
def test_a_file_that_is_cut_is_refused_and_nothing_stands_there(desk, tmp_path, cut):
    whole = tmp_path / "desk.tar.gz"
    back_up(desk, desk.desks, whole)
    whole.write_bytes(whole.read_bytes()[:cut])
    with pytest.raises(DeskError, match="no whole backup"):
        restore(whole, elsewhere(tmp_path))
    assert not (tmp_path / "other").exists()
    assert not (tmp_path / "other.restoring").exists()


def _again(path, change):
    """Write the file's members anew, each as `change` makes it; None leaves it out."""
    out = path.with_name("changed.tar.gz")
    with tarfile.open(path) as old, tarfile.open(out, "w:gz") as new:
        for info in old:
            made = change(info, old.extractfile(info).read())
            if made is not None:
                info.size = len(made)
                new.addfile(info, io.BytesIO(made))
    return out


def test_another_byte_is_found_and_nothing_stands_there(desk, tmp_path):
    back_up(desk, desk.desks, tmp_path / "desk.tar.gz")
    bad = _again(tmp_path / "desk.tar.gz", lambda info, data: b"Voices" if info.name.endswith("talk.wav") else data)
    with pytest.raises(DeskError, match=r"recordings/2026/talk.wav in .* is damaged"):
        restore(bad, elsewhere(tmp_path))
    assert not (tmp_path / "other").exists()


def test_a_missing_member_is_found(desk, tmp_path):
    back_up(desk, desk.desks, tmp_path / "desk.tar.gz")
    bad = _again(tmp_path / "desk.tar.gz", lambda info, data: None if info.name.endswith("talk.wav") else data)
    with pytest.raises(DeskError, match="does not hold what it says"):
        restore(bad, elsewhere(tmp_path))


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["../../evil"], tarfile.REGTYPE),
        (["{folder}/evil"], tarfile.REGTYPE),
        (["home/link"], tarfile.SYMTYPE),
        (["home/link"], tarfile.LNKTYPE),
        (["home/pipe"], tarfile.FIFOTYPE),
        (["home/twice", "home/twice"], tarfile.REGTYPE),
    ],
)
def test_a_member_that_leads_out_of_the_folder_or_is_no_file_is_refused(tmp_path, names, kind):
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            info = tarfile.TarInfo(name.format(folder=tmp_path))
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info, io.BytesIO(b""))
    with pytest.raises(DeskError, match=r"no whole backup .*is no file of a backup"):
        restore(path, elsewhere(tmp_path))
    assert not (tmp_path.parent / "evil").exists()
    assert not (tmp_path / "evil").exists()


def test_a_failure_leaves_no_half_file(desk, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "addfile", full)
    with pytest.raises(DeskError, match="No space left"):
        back_up(desk, desk.desks, tmp_path / "desk.tar.gz")
    assert not list(tmp_path.glob("desk.tar.gz*"))
    assert not list(tmp_path.glob(".ivr-backup-*"))


def test_a_home_without_a_ledger_is_told(tmp_path):
    settings = Settings(home=tmp_path / "home")
    with pytest.raises(DeskError, match="There is no desk in"):
        back_up(settings, tmp_path, tmp_path / "desk.tar.gz")
    settings.home.mkdir()
    with pytest.raises(DeskError, match="There is no ledger in"):
        back_up(settings, tmp_path, tmp_path / "desk.tar.gz")


@pytest.mark.postgres
def test_a_ledger_in_postgresql_comes_back_into_an_empty_database(desk, tmp_path, postgres_cluster):
    mine = desk.model_copy(update={"database": postgres_cluster.fresh_database()})
    migrate(mine.database)
    (desk.home / "environment").write_text(f"IVR_BIND=192.0.2.5\nIVR_DATABASE={mine.database}\n")
    back_up(mine, mine.desks, tmp_path / "desk.tar.gz")
    there = elsewhere(tmp_path)
    with pytest.raises(DeskError, match="ledger is of PostgreSQL"):
        restore(tmp_path / "desk.tar.gz", there)
    with pytest.raises(DeskError, match="is not empty"):
        restore(tmp_path / "desk.tar.gz", there.model_copy(update={"database": mine.database}))
    fresh = postgres_cluster.fresh_database()
    restore(tmp_path / "desk.tar.gz", there.model_copy(update={"database": fresh}))
    migrate(fresh)  # it is a ledger of this version
    assert (there.home / "secrets.json").exists()
    assert (there.home / "environment").read_text() == f"IVR_BIND=192.0.2.5\nIVR_DATABASE={fresh}\n"


@pytest.mark.postgres
def test_a_desk_goes_back_from_an_upgrade_by_the_steps_of_the_page(desk, tmp_path, postgres_cluster):
    """docs/production.md, "Upgrade, and back": what the service's start reads is the database of before."""
    upgraded, before = postgres_cluster.fresh_database(), postgres_cluster.fresh_database()
    mine = desk.model_copy(update={"database": upgraded})
    migrate(upgraded)
    (desk.home / "environment").write_text(f"IVR_DATABASE={upgraded}\n")
    back_up(mine, mine.desks, tmp_path / "before.tar.gz")
    engine = open_database(upgraded)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    desk.home.rename(tmp_path / "home.later")
    said = run("restore", str(tmp_path / "before.tar.gz"), "--home", str(desk.home), "--database", before)
    assert said.returncode == 0, said.stderr
    named = (desk.home / "environment").read_text().strip().removeprefix("IVR_DATABASE=")
    assert named == before
    migrate(named)
    with pytest.raises(DeskError, match="later version"):
        migrate(upgraded)


def test_what_callers_said_comes_back_also_where_recordings_are_left_out(desk, tmp_path):
    with closing(sqlite3.connect(desk.home / "ledger.sqlite")) as ledger:
        ledger.execute(
            "INSERT INTO message_text (name, state, tries, language, engine, model, text, confidence, reason)"
            " VALUES ('a-message', 'written', 1, 'ru', 'vosk 0.3.45', 'small-ru', 'перезвоните', 0.9, '')"
        )
        ledger.commit()
    back_up(desk, desk.desks, tmp_path / "desk.tar.gz", recordings=False)
    restore(tmp_path / "desk.tar.gz", elsewhere(tmp_path))
    with closing(sqlite3.connect(tmp_path / "other/ledger.sqlite")) as ledger:
        assert ledger.execute("SELECT text FROM message_text").fetchall() == [("перезвоните",)]
