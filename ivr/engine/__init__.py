"""The flow engine: pure turns, without clock, socket or database."""
