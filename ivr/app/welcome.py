"""What a newcomer reads when everything runs: the numbers, the next command, the credentials."""

from __future__ import annotations

from ivr.app.prepare import Prepared


def welcome(prepared: Prepared) -> str:
    """Return the text."""
    settings = prepared.settings
    lines = ["", "The desk answers.", ""]
    for desk in prepared.desks.values():
        lines.append(f"  {desk.desk:<12} sip:{desk.numbers[0]}@{settings.bind}:{settings.sip_port}   numbers {', '.join(desk.numbers)}")
    first = next(iter(prepared.desks.values()))
    home = "" if str(settings.home) == "var" else f" --home {settings.home}"
    agent = next(iter(first.agents))
    lines += [
        "",
        "Next, in a second terminal:",
        f"  .venv/bin/ivr call {first.numbers[0]} --keys 2{home}",
        f"  .venv/bin/ivr calls show last{home}",
        "",
        f"A telephone as agent {agent}: server {settings.bind}:{settings.sip_port}, user {agent}, "
        f"password {prepared.secrets.agents[agent]}",
        f"(in a browser: ws://{settings.bind}:{settings.http_port}/ws, user {agent}-web; all agents: .venv/bin/ivr agents{home})",
        "Ctrl-C drains and stops everything.",
        "",
    ]
    return "\n".join(lines)
