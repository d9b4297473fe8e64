"""House texts: what every desk says when its file gives no text of its own, by language and prompt id."""

from __future__ import annotations

from types import MappingProxyType

WAITED = (10, 20, 30, 60, 120, 300)
"""Seconds waited of which the whisper tells, "at least so many"; below the first it is silent."""

_RU = {
    "notice": "Разговор записывается.",
    "sorry": "Извините, сейчас никто не может ответить. Пожалуйста, позвоните нам позже.",
    "voicemail": "Извините, сейчас никто не может ответить. Оставьте, пожалуйста, сообщение после сигнала.",
    "voicemail.thanks": "Спасибо, мы вам перезвоним.",
    "whisper.waited.10": "ждёт десять секунд",
    "whisper.waited.20": "ждёт двадцать секунд",
    "whisper.waited.30": "ждёт полминуты",
    "whisper.waited.60": "ждёт минуту",
    "whisper.waited.120": "ждёт две минуты",
    "whisper.waited.300": "ждёт больше пяти минут",
    "whisper.known": "звонил раньше",
    "whisper.new": "новый клиент",
    "whisper.ask-source": "спросите, откуда узнал",
    "whisper.accept": "принять — один, отказаться — два",
    "agent.ready": "Вы на линии.",
    "agent.paused": "Пауза.",
    "agent.out": "Смена окончена.",
    "agent.unknown": "Такой причины нет.",
}
_EN = {
    "notice": "This call is recorded.",
    "sorry": "Sorry, nobody can answer right now. Please call us again later.",
    "voicemail": "Sorry, nobody can answer right now. Please leave us a message after the tone.",
    "voicemail.thanks": "Thank you, we will call you back.",
    "whisper.waited.10": "waited ten seconds",
    "whisper.waited.20": "waited twenty seconds",
    "whisper.waited.30": "waited half a minute",
    "whisper.waited.60": "waited a minute",
    "whisper.waited.120": "waited two minutes",
    "whisper.waited.300": "waited over five minutes",
    "whisper.known": "called before",
    "whisper.new": "new caller",
    "whisper.ask-source": "ask how they heard of us",
    "whisper.accept": "one to take the call, two to refuse",
    "agent.ready": "You are ready.",
    "agent.paused": "Paused.",
    "agent.out": "Signed out.",
    "agent.unknown": "No such reason.",
}

HOUSE = MappingProxyType({"ru": MappingProxyType(_RU), "en": MappingProxyType(_EN)})
"""language -> prompt id -> text."""

PHRASE_IDS = tuple(_EN)
"""The prompt ids that a desk's `phrases:` may replace."""


def house_text(prompt: str, language: str) -> str | None:
    """Return the house's text of a prompt, or None when it has none in this language."""
    return HOUSE[language].get(prompt) if language in HOUSE else None
