"""`ivr agents`: who can register a telephone, and how."""

from __future__ import annotations

import json
from typing import Any

from ivr.cli.options import Home, Json, running_settings


def agents(home: Home = None, as_json: Json = False) -> None:
    """Show every agent's lines and the credentials of his telephone."""
    from rich.console import Console
    from rich.table import Table

    from ivr.app.secrets import read_secrets
    from ivr.flows.reader import read_desks

    settings = running_settings(home)
    passwords = read_secrets(settings.home / "secrets.json").agents
    rows: list[dict[str, Any]] = [
        {
            "agent": agent,
            "name": name,
            "desk": desk.desk,
            "lines": [line for line, its in desk.lines.items() if agent in its.agents],
            "server": f"{settings.bind}:{settings.sip_port}",
            "password": passwords.get(agent, ""),
            "browser": f"ws://{settings.bind}:{settings.http_port}/ws as {agent}-web",
        }
        for desk in read_desks(settings.desks).values()
        for agent, name in desk.agents.items()
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    table = Table("agent", "name", "desk", "lines", "server", "password", box=None)
    for row in rows:
        table.add_row(row["agent"], row["name"], row["desk"], ", ".join(row["lines"]), row["server"], row["password"])
    Console().print(table)
    print(f"In a browser: ws://{settings.bind}:{settings.http_port}/ws, user <agent>-web, the same password.")
