"""What a setting is, and how values of the usual kinds are read.

A parser takes a string or a TOML value and raises ValueError saying what is accepted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFIX = "WHERRY_"


@dataclass(frozen=True, slots=True)
class Setting:
    """``parse`` takes a string or a TOML value and raises ValueError saying what is accepted.

    ``flag``: the command line's name of it, where that is another.
    """

    name: str
    default: Any  # of the field's type
    parse: Callable[[object], Any]
    meaning: str
    flag: str = ""

    @property
    def field(self) -> str:
        return self.name.replace(".", "_")

    @property
    def variable(self) -> str:
        return PREFIX + self.field.upper()


def text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return value


def absolute_path(value: object) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError("expected a directory")
    return Path(value).absolute()


def file_name(value: object) -> Path | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("expected a file")
    return Path(value).absolute() if value else None


def switch(value: object) -> bool:
    found = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if found is None:
        raise ValueError("expected true or false")
    return found


def whole(low: int, high: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        wanted = f"expected a whole number from {low} to {high}"
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError(wanted)
        try:
            number = int(value)
        except ValueError:
            raise ValueError(wanted) from None
        if not low <= number <= high:
            raise ValueError(wanted)
        return number

    return parse


def choice(*names: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value not in names:
            raise ValueError(f"expected one of {', '.join(names)}")
        return str(value)

    return parse


def texts(value: object) -> tuple[str, ...]:
    """A list; in the environment one text with commas or blanks between."""
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise ValueError("expected a list of texts")
    return tuple(value)
