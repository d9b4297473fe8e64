"""Whether messages of the voicemail can be written out on this machine, and what brings that about."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.app.finding import Finding
from ivr.flows.model import Desk
from ivr.settings import Settings
from ivr.speech.models import ALL, Model, model_for, models, strangers

WHAT = "messages"
_PAGE = "docs/admin.md#messages-in-words"


def look_at_recognizers(settings: Settings, desks: Mapping[str, Desk]) -> Finding:
    """Say of each language in which a message can be left what hears it, or what is missing."""
    folder = settings.models
    wanted = sorted({language for desk in desks.values() if desk.voicemail for language in desk.languages})
    if not wanted:
        return Finding(WHAT, "well", "no desk has a voicemail")
    found = {language: model_for(folder, language) for language in wanted}
    heard = "; ".join(f"{language} by {_told(model)}" for language, model in found.items() if model)
    deaf = [language for language, model in found.items() if model is None]
    if odd := strangers(folder):
        cure = f"A model lies in {folder}/<language>/<name>, or {folder}/{ALL}/<name>: {_PAGE}."
        return Finding(WHAT, "warning", f"{', '.join(odd)} in {folder} is no model that an engine here knows", cure)
    if not deaf:
        return Finding(WHAT, "well", f"written out: {heard}")
    waiting = {model.engine.package for language in deaf for model in models(folder, language)}
    if waiting:
        said = f"there is a model for {', '.join(deaf)}, and its engine is not installed"
        return Finding(WHAT, "warning", said, f"Run: pip install {' '.join(sorted(waiting))}")
    cure = f"For {', '.join(deaf)}: `pip install vosk` or faster-whisper, and a model into {folder}: {_PAGE}."
    if heard:
        return Finding(WHAT, "warning", f"written out: {heard}; not {', '.join(deaf)}", cure)
    return Finding(WHAT, "well", "nothing here writes them out: they are listened to", cure)


def _told(model: Model) -> str:
    return f"{model.engine.package} {model.engine.version()} ({model.name})"
