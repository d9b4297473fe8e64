"""Which recognizers this machine has: engines by their packages, models by folders that somebody has laid.

A model is `<models>/<language>/<its name>/`, or `<models>/all/<its name>/` for one that knows many languages. Which
engine reads it is told by the files in it. Nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ALL = "all"
"""The folder of models that know many languages."""
_BUNDLED = "en-us"
"""What pocketsphinx brings inside its package; it is English."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A library that hears words."""

    name: str
    package: str
    """As pip calls it."""
    marks: tuple[str, ...]
    """Files by which a folder is one of its models."""

    def version(self) -> str | None:
        """Return the installed version; None when it is not here."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


WHISPER = Engine("whisper", "faster-whisper", ("model.bin", "config.json"))
VOSK = Engine("vosk", "vosk", ("am/final.mdl", "conf/model.conf"))
POCKETSPHINX = Engine("pocketsphinx", "pocketsphinx", ())
ENGINES = {engine.name: engine for engine in (WHISPER, VOSK, POCKETSPHINX)}


@dataclass(frozen=True, slots=True)
class Model:
    """A model with the engine that reads it."""

    engine: Engine
    name: str
    path: Path | None
    """None = it lies in the engine's own package."""

    @property
    def bytes(self) -> int:
        """Return how large its files are."""
        if self.path is None:
            return 0
        return sum(one.stat().st_size for one in self.path.rglob("*") if one.is_file())


def model_for(folder: Path, language: str) -> Model | None:
    """Return the model that hears a language here and now; None when there is none, or its engine is not installed.

    The language's own come first, then those of many languages, each by name; last the one inside pocketsphinx.
    """
    found = (model for model in models(folder, language) if model.engine.version())
    return next(found, None)


def models(folder: Path, language: str) -> Iterator[Model]:
    """Yield the models for a language, whether their engines are here or not."""
    for place in (folder / language, folder / ALL):
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            for engine in ENGINES.values():
                if engine.marks and all((path / mark).is_file() for mark in engine.marks):
                    yield Model(engine, path.name, path)
    if language.split("-", maxsplit=1)[0] == "en" and POCKETSPHINX.version():
        yield Model(POCKETSPHINX, _BUNDLED, None)


def strangers(folder: Path) -> list[str]:
    """Return the folders that no engine knows as a model: half unpacked, or one level too deep."""
    places = [place for place in sorted(folder.iterdir()) if place.is_dir()] if folder.is_dir() else []
    return [
        f"{place.name}/{path.name}"
        for place in places
        for path in sorted(place.iterdir())
        if path not in {model.path for model in models(folder, place.name)}
    ]
