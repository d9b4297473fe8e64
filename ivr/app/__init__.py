"""Composition: the only place where core, use cases and adapters meet."""
