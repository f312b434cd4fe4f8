"""What RUN runs, and what CMD and ENTRYPOINT put into a configuration. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from wherry.engine.dockerfile import heredoc
from wherry.engine.dockerfile.model import Command, ExecForm, Run

DEFAULT_SHELL = ("/bin/sh", "-c")
SCRIPT_DIRECTORY = "/dev/pipes"
"""Where BuildKit puts a script of a here-document; programs print it as their own name."""


@dataclass(frozen=True, slots=True)
class Script:
    """``arguments`` are to be run. With ``file_name``, ``file_content`` is at that path, in a file of mode 0755."""

    arguments: tuple[str, ...]
    file_name: str = ""
    file_content: str = ""


def command_line(command: Command, shell: Sequence[str] | None) -> tuple[str, ...]:
    """The exec form as it is; the shell form behind ``shell``, the stage's (None or empty: ``/bin/sh -c``)."""
    if isinstance(command, ExecForm):
        return command.arguments
    return (*(shell or DEFAULT_SHELL), command.text)


def script(run: Run, shell: Sequence[str] | None) -> Script:
    """What a RUN runs.

    A command that is one here-document and nothing else is its text, for the shell, or, when that begins with ``#!``, a
    file. Any other here-documents are the shell's own, so it gets them back as they were written.
    """
    if isinstance(run.command, ExecForm) or not run.heredocs:
        return Script(command_line(run.command, shell))
    before = tuple(shell or DEFAULT_SHELL)
    text = run.command.text
    if heredoc.announcement(text) is None:
        bodies = "".join(f"\n{document.content}{document.name}" for document in run.heredocs)
        return Script((*before, text + bodies))
    document = run.heredocs[0]
    if not document.content.startswith("#!"):
        return Script((*before, document.text))
    path = f"{SCRIPT_DIRECTORY}/{heredoc.file_name(document)}"
    return Script((*before, path), path, document.text)
