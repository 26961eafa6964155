"""`python -m monitor` is the command `mentionwatch`."""

from monitor.cli import main

main()
