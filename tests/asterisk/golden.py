"""The golden calls of the demo desks: what the caller does, and what everybody must hear and find in the ledger."""

from __future__ import annotations

from dataclasses import dataclass

CUT = "…"
"""Behind a prompt's name: it was begun and not spoken to its end."""


@dataclass(frozen=True, slots=True)
class Press:
    """A key, so many seconds after a prompt was heard to its end; after the answer when no prompt is named."""

    key: str
    after: str = ""
    pause: float = 0.2


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg as the ledger has to have it. `agent` "" stands for the caller's own stages; `*` for who answered."""

    kind: str
    line: str
    agent: str
    reason: str


@dataclass(frozen=True, slots=True)
class Golden:
    """One call and its truth."""

    name: str
    desk: str
    language: str
    number: str
    caller: str
    presses: tuple[Press, ...]
    category: str
    line: str
    heard: tuple[str, ...]
    """By the caller, from the answer to the talk. `music` is the piece of the `hold` class."""
    whispered: tuple[str, ...] = ()
    source: str = ""
    source_how: str = ""
    known: bool = False
    start: float = 0.0
    """Seconds after the first of all calls; 0 = in its turn. Set where an agent of the line has to be free again."""
    ring: float = 1.5
    """Seconds that the agent lets it ring."""
    decides_after: float = 0.0
    """Seconds after which an agent who is asked accepts; 0 where he is not asked."""
    by: str = "caller"
    """Who hangs up."""
    silent_at: tuple[str, ...] = ()
    """The questions to which he pressed nothing, each as often."""

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The one way of a call that is answered by the first agent who is offered it."""
        return (
            Leg("ivr", "", "", "handed over"),
            Leg("queue", self.line, "", "answered"),
            Leg("offer", self.line, "*", "answered"),
            Leg("talk", self.line, "*", f"{self.by} hung up"),
        )


def _ultralight(name: str, caller: str, **truth: object) -> Golden:
    number = truth.pop("number", "100")
    return Golden(f"ultralight-{name}", "ultralight", "ru", number, f"+7921555{caller}", **truth)  # type: ignore[arg-type]


def _homecare(name: str, caller: str, **truth: object) -> Golden:
    return Golden(f"homecare-{name}", "homecare", "en", "400", f"+4420555{caller}", **truth)  # type: ignore[arg-type]


# The source question is the caller's music while he waits: it goes on after his key, and the talk cuts it.
ULTRALIGHT = (
    _ultralight(
        "directions",
        "0101",
        presses=(Press("1", "category"), Press("1", "source")),
        category="directions",
        line="first",
        ring=10.5,  # the whole question, and music
        heard=("informer", "category", "notice", "source", "music…"),
        source="internet",
        source_how="asked",
    ),
    _ultralight(
        "product",
        "0102",
        presses=(Press("2", "informer", 1.5), Press("2", "notice", 1.5)),
        category="product",
        line="second",
        ring=3.5,
        heard=("informer", "category…", "notice", "source…"),
        whispered=("whisper.category.product", "whisper.source.friends", "whisper.new"),
        source="friends",
        source_how="asked",
    ),
    _ultralight(
        "order",
        "0103",
        presses=(Press("3", pause=0.8),),
        category="order",
        line="second",
        heard=("informer…", "notice", "source…"),
        whispered=("whisper.category.order", "whisper.new"),
        by="agent",
    ),
    _ultralight(
        "claim",
        "0104",
        presses=(Press("4", "informer", 2.0), Press("4", "source", 0.5)),
        category="claim",
        line="third",
        ring=11.5,
        decides_after=7.3,
        heard=("informer", "category…", "notice", "source", "music…"),
        whispered=(
            "whisper.category.claim",
            "whisper.source.regular",
            "whisper.waited.10",
            "whisper.new",
            "whisper.accept",
        ),
        source="regular",
        source_how="asked",
    ),
    _ultralight(
        "other",
        "0105",
        presses=(Press("5", "informer", 2.5),),
        category="other",
        line="first",
        heard=("informer", "category…", "notice", "source…"),
    ),
    _ultralight(
        "no-key",
        "0106",
        presses=(),
        category="other",
        line="first",
        heard=("informer", "category", "notice", "source…"),
        by="agent",
        silent_at=("category",),
    ),
    _ultralight(
        "billboard-number",
        "0107",
        number="+78124483455",
        presses=(Press("2", "informer", 1.0),),
        category="product",
        line="second",
        start=24.0,
        heard=("informer", "category…", "notice", "music…"),
        whispered=("whisper.category.product", "whisper.source.billboard", "whisper.new"),
        source="billboard",
        source_how="dialled",
    ),
)

# Here the question comes before the line, so that the whisper always knows the answer.
HOMECARE = (
    _homecare(
        "urgent",
        "0201",
        presses=(Press("1", "greeting", 1.5), Press("1", "source")),
        category="urgent",
        line="second",
        heard=("greeting", "reason…", "reason.1", "source", "notice", "music…"),
        whispered=("whisper.category.urgent", "whisper.source.internet", "whisper.new"),
        source="internet",
        source_how="asked",
    ),
    _homecare(
        "visit",
        "0202",
        presses=(Press("2", "reason"), Press("2", "reason", 1.7)),
        category="visit",
        line="first",
        heard=("greeting", "reason", "source…", "notice", "music…"),
        whispered=("whisper.category.visit", "whisper.source.neighbour", "whisper.new"),
        source="neighbour",
        source_how="asked",
    ),
    _homecare(
        "change",
        "0203",
        presses=(Press("3", pause=0.8), Press("3", pause=2.5)),
        category="change",
        line="first",
        heard=("greeting…", "source…", "notice", "music…"),
        whispered=("whisper.category.change", "whisper.source.leaflet", "whisper.new"),
        source="leaflet",
        source_how="asked",
        by="agent",
    ),
    _homecare(
        "invoice",
        "0204",
        presses=(Press("4", "greeting", 2.5),),
        category="invoice",
        line="second",
        heard=("greeting", "reason…", "source", "notice", "music…"),
        whispered=("whisper.category.invoice", "whisper.new"),
        silent_at=("source",),
    ),
    _homecare(
        "complaint",
        "0205",
        presses=(Press("5", "greeting", 2.0), Press("9", "source")),  # the question has no nine: he is not asked again
        category="complaint",
        line="third",
        decides_after=4.6,
        heard=("greeting", "reason…", "source", "notice", "music…"),
        whispered=("whisper.category.complaint", "whisper.new", "whisper.accept"),
    ),
    _homecare(
        "no-key",
        "0206",
        presses=(Press("3", "source"),),
        category="other",
        line="first",
        heard=("greeting", "reason", "reason", "source", "notice", "music…"),
        silent_at=("reason", "reason"),
        whispered=("whisper.category.other", "whisper.source.leaflet", "whisper.new"),
        source="leaflet",
        source_how="asked",
    ),
)

# Callers who come a second time: what they told before is not asked again.
RETURNED = (
    _ultralight(
        "known",
        "0102",
        presses=(Press("3", "informer", 1.0),),
        category="order",
        line="second",
        heard=("informer", "category…", "notice", "music…"),
        whispered=("whisper.category.order", "whisper.source.friends", "whisper.known"),
        source="friends",
        source_how="known",
        known=True,
    ),
    _homecare(
        "known",
        "0203",
        presses=(Press("4", "greeting", 1.0),),
        category="invoice",
        line="second",
        heard=("greeting", "reason…", "notice", "music…"),
        whispered=("whisper.category.invoice", "whisper.source.leaflet", "whisper.known"),
        source="leaflet",
        source_how="known",
        known=True,
    ),
)

FIRST = ULTRALIGHT + HOMECARE
GOLDEN = FIRST + RETURNED
