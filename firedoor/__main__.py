"""`python -m firedoor`: the command line, where the installed command is not on the path."""

from firedoor.cli import main

if __name__ == "__main__":
    main()
