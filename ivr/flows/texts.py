"""Whether everything that a desk speaks has its words, in each language, and its questions have keys."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.flows.model import Desk
from ivr.flows.phrases import HOUSE, PHRASE_IDS
from ivr.flows.prompts import Spoken, sources_of, spoken_of, text_of
from ivr.written.mistake import Mistake, nearest


def text_mistakes(desk: Desk) -> Iterator[Mistake]:
    """Walk over texts that are missing, in a language that the desk does not speak, or spoken by nobody."""
    for spoken in spoken_of(desk):
        yield from _spoken(desk, spoken)
    for phrase in desk.phrases:
        if phrase not in PHRASE_IDS:
            wrong = f"`{phrase}` is no phrase of the house"
            yield Mistake(("phrases", phrase), wrong, nearest(phrase, PHRASE_IDS), at_key=True)
    yield from _question(desk)
    yield from _source_names(desk)


def _spoken(desk: Desk, spoken: Spoken) -> Iterator[Mistake]:
    text = spoken.text if spoken.text is not None else desk.phrases.get(spoken.id)
    path = spoken.path if spoken.text is not None else ("phrases", spoken.id)
    if isinstance(text, str) and len(desk.languages) > 1:
        languages = ", ".join(f"{language}: …" for language in desk.languages)
        yield Mistake(path, f"`{spoken.id}` has one text, and the desk {len(desk.languages)} languages",
                      f"write {{{languages}}}")  # fmt: skip
        return
    for language in text if isinstance(text, dict) else ():
        if language not in desk.languages:
            wrong = f"the desk does not speak `{language}`"
            yield Mistake((*path, language), wrong, "add it to `languages`, or delete the text", at_key=True)
    for language in desk.languages:
        if text_of(spoken, language, desk) is not None:
            continue
        if spoken.text is None and language not in HOUSE:
            wrong = f"the house has no `{spoken.id}` in `{language}`"
            yield Mistake(("phrases",), wrong, f"add its text under `phrases:`, as `{spoken.id}: …`", at_key=True)
        else:
            yield Mistake(path, f"`{spoken.id}` has no text in `{language}`", f"add `{language}: …`", at_key=True)


def _question(desk: Desk) -> Iterator[Mistake]:
    source = desk.source
    if source is None:
        return
    if source.ask != "never" and not source.options:
        wrong = "the source question has no keys" if source.menu else "the source is asked, and there is no question"
        cure = "add `menu:` and keys such as `1: internet`, or write `ask: never`"
        yield Mistake(("source",), wrong, cure, at_key=True)
    elif source.ask in {"while waiting", "before the line"} and source.menu is None:
        yield Mistake(("source",), "the source question has keys and no text", "add `menu:`", at_key=True)


def _source_names(desk: Desk) -> Iterator[Mistake]:
    source = desk.source
    if source is None:
        return
    if desk.whispers:
        for name in sources_of(desk):
            if name not in source.names:
                wrong = f"the whisper has no words for the source `{name}`"
                yield Mistake(_where(desk, name), wrong, f"add `{name}: …` under `names:`")
    for name in source.names:
        if name not in sources_of(desk):
            wrong = f"no key and no number gives the source `{name}`"
            cure = nearest(name, sources_of(desk), "delete it")
            yield Mistake(("source", "names", name), wrong, cure, "warning", at_key=True)


def _where(desk: Desk, name: str) -> tuple[str, ...]:
    source = desk.source
    for key, option in source.options.items() if source else ():
        if option == name:
            return ("source", key)
    for number, given in source.by_number.items() if source else ():
        if given == name:
            return ("source", "by number", number)
    return ("source",)
