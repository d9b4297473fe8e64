"""Prompts from texts, their loudness, and the audio of recordings."""
