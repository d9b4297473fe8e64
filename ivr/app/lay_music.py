"""The music of the lines, in the home: `hold`, and a class for each question that is asked while waiting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shutil import copy2, rmtree

from ivr.asterisk.render import asked_while_waiting, music_class, rounds
from ivr.flows.edition import Edition
from ivr.flows.model import Desk
from ivr.speech.wav import RATES, seconds_of

HOLD = "hold"


def lay_music(music: Path, pieces: Sequence[Path], editions: Iterable[Edition], sounds: Path) -> None:
    """Bring the pieces (.wav and .wav16) to `<music>/hold`, and each published question with them to its class.

    Asterisk plays a class in the order of its names and begins again at its end, so the pieces stand there so often
    that nobody waits longer in one line: he hears the question once. What belongs to nothing any more is removed.
    """
    _fill(music / HOLD, {piece.name: piece for piece in pieces})
    classes = set()
    for edition in editions:
        rounds = _rounds(edition.desk, pieces)
        for language in asked_while_waiting(edition.desk):
            classes.add(name := music_class(edition, language))
            question = sounds / edition.name / language / "source"
            spoken = {f"1-question{end}": question.with_suffix(end) for end in RATES}
            _fill(music / name, {to: file for to, file in spoken.items() if file.exists()}, rounds)
    for folder in music.glob("*-source-*"):
        if folder.name not in classes:
            rmtree(folder)


def _rounds(desk: Desk, pieces: Sequence[Path]) -> dict[str, str]:
    """Return the names in the desk's classes under which the pieces stand there, each with its file in `hold`."""
    names = rounds(desk, lengths_of(pieces))
    ends = sorted({piece.suffix for piece in pieces})
    return {f"2-{number:05}-{name}{end}": f"{name}{end}" for number, name in enumerate(names) for end in ends}


def lengths_of(pieces: Iterable[Path]) -> list[tuple[str, float]]:
    """Return each piece's name without its ending, and its seconds, in the order of the names."""
    return sorted({piece.stem: seconds_of(piece) for piece in pieces}.items())


def _fill(folder: Path, files: Mapping[str, Path], links: Mapping[str, str] | None = None) -> None:
    links = links or {}
    folder.mkdir(parents=True, exist_ok=True)
    for there in folder.iterdir():
        if there.name not in files and there.name not in links:
            there.unlink()
    for name, source in files.items():
        _copy(source, folder / name)
    for name, piece in links.items():
        _link(folder / name, Path("..") / HOLD / piece)


def _link(link: Path, target: Path) -> None:
    if not link.is_symlink() or link.readlink() != target:
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def _copy(source: Path, target: Path) -> None:
    """Copy when size or time differ, in whichever direction: an older file may have replaced a newer one."""
    said = source.stat()
    if not target.is_symlink() and target.exists():
        kept = target.stat()
        if (kept.st_size, kept.st_mtime_ns) == (said.st_size, said.st_mtime_ns):
            return
    fresh = target.with_name(f".{target.name}.new")
    copy2(source, fresh)
    fresh.replace(target)
