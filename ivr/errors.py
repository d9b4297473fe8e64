"""One error root: what went wrong in one sentence, and its cure.

Whatever a user can cause ends as a `DeskError`; the command line prints it as
one message and exits with its code, never with a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence


class DeskError(Exception):
    """Something a user can mend: a sentence and its cure."""

    exit_code = 2

    def __init__(self, sentence: str, cure: str = "") -> None:
        self.sentence = sentence.rstrip()
        self.cure = cure.rstrip()
        super().__init__(f"{self.sentence} {self.cure}".rstrip())


class AuthorError(DeskError):
    """The mistakes of one desk file, all of them at once.

    `mistakes` are lines of the form "file:line:column: what is wrong: the cure".
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        count = len(self.mistakes)
        super().__init__(
            "\n".join(self.mistakes),
            f"{count} mistake{'s' if count != 1 else ''} to mend; nothing was changed.",
        )

    def __str__(self) -> str:
        """Return the mistakes, a line each, and then what to do."""
        return f"{self.sentence}\n{self.cure}"
