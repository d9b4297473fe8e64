"""The desk file: its language, its reader, its checks and its prompts."""
