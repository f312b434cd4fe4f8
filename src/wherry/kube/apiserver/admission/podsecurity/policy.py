"""Levels, versions, and what a namespace's labels ask for."""

import re
from collections.abc import Mapping
from enum import IntEnum

import msgspec
from msgspec.structs import replace

from wherry.kube.machinery.fielderrors import FieldError, Path, invalid

PREFIX = "pod-security.kubernetes.io/"
_VERSION = re.compile(r"v1\.(0|[1-9][0-9]{0,8})", re.ASCII)
LATEST = 1_000_000_000
"""The minor version that is newer than all others."""


class Level(IntEnum):
    """In the order of strictness."""

    PRIVILEGED = 0
    BASELINE = 1
    RESTRICTED = 2

    @property
    def word(self) -> str:
        return self.name.lower()


_LEVELS = {level.word: level for level in Level}


class LevelVersion(msgspec.Struct, frozen=True):
    """``minor``: of Kubernetes 1."""

    level: Level = Level.PRIVILEGED
    minor: int = LATEST

    def __str__(self) -> str:
        return f"{self.level.word}:{'latest' if self.minor == LATEST else f'v1.{self.minor}'}"


class Policy(msgspec.Struct, frozen=True):
    """Of one namespace."""

    enforce: LevelVersion = LevelVersion()
    audit: LevelVersion = LevelVersion()
    warn: LevelVersion = LevelVersion()

    @property
    def is_privileged(self) -> bool:
        return not (self.enforce.level or self.audit.level or self.warn.level)


OPEN = Policy()
"""What an unlabelled namespace has."""


def of_labels(labels: Mapping[str, str] | None) -> tuple[Policy, list[FieldError]]:
    """What the labels ask for, and what is wrong with them. An unreadable level is the strictest when enforcing and
    none for the other two; an unreadable version the latest. Who enforces a level and names none to warn by is warned
    by the same, so that whoever applies a Deployment learns why no pods come (kubernetes#113491)."""
    if not labels or not any(label.startswith(PREFIX) for label in labels):
        return OPEN, []
    found: dict[str, LevelVersion] = {}
    errors: list[FieldError] = []
    for mode in ("enforce", "audit", "warn"):
        given = LevelVersion()
        if mode == "warn" and f"{PREFIX}warn" not in labels and labels.get(f"{PREFIX}enforce") in _LEVELS:
            given = found["enforce"]
        found[mode] = _mode(mode, labels, given, errors)
    return Policy(**found), errors


def _mode(mode: str, labels: Mapping[str, str], given: LevelVersion, errors: list[FieldError]) -> LevelVersion:
    level, version = labels.get(PREFIX + mode), labels.get(f"{PREFIX}{mode}-version")
    if level is not None:
        unreadable = Level.RESTRICTED if mode == "enforce" else Level.PRIVILEGED
        given = replace(given, level=_LEVELS.get(level, unreadable))
        if level not in _LEVELS:
            errors.append(_wrong(mode, level, f"must be one of {', '.join(_LEVELS)}"))
    if version is not None:
        matched = _VERSION.fullmatch(version)
        given = replace(given, minor=int(matched[1]) if matched else LATEST)
        if not matched and version != "latest":
            errors.append(_wrong(f"{mode}-version", version, 'must be "latest" or "v1.x"'))
    return given


def _wrong(label: str, value: str, why: str) -> FieldError:
    return invalid(Path("metadata.labels").key(PREFIX + label), value, why)
