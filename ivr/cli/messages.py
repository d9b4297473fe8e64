"""What callers said into the voicemail: `ivr recordings again`, and trying a recognizer on a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.cli.options import Home, Json, running_settings
from ivr.errors import DeskError


def again(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="A message's name, or its call's id.")],
    home: Home = None,
) -> None:
    """Let a message be written out once more: by another model, or after its tries were over."""
    from ivr.desk.recording_path import MESSAGE
    from ivr.store.engine import open_existing
    from ivr.store.message_texts import SqlMessageTexts

    settings = running_settings(home)
    name = wanted if wanted.endswith(MESSAGE) else f"{wanted}{MESSAGE}"
    engine = open_existing(settings.database_url)
    found = SqlMessageTexts(engine, settings.node).again(name)
    engine.dispose()
    if not found:
        raise DeskError(
            f"There is no message {name} that can be heard.", "See them by `ivr recordings list --kind voicemail`."
        )
    print(f"{name} waits to be written out; a running desk does it when nothing newer waits.")


def recognize(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A WAV file of one channel and 16 bits.")],
    language: Annotated[str, typer.Option(help="What is spoken in it: ru, en.")],
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Write a sound file out as a message would be, to see what a model can do; nothing is kept."""
    import asyncio
    from functools import partial

    from ivr.app.parts import DIE_WITH_US
    from ivr.desk.ports_recognizer import NotHeardError
    from ivr.speech.models import model_for
    from ivr.speech.recognizer import ProcessRecognizer
    from ivr.speech.wav import seconds_of

    recognizer = ProcessRecognizer(partial(model_for, running_settings(home).models), before=DIE_WITH_US)
    if not recognizer.languages([language]):
        raise DeskError(f"Nothing on this machine hears {language}.", "`ivr doctor` says how to get a recognizer.")
    try:
        seconds = seconds_of(file)
        with file.open("rb") as wav:
            heard = asyncio.run(recognizer.hear(wav, language, seconds))
    except (NotHeardError, OSError, ValueError) as error:
        cure = "Give a WAV file of one channel and 16 bits, or another model."
        raise DeskError(f"{file} was not written out: {error}.", cure) from error
    if as_json:
        told = {"text": heard.text, "confidence": heard.confidence, "engine": heard.engine, "model": heard.model}
        print(json.dumps(told | {"words": [word._asdict() for word in heard.words]}, ensure_ascii=False, indent=1))
        return
    print(said_told({"state": "written", "text": heard.text, "engine": heard.engine, "model": heard.model,
                     "confidence": heard.confidence}))  # fmt: skip


def said_told(text: Mapping[str, Any]) -> str:
    """Return what was said in a message and how sure that is, or in one sentence why there is no text."""
    if text["state"] == "failed":
        return f"not written out: {text['reason']}"
    if text["state"] != "written":
        why = f" ({text['reason']})" if text["reason"] else ""
        return f"not written out yet{why}; `ivr doctor` says whether this machine can"
    if not text["text"]:
        return f"nothing that {text['engine']} ({text['model']}) understood"
    return f"“{text['text']}” ({text['engine']}, {text['model']}, {text['confidence']:.0%} sure)"
