"""`python -m edutrack`: the same as the `edutrack` command."""

from edutrack.cli import main

main()
