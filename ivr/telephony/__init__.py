"""The nouns of the trade; imports nothing of ours."""
