"""Numbers that the engine and the flow as plain dialplan both keep to: a render imports no engine for them."""

from __future__ import annotations

STEPS_PER_TURN = 50
TURNS_PER_CALL = 60
NEXT_DIGIT_WAIT = 3.0
"""Seconds for the second digit of a key that has several."""
WAITS = (300, 120, 60, 30, 20, 10)
"""Seconds for which there is a prompt "waited at least so long"; a shorter wait is not worth a word."""
ACCEPT_KEY = "1"
DECISION_WAIT = 4.0
"""Seconds for the agent's key after the whisper."""
