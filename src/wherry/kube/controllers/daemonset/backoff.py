"""On which nodes pods of a daemon keep failing, so that they are not killed and made all day long."""

import msgspec

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 900.0
"""daemon_controller.go: flowcontrol.NewBackOff(1*time.Second, 15*time.Minute)."""


class _Entry(msgspec.Struct, frozen=True):
    pause_seconds: float
    since: float


class FailingNodes:
    """Of one daemon. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def seconds_left(self, node: str, now: float) -> float:
        """Until a failed pod there may be killed; 0: now."""
        entry = self._entries.get(node)
        return max(entry.pause_seconds - (now - entry.since), 0.0) if entry else 0.0

    def failed(self, node: str, now: float) -> None:
        """One was killed there: the next waits twice as long, unless this one had lasted."""
        entry = self._entries.get(node)
        if entry is None or now - entry.since > 2 * LONGEST_SECONDS:
            self._entries[node] = _Entry(FIRST_SECONDS, now)
        else:
            self._entries[node] = _Entry(min(2 * entry.pause_seconds, LONGEST_SECONDS), now)
