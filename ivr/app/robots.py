"""The robots' process: one robot for every agent of every desk."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from ivr.app.ears import pitches_of, speech_of, whispers_of
from ivr.app.heartbeat import beat
from ivr.app.secrets import read_secrets
from ivr.errors import DeskError
from ivr.flows.reader import read_desks
from ivr.phone.robot import Behaviour, Post, Robot
from ivr.settings import Settings

_BEHAVIOURS = TypeAdapter(dict[str, Behaviour])
_log = structlog.get_logger("ivr.robots")


async def run_robots(settings: Settings, behaviours: Path | None = None) -> None:
    """Staff the lines until SIGTERM. `behaviours` is a JSON file: agent → what differs from a good agent."""
    if behaviours is not None:
        read_behaviours(behaviours)
    robots = _robots(settings, behaviours)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    tasks: list[asyncio.Task[object]] = [asyncio.create_task(robot.run()) for robot in robots]
    waiting = asyncio.create_task(stopped.wait())
    tasks.append(waiting)
    looked = asyncio.create_task(_all_ready(robots))
    await asyncio.wait([looked, *tasks], return_when=asyncio.FIRST_COMPLETED)
    looked.cancel()
    tasks.append(asyncio.create_task(beat(settings.home, "robots", lambda: _health(robots))))
    _log.info("robots.ready", on_duty=sum(robot.on_duty for robot in robots), agents=len(robots))
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    for failure in ended:
        if isinstance(failure, Exception):
            raise failure


async def _all_ready(robots: list[Robot]) -> None:
    for robot in robots:
        await robot.ready.wait()


def read_behaviours(path: Path) -> dict[str, Behaviour]:
    """Read the file. Raises `DeskError` when it is not as it should be."""
    try:
        return _BEHAVIOURS.validate_json(path.read_bytes())
    except OSError as error:
        raise DeskError(f"{path} cannot be read: {error.strerror}.", "Name a JSON file by --behaviour.") from error
    except ValidationError as error:
        wrong = error.errors()[0]
        place = ".".join(map(str, wrong["loc"])) or "the whole"
        raise DeskError(
            f"{path} does not say how robots behave: {place}: {wrong['msg']}.",
            'Write such as {"201": {"ring": 0.5, "answer": "refuse", "tone": 700, "talk": 10}}.',
        ) from error


def _robots(settings: Settings, behaviours: Path | None) -> list[Robot]:
    desks = read_desks(settings.desks)
    passwords = read_secrets(settings.home / "secrets.json").agents
    pitches = pitches_of(desks)
    robots = []
    for desk in desks.values():
        prompts, speech = whispers_of(desk, settings.sounds), speech_of(desk, settings.sounds)
        for agent in desk.agents:
            if agent not in passwords:
                _log.warning("robot.no_password", agent=agent, cure="start the desk again: `ivr up` makes one")
                continue
            post = Post(agent, passwords[agent], pitches[agent], prompts, speech)
            robots.append(Robot(post, (settings.bind, settings.sip_port), _behaviour_of(agent, behaviours)))
    return robots


def _behaviour_of(agent: str, path: Path | None) -> Callable[[], Behaviour]:
    """Return what asks the file at each call, so that it may change while the robots run."""

    def behave() -> Behaviour:
        return read_behaviours(path).get(agent, Behaviour()) if path is not None else Behaviour()

    return behave


def _health(robots: list[Robot]) -> dict[str, object]:
    return {"agents": len(robots), "on_duty": sum(robot.on_duty for robot in robots)}
