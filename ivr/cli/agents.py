"""`ivr agents`: who is here, since when, how his telephone registers, and his acts from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ivr.cli.options import Home, Json, running_settings

if TYPE_CHECKING:
    from ivr.ledger.agents import Span
    from ivr.settings import Settings

app = typer.Typer(help="Agents: who is here, their acts, their day.", invoke_without_command=True)
Agent = Annotated[str, typer.Argument(metavar="AGENT", help="The agent's number.")]


@app.callback()
def agents(context: typer.Context, as_json: Json = False, home: Home = None) -> None:
    """Show what every agent is doing since when, his lines, and the credentials of his telephone."""
    if context.invoked_subcommand:
        return
    settings = running_settings(home)
    rows = _rows(settings)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    from ivr.cli.agent_day import lasts

    dials = any(row["outside"] for row in rows)
    head = ["agent", "name", "state", "for", "desk", "lines", *(["may call"] if dials else []), "password"]
    table = Table(*head, box=None)
    table.columns[-1].no_wrap = True
    for row in rows:
        state = f"{row['state']}: {row['reason']}" if row["reason"] else row["state"]
        since = "" if row["seconds"] is None else lasts(row["seconds"])
        lines = ", ".join(row["lines"])
        outside = [", ".join(f"{prefix}…" for prefix in row["outside"])] if dials else []
        table.add_row(row["agent"], row["name"], state, since, row["desk"], lines, *outside, row["password"])
    Console().print(table)
    how = " by TLS and SRTP" if settings.tls_certificate else ""
    print(f"A telephone registers at {settings.registrar}{how} as <agent> with this password.")
    print(f"In a browser: {settings.web_socket}, user <agent>-web, the same password.")


@app.command("sign-in")
def sign_in(agent: Agent, home: Home = None) -> None:
    """Sign an agent in: his lines offer him calls. On his telephone: *62."""
    _act(home, "sign-in", agent, said=f"{agent} is signed in.")


@app.command("sign-out")
def sign_out(agent: Agent, home: Home = None) -> None:
    """Sign an agent out, also past a restart; a talk that he has goes on. On his telephone: *63."""
    _act(home, "sign-out", agent, said=f"{agent} is signed out.")


@app.command()
def pause(
    agent: Agent,
    reason: Annotated[str, typer.Option(help="Why, one of the desk's `pauses`.")] = "",
    home: Home = None,
) -> None:
    """Pause an agent, also past a restart; a talk that he has goes on. On his telephone: *46 and the reason's place."""
    _act(home, "pause", agent, reason, said=f"{agent} pauses{f': {reason}' if reason else ''}.")


@app.command()
def ready(agent: Agent, home: Home = None) -> None:
    """End an agent's pause or wrap-up: his lines offer him calls. On his telephone: *62."""
    _act(home, "ready", agent, said=f"{agent} is ready.")


@app.command()
def day(
    date: Annotated[str, typer.Option(help="2026-11-21, in the desk's time zone; today when left out.")] = "",
    agent: Annotated[str, typer.Option(help="Only this one.")] = "",
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Show a day's spans of each agent, and their sums."""
    from ivr.cli.agent_day import show_day

    show_day(running_settings(home), date, agent, as_json=as_json)


def _act(home: Home, name: str, agent: str, reason: str = "", *, said: str) -> None:
    import asyncio
    import logging

    import structlog

    from ivr.app.acting import act

    # The link's own log is for a process that keeps it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(act(running_settings(home), name, agent, reason))
    print(said)


def _rows(settings: Settings) -> list[dict[str, Any]]:
    import time

    from ivr.app.secrets import read_secrets
    from ivr.flows.reader import read_desks

    passwords = read_secrets(settings.home / "secrets.json").agents
    now = int(time.time() * 1e6)
    spans = _spans(settings, now)
    rows: list[dict[str, Any]] = []
    for desk in read_desks(settings.desks).values():
        for agent, name in desk.agents.items():
            span = spans.get(agent)
            rows.append(
                {
                    "agent": agent,
                    "name": name,
                    "state": span.state if span else "never here",
                    "reason": span.reason if span else "",
                    "seconds": (now - span.began_at) / 1e6 if span else None,
                    "call": span.call_id if span else "",
                    "desk": desk.desk,
                    "lines": [line for line, its in desk.lines.items() if agent in its.agents],
                    "outside": list(desk.outbound.allow) if desk.outbound and agent in desk.diallers else [],
                    "server": settings.registrar,
                    "password": passwords.get(agent, ""),
                    "browser": f"{settings.web_socket} as {agent}-web",
                }
            )
    return rows


def _spans(settings: Settings, now: int) -> dict[str, Span]:
    """Return what each agent is now; nothing before the desk has run for the first time."""
    from ivr.errors import DeskError
    from ivr.store.times import Times

    try:
        return Times(settings.database_url).at(now)
    except DeskError:
        return {}
