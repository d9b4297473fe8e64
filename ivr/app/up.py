"""`ivr up`: one foreground process that starts everything, watches it, and stops it in order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from functools import partial
from pathlib import Path

import structlog

from ivr.app.certificate import look_at_certificate
from ivr.app.condition import ANSWERS, STARTING, STOPPING, SUPERVISOR
from ivr.app.draining import drain
from ivr.app.editions import forget_editions
from ivr.app.heartbeat import beat, last_beat
from ivr.app.hindrances import hindrances
from ivr.app.notify import Notifier
from ivr.app.parts import Part, until
from ivr.app.prepare import Prepared, prepare
from ivr.app.rotation import AsteriskLogs
from ivr.app.selftest import run_selftest, wait_booted
from ivr.app.unit import AFTER_DRAIN, NOT_ROOT
from ivr.app.versions import kept_editions, note_start, read_versions, who
from ivr.app.welcome import welcome
from ivr.asterisk.control import check_depth
from ivr.asterisk.hostname import check_hostname
from ivr.asterisk.private import Progress
from ivr.asterisk.zones import ZONES_CURE, unknown_zones
from ivr.desk.lock import HomeLock
from ivr.errors import DeskError
from ivr.settings import Settings
from ivr.store.migrate import migrate

BOOT_LIMIT = 60.0
AMI_LIMIT = 15.0

_log = structlog.get_logger("ivr.up")


async def run_up(settings: Settings, progress: Progress) -> None:
    """Run the system until SIGINT, SIGTERM or a closed terminal.

    Raises `DeskError` before anything is started, or when a part cannot start.
    """
    systemd = Notifier()
    os.umask(0o077)  # talks, numbers and passwords are their owner's alone
    check_depth(settings.home)
    with HomeLock(settings.home):
        check_ports(settings)
        certificate = look_at_certificate(settings)
        # Callers come by the trunk without it.
        if fault := certificate.fault(time.time()) if certificate else "":
            _log.warning("certificate.ended", fault=fault, cure="Renew it: no telephone registers by TLS.")
        if problem := check_hostname():
            _log.warning("host.name", problem=problem)
        prepared = prepare(settings, progress)
        if os.geteuid() == 0:
            _log.warning("host.root", problem="the desk runs as root, which it never needs", cure=NOT_ROOT)
        if unknown := unknown_zones(prepared.desks.values()):
            _log.warning("host.zones", unknown=unknown, cure=ZONES_CURE)
        for found in hindrances(settings.desks, prepared.desks):  # callers come first: a start is refused by none of it
            _log.warning("desks.doubtful", problem=found.sentence, cure=found.cure)
        migrate(settings.database_url)
        _note_versions(prepared)
        alive = asyncio.create_task(systemd.live())
        try:
            await _run(prepared, systemd)
        finally:
            alive.cancel()


def _note_versions(prepared: Prepared) -> None:
    """Note what is served; what cannot be noted is told, and keeps no desk from its start."""
    home = prepared.settings.home
    try:
        note_start(home, who(), {one.desk.desk: one.name for one in prepared.editions})
        forget_editions(home, prepared.settings.sounds, kept_editions(read_versions(home)))
    except DeskError as error:
        _log.warning("versions.not_noted", reason=error.sentence, cure=error.cure)


async def _run(prepared: Prepared, systemd: Notifier) -> None:
    settings = prepared.settings
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    asterisk, *ours = make_parts(prepared)
    started: list[Part] = []
    run_file = settings.home / "run.json"
    desk = STARTING

    def told() -> dict[str, object]:
        parts = {part.name: {"starts": part.starts, "running": part.running} for part in (asterisk, *ours)}
        return {"desk": desk, "parts": parts}

    beside = [
        asyncio.create_task(beat(settings.home, SUPERVISOR, told)),
        asyncio.create_task(AsteriskLogs(settings.home).keep()),
    ]
    try:
        _write_settings(prepared)
        started.append(asterisk)
        await asterisk.start()
        await _booted(prepared, asterisk)
        if stopping.is_set():
            return
        test = asyncio.create_task(run_selftest(prepared))  # its prompt plays while the others start
        try:
            for part in ours:
                started.append(part)
                await part.start()
            for part in ours:
                await _beating(settings, part)
            if stopping.is_set():
                return
            await test
        finally:
            test.cancel()
            await asyncio.gather(test, return_exceptions=True)
        await _manager_link(settings)
        _write_run(settings)
        desk = ANSWERS
        print(welcome(prepared), flush=True)  # noqa: T201 — the newcomer's next step
        systemd.tell("READY=1", "STATUS=The desk answers.")
        await stopping.wait()
        desk = STOPPING
        systemd.stopping(settings.drain + AFTER_DRAIN)
        said = f"calls in progress may end, for {settings.drain} s at most; press Ctrl-C again to end them now."
        print(f"\nStopping: {said}", flush=True)  # noqa: T201
        stopping.clear()
        await drain(prepared, asterisk, stopping)
    finally:
        run_file.unlink(missing_ok=True)
        await _stop(started)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _beating(settings: Settings, part: Part) -> None:
    if not await until(lambda: last_beat(settings.home, part.name) is not None, BOOT_LIMIT):
        raise DeskError(f"The {part.name} did not start.", f"Its log {part.log} says why.")


async def _asterisk_is_back(prepared: Prepared) -> None:
    """Place the test call after a crash: its channel, the first of a new Asterisk, closes the calls of the dead one."""
    try:
        if await wait_booted(prepared, BOOT_LIMIT):
            await run_selftest(prepared)
    except DeskError as error:
        _log.error("asterisk.selftest", reason=error.sentence, cure=error.cure)


async def _manager_link(settings: Settings) -> None:
    """Prove that the controller is logged in to AMI. Raises `DeskError`."""
    ami: dict[str, object] = {}

    def up() -> bool:
        nonlocal ami
        ami = (last_beat(settings.home, "controller") or {}).get("ami", {})
        return ami.get("state") == "up"

    if not await until(up, AMI_LIMIT):
        raise DeskError(
            f"The controller has no manager link to Asterisk: {ami.get('error') or ami.get('state') or 'not tried'}.",
            f"Is port {settings.ami_port} held by another Asterisk? Try --shift {settings.shift + 100}.",
        )


def make_parts(prepared: Prepared) -> list[Part]:
    """Return the parts in the order of their start."""
    settings = prepared.settings
    logs = settings.home / "log"
    environment = prepared.served.environment() | {"IVR_COLOR": "1" if sys.stdout.isatty() else "0"}
    asterisk = Part(
        "asterisk",
        prepared.installation.argv(settings.asterisk_etc.absolute()),
        prepared.served.environment(),
        logs / "asterisk.log",
        echo=False,
        apart=1.0,  # ids hold the second of their birth: two processes within one would give the same ones
        restarted=partial(_asterisk_is_back, prepared),
    )
    commands = {"loader": ["loader"], "controller": ["controller"]}
    if settings.robots:
        commands["robots"] = ["robots"]
    if settings.mail_file.exists():
        commands["mailer"] = ["mail", "run"]
    if settings.exporter:
        commands["exporter"] = ["exporter"]
    ours = [
        Part(name, [sys.executable, "-m", "ivr", *command], environment, logs / f"{name}.log", beats=settings.home)
        for name, command in commands.items()
    ]
    return [asterisk, *ours]


def check_ports(settings: Settings) -> None:
    """Refuse to start when a port is taken, before anything is written. Raises `DeskError`."""
    wanted = [
        ("SIP", settings.plain_bind, settings.sip_port, socket.SOCK_DGRAM),
        ("SIP", settings.plain_bind, settings.sip_port, socket.SOCK_STREAM),
        ("AGI", "127.0.0.1", settings.agi_port, socket.SOCK_STREAM),
        ("AMI", "127.0.0.1", settings.ami_port, socket.SOCK_STREAM),
        ("HTTP", settings.bind, settings.http_port, socket.SOCK_STREAM),
    ]
    if settings.tls_certificate:
        wanted.append(("TLS", settings.bind, settings.sips_port, socket.SOCK_STREAM))
        wanted.append(("HTTPS", settings.bind, settings.https_port, socket.SOCK_STREAM))
    if settings.exporter:
        wanted.append(("metrics", *settings.exporter, socket.SOCK_STREAM))
    names: dict[tuple[int, int], str] = {}
    for name, host, port, kind in wanted:
        if other := names.get((port, kind)):
            raise DeskError(f"The ports of {name} and {other} are one: {port}.", f"Give another port for {name}.")
        names[port, kind] = name
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as knock:
            if kind == socket.SOCK_STREAM:
                knock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                knock.bind((host, port))
            except OSError as error:
                raise DeskError(
                    f"The {name} port {host}:{port} cannot be had: {error.strerror}.",
                    f"Stop what holds it, or use other ports: --shift {settings.shift + 100}.",
                ) from error


async def _booted(prepared: Prepared, part: Part) -> None:
    booting = asyncio.create_task(wait_booted(prepared, BOOT_LIMIT))
    while not booting.done():
        await asyncio.wait([booting], timeout=0.2)
        if part.starts > 1:
            booting.cancel()
            break
    if booting.cancelled() or not booting.done() or not booting.result():
        tail = " ".join(_last_error(part.log).split())
        raise DeskError(f"Asterisk did not start: {tail}", f"Its log {part.log} says more.")


def _last_error(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-40:] if log.exists() else []
    errors = [line for line in lines if "ERROR" in line]
    return (errors or lines or ["it said nothing"])[-1]


async def _stop(started: list[Part]) -> None:
    """Stop Asterisk first, so that the journal is whole, and the loader last, so that it has read all of it."""
    first = [part for part in started if part.name == "asterisk"]
    last = [part for part in started if part.name == "loader"]
    others = [part for part in started if part not in (*first, *last)]
    for together in (first, others, last):
        await asyncio.gather(*(part.stop(limit=10.0) for part in together))
    _log.info("stopped")


def _write_settings(prepared: Prepared) -> None:
    """Tell the parts and other commands with which settings we run; they stay when it has stopped."""
    told = prepared.served.absolute().model_dump(mode="json")
    _write(prepared.settings.home / "settings.json", told)


def _write_run(settings: Settings) -> None:
    """Tell other commands what runs."""
    ports = {"sip": settings.sip_port, "http": settings.http_port, "agi": settings.agi_port, "ami": settings.ami_port}
    if settings.tls_certificate:
        ports |= {"sips": settings.sips_port, "https": settings.https_port}
    if settings.exporter:
        ports["metrics"] = settings.exporter[1]
    _write(settings.home / "run.json", {"pid": os.getpid(), "ports": ports})


def _write(path: Path, told: dict[str, object]) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(told, indent=1))
    fresh.replace(path)
