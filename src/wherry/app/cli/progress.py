"""A daemon's progress messages: bars on a terminal, plain lines elsewhere (moby pkg/jsonmessage)."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from wherry.app.cli.parse.units import decimal_size
from wherry.app.cli.printing import escaped
from wherry.app.client import ApiError

_BAR = 50
_WIDE, _NARROW = 110, 60
"""Columns below which the bar is half as long, and below which there is none."""

Message = Mapping[str, Any]


class Display:
    """Shows messages as they come. ``columns`` None: not a terminal; what only moves is left out there."""

    def __init__(self, file: TextIO, columns: int | None = None) -> None:
        self._file = file
        self._columns = columns
        self._lines: dict[str, int] = {}

    @classmethod
    def on(cls, file: TextIO) -> "Display":
        """For what ``file`` is."""
        try:
            columns = os.get_terminal_size(file.fileno()).columns if file.isatty() else None
        except (OSError, ValueError):
            columns = None
        return cls(file, columns)

    def show_all(self, messages: Iterable[Message]) -> list[Any]:
        """Show a stream to its end; the ``aux`` members that it had. Raises ApiError for what the daemon tells of."""
        aux = []
        for message in messages:
            if "error" in message:
                detail = message.get("errorDetail") or {}
                raise ApiError(int(detail.get("code") or 500), str(message["error"]))
            if "aux" in message:
                aux.append(message["aux"])
                continue
            self.show(message)
        return aux

    def show(self, message: Message) -> None:
        detail = message.get("progressDetail") or {}
        if self._columns is None:
            if not detail:
                self._file.write(_text(message) + "\n")
                self._file.flush()
            return
        text = _text(message) + (f" {_bar(detail, self._columns)}" if detail else "")
        if "id" in message and "progressDetail" in message:
            self._redraw(str(message["id"]), text)
        else:
            self._lines.clear()  # what stands above is history
            self._file.write(text + "\n")
        self._file.flush()

    def _redraw(self, id: str, text: str) -> None:
        """One line a thing, rewritten in place (ECMA-48: CUU, EL, CUD)."""
        assert self._columns is not None
        text = text[: self._columns - 1]
        if id not in self._lines:
            self._lines[id] = len(self._lines)
            self._file.write(text + "\n")
            return
        up = len(self._lines) - self._lines[id]
        self._file.write(f"\x1b[{up}A\r\x1b[2K{text}\r\x1b[{up}B")


def _text(message: Message) -> str:
    status = str(message.get("status") or message.get("stream") or "")
    return escaped(f"{message['id']}: {status}" if message.get("id") else status)


def _bar(detail: Mapping[str, Any], columns: int) -> str:
    current, total = int(detail.get("current") or 0), int(detail.get("total") or 0)
    if total <= 0:
        return f"{decimal_size(current):>8}"
    numbers = f"{decimal_size(current):>8}/{decimal_size(total)}"
    width = _BAR if columns > _WIDE else _BAR // 2 if columns > _NARROW else 0
    if not width:
        return numbers
    filled = min(width, current * width // total)
    arrow = ("=" * filled + ">")[:width]
    return f"[{arrow:<{width}}] {numbers}"
