"""What users are told of a pull or a push: Docker's messages (moby pkg/jsonmessage, distribution/xfer)."""

import time
from collections.abc import Callable
from typing import Any

from wherry.engine.images.progress import Report

_INTERVAL_SECONDS = 0.1
_WIDTH = 50
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def plain(status: str, id: str | None = "") -> dict[str, Any]:
    """A line of its own, or the state of the thing ``id``."""
    return {"status": status, "id": id} if id else {"status": status}


def state(status: str, id: str) -> dict[str, Any]:
    """A state without a number; an empty ``progressDetail`` is how Docker says so."""
    return {"status": status, "progressDetail": {}, "id": id}


def counted(status: str, id: str, current_bytes: int, total_bytes: int) -> dict[str, Any]:
    """A state with a number, and the bar that programs print which know nothing of ``progressDetail``."""
    detail = {"current": current_bytes, "total": total_bytes}
    return {"status": status, "progressDetail": detail, "progress": bar(current_bytes, total_bytes), "id": id}


def bar(current_bytes: int, total_bytes: int, width: int = _WIDTH) -> str:
    """``[====>      ]  1.2MB/4.5MB`` (jsonmessage.go JSONProgress.String)."""
    if total_bytes <= 0:
        return f"{human(current_bytes):>8}"
    filled = min(width, current_bytes * width // total_bytes)
    arrow = ("=" * filled + ">")[:width] if filled < width else "=" * (width - 1) + ">"
    return f"[{arrow:<{width}}] {human(current_bytes):>8}/{human(total_bytes)}"


def human(size: float) -> str:
    """Four digits at most (docker/go-units HumanSize)."""
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.4g}{_UNITS[unit]}"


class Throttled:
    """Lets the numbers of one thing through a few times a second. ``clock`` in seconds; for one thread at a time."""

    def __init__(self, report: Report, status: str, id: str, total_bytes: int, clock: Callable[[], float]) -> None:
        self._report = report
        self._status = status
        self._id = id
        self._total = total_bytes
        self._clock = clock
        self._next = 0.0

    def __call__(self, current_bytes: int) -> None:
        now = self._clock()
        if now >= self._next or current_bytes >= self._total:
            self._next = now + _INTERVAL_SECONDS
            self._report(counted(self._status, self._id, current_bytes, self._total))


class LayerProgress:
    """A layer's way into this machine. ``report_from_thread`` is for the thread that extracts it."""

    def __init__(
        self,
        id: str,
        size_bytes: int,
        report: Report,
        report_from_thread: Report,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report = report
        self._id = id
        self._downloading = Throttled(report, "Downloading", id, size_bytes, clock)
        self._extracting = Throttled(report_from_thread, "Extracting", id, size_bytes, clock)
        self._arrived = False
        self._extracted = False

    def began(self) -> None:
        self._report(state("Pulling fs layer", self._id))

    def waiting(self) -> None:
        self._report(state("Waiting", self._id))

    def exists(self) -> None:
        self._arrived = True
        self._report(state("Already exists", self._id))

    def downloading(self, received_bytes: int) -> None:
        self._downloading(received_bytes)

    def retrying(self, seconds: float) -> None:
        unit = "second" if seconds == 1 else "seconds"
        self._report(state(f"Retrying in {seconds:.0f} {unit}", self._id))

    def verifying(self) -> None:
        self._report(state("Verifying Checksum", self._id))

    def arrived(self) -> None:
        self._arrived = True
        self._report(state("Download complete", self._id))
        if self._extracted:
            self._report(state("Pull complete", self._id))

    def extracting(self, read_bytes: int) -> None:
        """For the extracting thread. Not told while it arrives: a layer has one line, and arriving is what counts."""
        if self._arrived:
            self._extracting(read_bytes)

    def extracted(self) -> None:
        """Told when it has arrived too: its snapshot may have been there before, of another image."""
        self._extracted = True
        if self._arrived:
            self._report(state("Pull complete", self._id))
