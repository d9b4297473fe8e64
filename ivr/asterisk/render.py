"""Asterisk's files, rendered from the templates in `asterisk-config/`.

Rendering is deterministic: the same desks, settings and secrets give the same bytes. Every value that an author or a
setting brings is checked by its filter before it stands in a file, because `;`, `,` or a newline would change the file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ivr.asterisk.compiled import compile_flow
from ivr.asterisk.compiled_callback import compile_back, compile_callback, one_spelling
from ivr.asterisk.compiled_waiting import tell_waiting, told_music
from ivr.asterisk.control import control_dir
from ivr.asterisk.file_paths import plain, tls_paths
from ivr.asterisk.kept_templates import kept_templates
from ivr.asterisk.live import LIVE_EVENTS, WATCHED_EVENTS
from ivr.asterisk.modules import REQUIRED, SHADOW, WANTED
from ivr.asterisk.offering import offer_values, penalty, queue_timeout, recorded, seconds, wrapped_lines
from ivr.errors import DeskError
from ivr.flows.edition import Edition
from ivr.flows.model import Desk, Line
from ivr.flows.prompts import prompts_of, tells_notice
from ivr.ledger.record import FIELDS
from ivr.settings import Settings
from ivr.telephony import codes

ANSWER_DEADLINE = 10
"""Seconds for the controller's first sign of life; each of its turns moves the deadline on."""
ANNOUNCEMENTS, ANNOUNCED, EVERY_DESK = "announcement", "_announced", "_all"
"""The family of Asterisk's database that says which desks have an announcement, the folder of their sounds, and the
name of the announcement of all desks in both: no desk can have it."""
PROVEN = ("extensions.conf", "acts.conf", "queues.conf", "pjsip.conf")
"""The files of which something is proven (`ivr.asterisk.proof`)."""
CALL_LIMIT = 4 * 3600
"""Seconds after which a call is ended, so that no channel stays for ever."""
CALLBACK_LONGEST = 300
"""Seconds that a placeholder stands in its line before it looks whether it still may: the desk may have closed, or an
admin taken the promise back. It keeps its place."""
CALLBACK_FORGOTTEN = 7 * 86400
"""Seconds past its time after which a promise is given up; its caller is still owed a talk."""


_SYNTAX: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}
"""How templates are read."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One file of Asterisk's: its name in the etc folder and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the files are made of."""

    settings: Settings
    editions: Sequence[Edition]
    """The desks as new calls meet them."""
    former: Sequence[Edition]
    """Those of before, in which calls go on."""
    agent_passwords: Mapping[str, str]
    ami_secret: str
    modules: Path
    """Where Asterisk's modules lie."""
    data: Path
    """Asterisk's data folder (documentation, sounds)."""
    pieces: Sequence[tuple[str, float]] = ()
    """The lines' music: each piece's name without its ending, and its seconds."""

    @property
    def desks(self) -> tuple[Desk, ...]:
        """The desks of the editions."""
        return tuple(edition.desk for edition in self.editions)


def render(plan: Plan, templates: Path, only: Collection[str] = ()) -> tuple[Rendered, ...]:
    """Return all files, or `only` some. Raises `DeskError` when a setting cannot stand in an Asterisk file."""
    jinja, values = _environment(templates), _values(plan)
    names = sorted(path.name for path in templates.glob("*.j2") if not only or path.stem in only)
    return tuple(Rendered(name.removesuffix(".j2"), jinja.get_template(name).render(values)) for name in names)


@lru_cache
def _environment(templates: Path) -> Environment:
    """Return what compiles each template once, and keeps what came of it for the next command."""
    return Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        **_SYNTAX,
        autoescape=False,  # noqa: S701 — these are no web pages; `plain` refuses what is special to Asterisk
        bytecode_cache=kept_templates(_SYNTAX),
    )


def _values(plan: Plan) -> dict[str, object]:
    _check_provider(plan)
    home = plan.settings.home.absolute()
    sounds = Path(plain(plan.settings.sounds.absolute()))
    first, last = plan.settings.rtp_ports
    there = {path.stem for path in plan.modules.glob("*.so")}
    every = (*plan.editions, *plan.former)
    counts_misses = any(line.pause_after for one in every for line in one.desk.lines.values())
    required = REQUIRED + (SHADOW if plan.settings.shadow else ())
    return {
        "settings": plan.settings,
        "desks": plan.desks,
        "editions": plan.editions,
        "every_edition": every,
        "edition_of": lambda desk: next(one.name for one in plan.editions if one.desk is desk),
        "queues": queues_of(plan),
        "counts_misses": counts_misses,
        "tell_waiting": tell_waiting,
        "agent_passwords": dict(sorted(plan.agent_passwords.items())),
        "desks_of": {
            number: [desk.desk for desk in plan.desks if number in desk.agents] for number in plan.agent_passwords
        },
        "line_of": lambda number: line_of(plan.desks, number),
        "parking": codes.PARKING,
        "secrets": {"ami": plan.ami_secret},
        "tls": tls_paths(plan.settings),
        "etc": plain(plan.settings.asterisk_etc.absolute()),
        "state": plain(home / "asterisk"),
        "control": plain(control_dir(home)),
        "music": plain(home / "asterisk/music"),
        "recordings": plain(plan.settings.recordings.absolute()),
        "modules": plain(plan.modules),
        "data": plain(plan.data),
        "module_list": [name for name in required + WANTED if name in required or name in there],
        "required": required,
        "journal_fields": ",".join(FIELDS),
        "told_music": [music for edition in every for music in told_music(edition, sounds, _behind(plan, edition))],
        "music_classes": sorted(
            music_class(edition, language) for edition in every for language in asked_while_waiting(edition.desk)
        ),
        "rtp_first": first,
        "rtp_last": last,
        "answer_deadline": ANSWER_DEADLINE,
        "call_limit": CALL_LIMIT,
        "announcements": ANNOUNCEMENTS,
        "announced": ANNOUNCED,
        "every_desk": EVERY_DESK,
        "seconds": seconds,
        "queue_timeout": queue_timeout,
        "penalty": penalty,
        "question_keys": question_keys,
        "compile_flow": _flow_of,
        "compile_back": partial(compile_back, numbers=[number for one in every for number in one.desk.numbers]),
        "one_spelling": one_spelling,
        "compile_callback": partial(_callback_of, counts_misses),
        "callback_longest": CALLBACK_LONGEST,
        "callback_forgotten": CALLBACK_FORGOTTEN,
        "calls_back": any(one.desk.calls_back for one in every),
        "recorded": recorded,
        "offer_values": partial(offer_values, counts_misses),
        "whispers": any(one.desk.whispers for one in every),
        "tells_notice": tells_notice,
        "dial": _dial,
        "codes": codes,
        "wrapped_lines": partial(wrapped_lines, plan.desks),
        "voice_of": partial(voice_of, plan.desks),
        "pauses_of": partial(pauses_of, plan.desks),
        "ways_out": lambda agent: ways_out(plan.desks, agent),
        "agent_context": lambda agent: f"from-{agent}" if ways_out(plan.desks, agent) else "from-agents",
        "live_events": (*LIVE_EVENTS, *WATCHED_EVENTS),
        "selftest_sound": _selftest_sound(plan.editions[0]),
    }


_compiled: dict[str, tuple[Desk, str]] = {}
"""Edition → its desk and its flow's text: an apply renders the present edition several times."""


def _flow_of(edition: Edition) -> str:
    kept = _compiled.get(edition.name)
    if kept is None or kept[0] is not edition.desk:
        kept = _compiled[edition.name] = (edition.desk, compile_flow(edition))
    return kept[1]


def voice_of(desks: Sequence[Desk], agent: str) -> str:
    """Return where the prompts lie in which an agent's own desk speaks to him."""
    desk = _desk_of(desks, agent)
    return f"{desk.desk}/{desk.languages[0]}"


def pauses_of(desks: Sequence[Desk], agent: str) -> tuple[str, ...]:
    """Return the reasons of pauses of an agent's own desk, the first that names him."""
    return _desk_of(desks, agent).pauses


def _desk_of(desks: Sequence[Desk], agent: str) -> Desk:
    return next(desk for desk in desks if agent in desk.agents)


def music_class(edition: Edition, language: str) -> str:
    """Return the name of the music that begins with the desk's source question."""
    return f"{edition.name}-source-{language}"


def queues_of(plan: Plan) -> dict[str, Line]:
    """Return each line by its queue's name.

    One that only a former edition has is there for who waits in it or comes to it, with those of its agents who still
    work here.
    """
    found = {f"{desk.desk}-{name}": line for desk in plan.desks for name, line in desk.lines.items()}
    for edition in plan.former:
        for name, line in edition.desk.lines.items():
            staying = tuple(agent for agent in line.agents if agent in plan.agent_passwords)
            found.setdefault(f"{edition.desk.desk}-{name}", line.model_copy(update={"agents": staying, "wrap": None}))
    return found


def ways_out(desks: Sequence[Desk], agent: str) -> tuple[str, ...]:
    """Return the desks that let the agent call outside."""
    return tuple(desk.desk for desk in desks if agent in desk.diallers)


def _check_provider(plan: Plan) -> None:
    dialling = [desk.desk for desk in plan.desks if desk.outbound]
    if dialling and not plan.settings.provider:
        raise DeskError(
            f"The desk {dialling[0]} lets its agents call outside, and it is not said where such calls go.",
            "Set IVR_PROVIDER to your provider's SIP address, as sip.example.net, or take `outbound` out of the desk.",
        )


def line_of(desks: Sequence[Desk], agent: str) -> str:
    """Return the first line that an agent works on, as the one of a call that is sent to him; empty when on none."""
    lines = (name for desk in desks for name, line in desk.lines.items() if agent in line.agents)
    return next(lines, "")


def question_keys(desk: Desk) -> str:
    """Return the question's keys as the `line` fact tells them: `&k1=internet&k%23=friends`."""
    options = desk.source.options if desk.source else {}
    return "".join(f"&k{quote(key)}={source}" for key, source in options.items())


def asked_while_waiting(desk: Desk) -> tuple[str, ...]:
    """Return the languages in which the desk asks the source question while callers wait."""
    return desk.languages if desk.asks_while_waiting else ()


def _callback_of(counts_misses: bool, edition: Edition) -> str:  # noqa: FBT001 — partial
    desk = edition.desk
    values = {
        name: f"{offer_values(counts_misses, name, line, back=True)},__IVR_RECORD={recorded(desk, line)}"
        for name, line in desk.lines.items()
    }
    return compile_callback(edition, values)


def _selftest_sound(edition: Edition) -> str:
    """Return the desk's shortest prompt, so that the start need not wait for a long one."""
    shortest = min(prompts_of(edition.desk), key=lambda prompt: len(prompt.text))
    return f"{edition.name}/{shortest.language}/{shortest.id}"


def _dial(agent: str) -> str:
    """Return whom to dial: a telephone in the browser comes before the one on the desk, so that it beats the robot."""
    web = f"PJSIP/{agent}-web"
    return f'PJSIP/{agent}${{IF($["${{DEVICE_STATE({web})}}" = "UNAVAILABLE"]?:-web)}}'


def rounds(desk: Desk, pieces: Sequence[tuple[str, float]]) -> list[str]:
    """Return the pieces so often that nobody who waits in one line comes to their end."""
    longest = max(seconds(line.wait) + queue_timeout(line) for line in desk.lines.values())
    once = sum(seconds for _, seconds in pieces)
    return [name for name, _ in pieces] * ceil(longest / max(once, 1.0))


def _behind(plan: Plan, edition: Edition) -> list[Path]:
    hold = Path(plain(plan.settings.home.absolute() / "asterisk/music/hold"))
    return [hold / name for name in rounds(edition.desk, plan.pieces)]
