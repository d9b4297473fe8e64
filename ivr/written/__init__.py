"""Files that others write: YAML without its traps, every mistake with its place and cure; database dumps. Pure."""
