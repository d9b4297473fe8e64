"""The codes and places that an agent dials on his telephone. A call of a code is an act of his, no call of the ledger.

`*62` and `*63` sign in and out of the queues as with 3CX, `*46` pauses as with FreePBX.
"""

from __future__ import annotations

import re

READY = "*62"
"""Sign in; also the end of a pause or of the wrap-up."""
SIGN_OUT = "*63"
PAUSE = "*46"
"""Alone, or with the number of one of the desk's reasons behind it: `*462`."""

PARKING = (7001, 7049)
"""The numbers of the first and the last place of a parked caller."""
PLACES = frozenset(str(place) for place in range(PARKING[0], PARKING[1] + 1))
"""Whoever dials one of them takes the caller who is parked there."""

_CODE = re.compile(r"\*6[23]|\*46[0-9]?").fullmatch


def is_code(dialled: str) -> bool:
    """Say whether this is one of the codes."""
    return _CODE(dialled) is not None
