"""`ivr call`: a real call into the running desk."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.options import Home, Json, running_settings
from ivr.errors import DeskError
from ivr.settings import Settings

if TYPE_CHECKING:
    from ivr.flows.model import Desk
    from ivr.phone.call import End, Event
    from ivr.phone.caller import Plan, Report, Witness

DEFAULT_CALLER = "+79210000001"


class CallFailedError(DeskError):
    """The call never came to a talk."""

    exit_code = 1


def call(
    number: Annotated[str, typer.Argument(help="The number to dial, as 100.")],
    keys: Annotated[
        str, typer.Option(help="A key for each question, as 2 or 2w1-: w waits a second, - answers nothing.")
    ] = "",
    caller: Annotated[str, typer.Option("--from", help="The caller's number.")] = DEFAULT_CALLER,
    name: Annotated[str, typer.Option(help="The caller's name.")] = "",
    heard: Annotated[Path | None, typer.Option(help="Keep what the caller heard in this WAV file.")] = None,
    say: Annotated[Path | None, typer.Option(help="Speak this sound file to the agent.")] = None,
    hang_up_after: Annotated[str, typer.Option(help="Hang up after this much talk with the agent.")] = "6s",
    patience: Annotated[str, typer.Option(help="Hang up after this much time, whatever happens.")] = "120s",
    to: Annotated[str, typer.Option(help="host:port of another desk.", show_default="the running desk")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Call the desk, press keys in time with its prompts, talk with the agent, and tell what happened when."""
    import asyncio

    from ivr.phone.caller import Plan
    from ivr.phone.steps import read_steps
    from ivr.phone.wav import read_sound, write_sound

    plan = Plan(
        number=number,
        caller=caller,
        name=name,
        steps=read_steps(keys),
        sound=read_sound(say) if say else None,
        talk=_seconds(hang_up_after, "--hang-up-after"),
        patience=_seconds(patience, "--patience"),
    )
    settings = running_settings(home)
    server = _server(to) if to else (settings.bind, settings.sip_port)
    desks = _desks(settings)
    report, uniqueid = asyncio.run(_place(plan, server, desks, settings, quiet=as_json))
    if heard is not None:
        write_sound(heard, report.sound)
    if as_json:
        _print_json(plan, report, uniqueid)
    if report.end.by == "failed":
        raise _failure(plan.number, server, report.end, desks)
    if not as_json:
        _print_end(report, uniqueid, heard, home)


async def _place(
    plan: Plan, server: tuple[str, int], desks: dict[str, Desk], settings: Settings, *, quiet: bool
) -> tuple[Report, str]:
    from ivr.app.ears import knowledge_of
    from ivr.app.witness import JournalWitness
    from ivr.phone.caller import Caller, Knowledge, Nobody
    from ivr.phone.phone import Phone

    here = server == (settings.bind, settings.sip_port)
    journal = JournalWitness(settings.journal, plan.number, plan.caller) if here else None
    witness: Witness = journal or Nobody()
    tell = (lambda _event: None) if quiet else _print_event
    desk = next((desk for desk in desks.values() if plan.number in desk.numbers), None)
    knowledge = knowledge_of(desk, desks, settings.sounds) if desk else Knowledge()
    local = server[0] == "localhost" or server[0].startswith("127.")
    async with Phone(server=server, bind="127.0.0.1" if local else "0.0.0.0") as phone:  # noqa: S104 - as routed
        report = await Caller(plan, knowledge, witness, tell).run(phone)
    return report, journal.uniqueid if journal else ""


def _desks(settings: Settings) -> dict[str, Desk]:
    """Return the desks; without them the call is placed all the same, only with nothing to recognise."""
    from ivr.flows.reader import read_desks

    try:
        return read_desks(settings.desks)
    except DeskError:
        return {}


def _failure(number: str, server: tuple[str, int], end: End, desks: dict[str, Desk]) -> DeskError:
    where = f"{server[0]}:{server[1]}"
    if end.code == 408:
        return CallFailedError(f"Nothing answers at {where}.", "Start the desk with `make run`, or name it by --home.")
    if end.code == 404:
        numbers = ", ".join(number for desk in desks.values() for number in desk.numbers)
        return CallFailedError(f"No desk answers {number}.", f"The desks' numbers are {numbers}." if numbers else "")
    return CallFailedError(
        f"The desk at {where} refused the call: {end.code} {end.reason}.", "`ivr status` says whether all of it runs."
    )


def _seconds(text: str, option: str) -> float:
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)s?", text)
    if match is None:
        raise DeskError(f"{option} cannot be {text!r}.", "Give seconds, such as 10s.")
    return float(match[1])


def _server(text: str) -> tuple[str, int]:
    match = re.fullmatch(r"([A-Za-z0-9.-]+):(\d{1,5})", text)
    if match is None or not 0 < int(match[2]) < 65536:
        raise DeskError(f"--to cannot be {text!r}.", "Give a host and a port, such as 127.0.0.1:5060.")
    return match[1], int(match[2])


def _print_event(event: Event) -> None:
    if event.name == "failed":
        return  # the error that follows says it with its cure
    print(f"{f'{event.name} {event.detail}'.strip()} at {event.at:.1f} s", flush=True)


def _print_end(report: Report, uniqueid: str, heard: Path | None, home: Path | None) -> None:
    if report.unpressed:
        print(f"no question came for the keys {report.unpressed}")
    if heard is not None:
        print(f"what the caller heard is in {heard}")
    if uniqueid:
        print(f"its legs: ivr calls show {uniqueid}" + (f" --home {shlex.quote(str(home))}" if home else ""))


def _print_json(plan: Plan, report: Report, uniqueid: str) -> None:
    import json
    from dataclasses import asdict

    told = {
        "call": uniqueid,
        "number": plan.number,
        "from": plan.caller,
        "events": [event._asdict() for event in report.events],
        "prompts": [asdict(prompt) for prompt in report.prompts],
        "unpressed": report.unpressed,
        "ended": asdict(report.end),
    }
    print(json.dumps(told, ensure_ascii=False, indent=1))
