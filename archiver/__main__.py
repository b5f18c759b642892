"""``python -m archiver``: the same as the command."""

from archiver.cli import main

main()
