"""What every way to make a base image gives."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Root:
    """A root file system: ``archive`` is its tar. ``version`` is the default tag; ``epoch_seconds`` the packages'
    time."""

    archive: Path
    version: str
    epoch_seconds: int
    command: tuple[str, ...]


class Missing(Exception):
    """A program is not on this machine; the message says which package has it."""
