"""`python -m ivr` is the command `ivr`."""

from ivr.cli.main import main

main()
