"""The ``wherry`` command: docker's verbs and flags, and the instance's own (up, down, env, status).

One file a group of commands, imported only when one of them is called: ``wherry ps`` must feel instant.
Commands talk to the daemon through its socket, like any other client; nothing here touches the engine.
"""


def main() -> None:
    """Entry point of the ``wherry`` command."""
    from wherry.app.cli.entry import run

    run()
