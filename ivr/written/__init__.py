"""Files that people write: YAML without its traps, every mistake with its place and cure. Pure."""
