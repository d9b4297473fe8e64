"""The command line: one module a group of commands; heavy modules are loaded by the command that needs them."""
