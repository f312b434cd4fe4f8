"""Docker's exit statuses for a container that could not be started."""

# docker/cli cli/command/container/run.go, runStartContainerErr.
NOT_STARTED, NOT_EXECUTABLE, NOT_FOUND = 125, 126, 127


def start_status(message: str) -> int:
    """127: no such command, 126: it may not be executed, 125: the daemon refused for another reason."""
    if any(words in message for words in ("executable file not found", "no such file or directory")):
        return NOT_FOUND
    if any(words in message for words in ("permission denied", "is a directory")):
        return NOT_EXECUTABLE
    return NOT_STARTED
