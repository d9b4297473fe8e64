"""An edition: one version of a desk, under the name by which Asterisk and the controller tell it from the others.

A call goes on to its end in the edition that it began, whatever is applied meanwhile: so contexts, prompts and music
carry the edition's name. Lines and agents are the desk's, of whatever edition.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flows.model import Desk

BETWEEN = "_"
"""Stands in no desk's name and in no version."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a desk."""

    desk: Desk
    version: str
    """See `ivr.app.editions.version_at`."""

    @property
    def name(self) -> str:
        """Return `<desk>_<version>`."""
        return edition_name(self.desk.desk, self.version)


def edition_name(desk: str, version: str) -> str:
    """Return the name of a desk's version."""
    return f"{desk}{BETWEEN}{version}"


def desk_of(edition: str) -> str:
    """Return the desk of an edition's name; a bare desk's name is its own."""
    return edition.partition(BETWEEN)[0]
