"""`ivr import`: desk files to begin with, made of what an older telephone system has."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.errors import AuthorError, DeskError

if TYPE_CHECKING:
    from ivr.migration.desks import Made
    from ivr.migration.shape import Finding, OldSystem

app = typer.Typer(
    help="Make desk files to begin with of a FreePBX, or of a hand-written extensions.conf.", no_args_is_help=True
)

To = Annotated[Path | None, typer.Option(help="Write FOLDER/<desk>.yaml; else the desk is printed.", metavar="FOLDER")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Also over a desk file that is there.")]
Name = Annotated[str, typer.Option("--desk", help="The name of the (first) desk.", show_default="found by itself")]
Only = Annotated[str, typer.Option("--number", help="Only the desk that this number reaches.", show_default="all")]
Language = Annotated[str, typer.Option(help="What callers hear first, as en or ru.")]
Zone = Annotated[str, typer.Option(help="The time zone, as Europe/Moscow.", show_default="found by itself, else UTC")]


Sounds = Annotated[
    Path | None,
    typer.Option(help="The older machine's folder of sounds: bring its recordings along.", metavar="FOLDER"),
]


@app.command()
def freepbx(
    files: Annotated[
        list[Path], typer.Argument(help="A backup (.tar.gz), module files (.json), dumps (.sql, .sql.gz).")
    ],
    to: To = None,
    overwrite: Overwrite = False,
    desk: Name = "",
    number: Only = "",
    language: Language = "en",
    zone: Zone = "",
    sounds: Sounds = None,
) -> None:
    """Make desks of FreePBX's inbound routes, IVRs, queues, ring groups, time conditions and announcements.

    What could not be carried is listed with its table and row, and what to do about it. The FreePBX is only read.
    """
    from ivr.desk.migration_files import tables_of
    from ivr.migration.freepbx import read_freepbx

    _check(language, zone, to, sounds)
    tables = tables_of(files)
    system = read_freepbx(tables)
    names = ", ".join(file.name for file in files)
    if tables.torn:
        what = f"{tables.torn} pieces that are no whole rows: the file ends in the middle, or is damaged"
        system.findings.lose(names, what, "make the dump or the backup again")
    for table in sorted(tables.unnamed):
        cure = "make the dump with its CREATE TABLE statements"
        system.findings.lose(f"{names}: {table}", "rows whose columns have no names, or too few of them", cure)
    _hand_out(system, f"FreePBX, {names}", to, desk, number, language, zone, sounds=sounds, overwrite=overwrite)


@app.command("extensions.conf")
def extensions_conf(
    file: Annotated[
        Path, typer.Argument(help="The hand-written dialplan; what it includes from its folder is read too.")
    ],
    queues: Annotated[
        Path | None, typer.Option(help="Its queues.conf.", show_default="the one in the same folder")
    ] = None,
    context: Annotated[
        list[str] | None, typer.Option(help="Where calls from outside begin; several times for several.")
    ] = None,
    to: To = None,
    overwrite: Overwrite = False,
    desk: Name = "",
    number: Only = "",
    language: Language = "en",
    zone: Zone = "",
    sounds: Sounds = None,
) -> None:
    """Make desks of a hand-written dialplan: Background, Read, Playback, GotoIfTime, Queue, Dial, VoiceMail.

    What could not be carried is listed with file and line, and what to do about it. Nothing of it is run.
    """
    from ivr.desk.migration_files import conf_lines
    from ivr.migration.conf import read_sections
    from ivr.migration.extensions_file import read_extensions
    from ivr.migration.shape import Findings, OldSystem

    _check(language, zone, to, sounds)
    system = OldSystem()
    sections = read_sections(conf_lines(file), system.findings)
    if not sections:
        raise DeskError(f"{file.name} has no [context].", "Give Asterisk's extensions.conf.")
    beside = {name: file.with_name(name) for name in ("queues.conf", "voicemail.conf")}
    # Settings of queues and mailboxes that a desk does not need are no news.
    others = {name: read_sections(conf_lines(path), Findings()) for name, path in beside.items() if path.is_file()}
    if queues:
        others["queues.conf"] = read_sections(conf_lines(queues), Findings())
    mailboxes = others.get("voicemail.conf", {})
    read_extensions(sections, others.get("queues.conf", {}), mailboxes, system, tuple(context or ()))
    _hand_out(system, file.name, to, desk, number, language, zone, sounds=sounds, overwrite=overwrite)


def _check(language: str, zone: str, to: Path | None, sounds: Path | None) -> None:
    import re

    from ivr.flows.scalars import LANGUAGE
    from ivr.flows.spelling import time_zone

    if not re.fullmatch(LANGUAGE, language):
        raise DeskError(f"{language!r} is no language.", "Write two small letters, such as en or ru.")
    if sounds and not to:
        raise DeskError("Recordings lie beside a desk file, and none is written.", "Give --to FOLDER too.")
    if sounds and not sounds.is_dir():
        raise DeskError(f"{sounds} is no folder.", "Name a copy of the older machine's /var/lib/asterisk/sounds.")
    try:
        time_zone(zone or "UTC")
    except ValueError as error:
        raise DeskError(f"{error}.", "Zones have names such as Europe/Moscow, America/Lima, UTC.") from error


def _hand_out(
    system: OldSystem,
    source: str,
    to: Path | None,
    desk: str,
    number: str,
    language: str,
    zone: str,
    *,
    sounds: Path | None,
    overwrite: bool,
) -> None:
    from ivr.migration.desks import desks_of

    if zone:
        system.zone = zone
    try:
        made = desks_of(system, source=source, language=language, name=desk, only=number)
        if not all(one.draft.zone for one in made):
            system.findings.change(source, "no time zone was found: the desk has UTC", "say --zone, as Europe/Moscow")
        _prove(made)
    except DeskError:
        _tell(system, [])
        raise
    if to is None and len(made) > 1:
        names = ", ".join(f"{one.draft.name} ({one.draft.numbers[0].number})" for one in made)
        _tell(system, [])
        raise DeskError(
            f"There are {len(made)} desks in it: {names}.", "Give --to FOLDER, or --number for one of them."
        )
    for path, one in _paths(made, to, overwrite=overwrite):
        if path is None:
            print(one.text, end="")
        else:
            _write(path, one.text)
            print(path)
    _tell(system, _bring(made, to or Path("dialplans"), sounds if to else None, overwrite=overwrite))


def _prove(made: Iterable[Made]) -> None:
    """Read each desk as `ivr check` would. Raises `DeskError` when it cannot be opened: that is a fault of ours."""
    from ivr.flows.reader import source_of
    from ivr.written.document import read_document
    from ivr.written.file import LARGEST

    for one in made:
        if len(one.text.encode()) > LARGEST:
            raise DeskError(f"The desk {one.draft.name} would be larger than 1 MB.", "Leave it out by --number.")
        try:
            document = read_document(one.text)
            source_of(Path(f"{one.draft.name}.yaml"), document)
            if document.mistakes:
                _fail(wrong for _, wrong in document.mistakes)
        except AuthorError as error:
            raise DeskError(
                f"What was found makes no sound desk {one.draft.name}:\n{error.sentence}",
                "Leave this desk out by --number, and report this with the rows that are named.",
            ) from error


def _fail(mistakes: Iterable[str]) -> None:
    raise AuthorError(tuple(mistakes))


def _paths(made: Iterable[Made], to: Path | None, *, overwrite: bool) -> list[tuple[Path | None, Made]]:
    """Return where each desk goes. Raises `DeskError` before anything is written when one is there."""
    found = [(to / f"{one.draft.name}.yaml" if to else None, one) for one in made]
    there = [path.name for path, _ in found if path and path.exists()]
    if there and not overwrite:
        raise DeskError(
            f"{', '.join(there)} is there already, and nothing was written.", "Say --overwrite, or --desk NAME."
        )
    return found


def _write(path: Path, text: str) -> None:
    half = path.with_suffix(".yaml.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as error:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise DeskError(
            f"{path} cannot be written: {error.strerror}.", "Name a folder that you may write to."
        ) from error


def _bring(made: Iterable[Made], to: Path, sounds: Path | None, *, overwrite: bool) -> list[str]:
    """Bring recordings along, and return those that a person has to bring, each with its place."""
    from ivr.migration.shape import shown
    from ivr.migration.write import recordings_of

    left, brought = list[str](), 0
    for one in made:
        for names, prompt, language in recordings_of(one.draft):
            target = to / one.draft.name / "recorded" / language / f"{prompt}.wav"
            if sounds and _copied(sounds, names, language, target, overwrite=overwrite):
                brought += 1
            else:
                left.append(f"{shown(' and '.join(names))} -> {target}")
    if sounds:
        print(f"Recordings brought along: {brought or 'none'}.", file=sys.stderr)
    return left


def _copied(sounds: Path, names: tuple[str, ...], language: str, target: Path, *, overwrite: bool) -> bool:
    from ivr.speech.old_sounds import find_old, joined
    from ivr.speech.wav import write_whole

    if target.exists() and not overwrite:
        return True
    files = [file for name in names if (file := find_old(sounds, name, language))]
    if len(files) < len(names):
        return False
    try:
        content = joined(files)
    except DeskError as error:
        print(f"{error.sentence} It was left out.", file=sys.stderr)
        return False
    try:
        write_whole(target, content)
    except OSError as error:
        raise DeskError(
            f"{target} cannot be written: {error.strerror}.", "Name a folder that you may write to."
        ) from error
    return True


def _tell(system: OldSystem, left: list[str]) -> None:
    _list("Could not be carried:", system.findings.lost)
    _list("Is not quite as it was:", system.findings.changed)
    if left:
        print("Recordings to bring as WAV, FLAC or Ogg; or write their texts into the desk:", file=sys.stderr)
    for one in left:
        print(f"  {one}", file=sys.stderr)


def _list(heading: str, findings: tuple[Finding, ...]) -> None:
    if findings:
        print(heading, file=sys.stderr)
    for one in findings:
        print(f"  {one.where}: {one.what}: {one.cure}", file=sys.stderr)
