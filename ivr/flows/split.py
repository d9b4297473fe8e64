"""Sending some callers one way and some another, to compare two informers or flows."""

from __future__ import annotations

from typing import Annotated, NamedTuple, Self
from zlib import crc32

from pydantic import Field, model_validator

from ivr.flows.part import Part
from ivr.flows.scalars import Target

DIGITS = 9
"""The last digits of his number by which a caller is sent: telephones of one house differ there."""
PRIME = 9973
"""Mixes them. Every number below it is prime to it, so each node has a mixture of its own."""


class Split(Part):
    """A node that sends each share of the callers another way; the same caller always the same."""

    split: dict[Target, Annotated[int, Field(ge=1, le=99)]] = Field(
        min_length=2, description="target: its share of the callers in per cent; 100 in all"
    )

    @property
    def targets(self) -> tuple[str, ...]:
        """Return where it leads."""
        return tuple(self.split)

    @model_validator(mode="after")
    def _all_of_them(self) -> Self:
        if (whole := sum(self.split.values())) != 100:
            raise ValueError(f"the shares are {whole} % in all: make them 100")
        return self


class Mixture(NamedTuple):
    """How a node mixes: `(digits % PRIME * factor + shift) % PRIME % 100` is a caller's place among a hundred."""

    factor: int
    shift: int


def mixture_of(node: str) -> Mixture:
    """Return the node's own, so that who is sent one way here may be sent any way elsewhere."""
    mixed = crc32(node.encode())
    return Mixture(1 + mixed % (PRIME - 1), mixed // (PRIME - 1) % PRIME)


def way_for(name: str, node: Split, who: str) -> str:
    """Return a caller's target. `who`: his number; the name of the call when he hides it."""
    digits = "".join(letter for letter in who if letter in "0123456789")[-DIGITS:]
    mixture = mixture_of(name)
    place = (int(digits or "0") % PRIME * mixture.factor + mixture.shift) % PRIME % 100
    for target, edge in edges(node):
        if place < edge:
            return target
    return next(reversed(node.split))


def way_name(target: str) -> str:
    """Return a target as the journal, an extension and a report name it: `hang up` without its blank."""
    return target.replace(" ", "-")


def edges(node: Split) -> list[tuple[str, int]]:
    """Return each target with the place among a hundred that its callers are below."""
    found, edge = [], 0
    for target, share in node.split.items():
        edge += share
        found.append((target, edge))
    return found
