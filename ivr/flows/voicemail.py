"""The mailbox of a desk: where a caller leaves a message when there is nobody."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from ivr.flows.part import Part
from ivr.flows.scalars import Duration, Switch, Text

VOICEMAIL = "voicemail"
"""The target that leads to it."""


class Voicemail(Part):
    """What is said before the tone, and how long a message may be."""

    say: Text | None = Field(default=None, description="spoken before the tone; a house text when left out")
    limit: Duration = Field(
        default=timedelta(minutes=2),
        ge=timedelta(seconds=5),
        le=timedelta(minutes=15),
        description="longest message",
    )
    silence: Duration = Field(
        default=timedelta(seconds=8),
        ge=timedelta(seconds=3),
        le=timedelta(minutes=1),
        description="silence that ends a message",
    )
    instead_of_sorry: Switch = Field(
        default=True,
        description="also where a caller would hear `sorry`: his patience is over, no line has anybody",
    )
