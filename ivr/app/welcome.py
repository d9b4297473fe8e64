"""What a newcomer reads when everything runs: the numbers, the next command, the credentials."""

from __future__ import annotations

from ivr.app.prepare import Prepared


def welcome(prepared: Prepared) -> str:
    """Return the text."""
    settings = prepared.settings
    desks = sorted(prepared.desks.values(), key=lambda desk: (len(desk.numbers[0]), desk.numbers[0]))
    first = desks[0]
    agent = next(iter(first.agents))
    home = "" if str(settings.home) == "var" else f" --home '{settings.home}'"
    sip = f"{settings.bind}:{settings.sip_port}"
    numbers = [
        f"  {desk.desk:<12} sip:{desk.numbers[0]}@{sip}   (its numbers: {', '.join(desk.numbers)})" for desk in desks
    ]
    return "\n".join(
        [
            "",
            "The desk answers.",
            "",
            *numbers,
            "",
            "Next, in a second terminal:",
            f"  .venv/bin/ivr call {first.numbers[0]} --keys 2{home}",
            f"  .venv/bin/ivr calls show last{home}",
            "",
            f"A telephone as agent {agent}: server {settings.registrar}, user {agent}, "
            f"password {prepared.secrets.agents[agent]}",
            f"All agents, and telephones in the browser: .venv/bin/ivr agents{home}",
            "Ctrl-C drains and stops everything.",
            "",
        ]
    )
