"""House texts: what every desk says when its file gives no text of its own, by language and prompt id."""

from __future__ import annotations

from types import MappingProxyType

WAITED = (10, 20, 30, 60, 120, 300)
"""Seconds waited of which the whisper tells, "at least so many"; below the first it is silent."""

PLACES = tuple(range(1, 11))
"""Places in a line that a caller is told; behind them is `more`."""
MINUTES = (1, 2, 3, 5, 10, 15, 20, 30)
"""Minutes of a wait that he is told, "so many at most"; more is `more`."""

WITHIN = (15, 30, 60, 120, 180, 240)
"""Minutes within which a caller may be promised to be called back."""

_RU_WITHIN = ("пятнадцати минут", "получаса", "часа", "двух часов", "трёх часов", "четырёх часов")
_EN_WITHIN = ("fifteen minutes", "half an hour", "an hour", "two hours", "three hours", "four hours")
_KEYS = (*map(str, range(10)), "star", "pound")
_RU_KEYS = ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "звёздочку", "решётку")
_EN_KEYS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "star", "pound")
_RU_PLACES = ["первый", "второй", "третий", "четвёртый", "пятый", "шестой", "седьмой", "восьмой", "девятый", "десятый"]
_EN_PLACES = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
_RU_MINUTES = ("минуты", "двух минут", "трёх минут", "пяти минут", "десяти минут", "пятнадцати минут",
               "двадцати минут", "получаса")  # fmt: skip
_EN_MINUTES = ("a minute", "two minutes", "three minutes", "five minutes", "ten minutes", "fifteen minutes",
               "twenty minutes", "half an hour")  # fmt: skip
_RU = {
    "notice": "Разговор записывается.",
    "sorry": "Извините, сейчас никто не может ответить. Пожалуйста, позвоните нам позже.",
    "voicemail": "Извините, сейчас никто не может ответить. Оставьте, пожалуйста, сообщение после сигнала.",
    "voicemail.thanks": "Спасибо, мы вам перезвоним.",
    **{f"place.{place}": f"Вы {word} в очереди." for place, word in zip(PLACES, _RU_PLACES, strict=True)},
    "place.more": "Перед вами больше десяти человек.",
    **{f"wait.{minutes}": f"Вам ответят в течение {word}." for minutes, word in zip(MINUTES, _RU_MINUTES, strict=True)},
    "wait.more": "Ждать придётся больше получаса.",
    **{
        f"callback.offer.{key}": f"Чтобы не ждать, нажмите {word}: мы перезвоним вам, место в очереди сохранится."
        for key, word in zip(_KEYS, _RU_KEYS, strict=True)
    },
    **{
        f"callback.within.{minutes}": f"Спасибо. Мы перезвоним вам в течение {word} на этот номер. До свидания."
        for minutes, word in zip(WITHIN, _RU_WITHIN, strict=True)
    },
    "callback.hello": "Здравствуйте! Вы просили вам перезвонить.",
    "whisper.callback": "перезвонить клиенту",
    "whisper.unreached": "Клиент не отвечает.",
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
    **{f"place.{place}": f"You are the {word} in the line." for place, word in zip(PLACES, _EN_PLACES, strict=True)},
    "place.more": "There are more than ten callers before you.",
    **{
        f"wait.{minutes}": f"We expect to answer within {word}."
        for minutes, word in zip(MINUTES, _EN_MINUTES, strict=True)
    },
    "wait.more": "The wait is longer than half an hour.",
    **{
        f"callback.offer.{key}": f"If you would rather not wait, press {word}: we call you back and keep your place."
        for key, word in zip(_KEYS, _EN_KEYS, strict=True)
    },
    **{
        f"callback.within.{minutes}": f"Thank you. We will call you back on this number within {word}. Goodbye."
        for minutes, word in zip(WITHIN, _EN_WITHIN, strict=True)
    },
    "callback.hello": "Hello! You asked us to call you back.",
    "whisper.callback": "a call back",
    "whisper.unreached": "Nobody answers there.",
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
