"""The cases of ``dockerfiles/``; their form is described in its README.md."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).with_name("dockerfiles")


@dataclass(frozen=True)
class Options:
    """How to build it."""

    build_args: dict[str, str] = field(default_factory=dict)
    target: str = ""
    secrets: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One Dockerfile and what is expected of it. None of ``warnings``: whatever they are."""

    directory: Path
    about: str
    options: Options = field(default_factory=Options)
    error: str = ""
    phase: str = "build"
    config: dict[str, Any] = field(default_factory=dict)
    author: str = ""
    files: dict[str, dict[str, str] | None] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    warnings: list[str] | None = None
    differs: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.directory.name

    @property
    def dockerfile(self) -> Path:
        return self.directory / "Dockerfile"

    @property
    def context(self) -> Path | None:
        """None when there are no files."""
        context = self.directory / "context"
        return context if context.exists() else None


def cases() -> list[Case]:
    """All of them, by number."""
    return [_case(path.parent) for path in sorted(DIRECTORY.glob("*/expect.json"))]


def _case(directory: Path) -> Case:
    said = json.loads((directory / "expect.json").read_text())
    return Case(directory, **{**said, "options": Options(**said.get("options", {}))})
