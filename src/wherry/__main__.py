"""``python -m wherry``: the command."""

from wherry.app.cli import main

if __name__ == "__main__":
    main()
