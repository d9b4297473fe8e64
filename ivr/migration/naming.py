"""Names of an older system -> names that a desk file can have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from ivr.flows.prompts import RESERVED

_NO_NAMES = frozenset((*RESERVED, "hang-up", "true", "false", "null", "phrases"))
_FORBIDDEN = re.compile(r'["<>;\\\[\]{}$|,\x00-\x1f\x7f-\x9f\u2028\u2029]+')
_LATIN = (
    "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch",
    "y e yu ya i yi ye g u",
)
_CYRILLIC = str.maketrans(
    {
        **dict(zip("абвгдеёжзийклмнопрстуфхцчшщ", _LATIN[0].split(), strict=True)),
        **dict(zip("ыэюяіїєґў", _LATIN[1].split(), strict=True)),
        **dict.fromkeys("ъь", ""),
    }
)
_LONGEST = 24
"""Letters of a name that comes from elsewhere; numbers may be put behind it, and a desk and a node of it stand together
in names of Asterisk's (`ivr.flows.names.TOGETHER`)."""


class Namer:
    """Gives each thing a name of its own."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def name(self, wanted: str, otherwise: str) -> str:
        """Return a free name like the wanted one, or like `otherwise` when that has too few plain letters."""
        base = _plain(wanted) or _plain(otherwise) or "part"
        if base in _NO_NAMES:
            base = f"{base}-message"
        found, count = base, 1
        while found in self._taken:
            count += 1
            found = f"{base}-{count}"
        self._taken.add(found)
        return found


def _plain(text: str) -> str:
    """Return small letters, digits and hyphens; "" when much of the text would be lost."""
    letters = sum(letter.isalnum() for letter in text)
    latin = text.lower().translate(_CYRILLIC)
    spread = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", spread)
    if not words or 2 * sum(map(len, words)) < letters:
        return ""
    name = "-".join(words)[:_LONGEST].strip("-")
    return name if name[:1].isalpha() else f"n-{name}"


def people_of(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return number and name of each person: names that telephones can show, each of one person only."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for number, raw in found:
        name = " ".join(_FORBIDDEN.sub(" ", raw.encode(errors="ignore").decode()).split())[:50].strip()
        if not any(letter.isalnum() for letter in name):
            name = f"Agent {number}"
        if name.casefold() in taken:
            name = f"{name} {number}"
        taken.add(name.casefold())
        names[number] = name
    return names
