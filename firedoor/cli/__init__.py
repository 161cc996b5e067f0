"""The command line: thin. It parses, calls the front door, and shows. One file for each subcommand."""

from firedoor.cli.entry import cli, main

__all__ = ["cli", "main"]
