"""How often Python's collector of cycles looks: as seldom as it finds little.

It counts containers made less containers freed, and goes through all that came since it last did. Where thousands of
pods come and go at once that is most of what it sees, and there is no cycle among it: each look costs as much as
hundreds of requests. Where little happens there are few objects but those in cycles, and to wait longer for them would
only take memory.
"""

import gc
from typing import Any

MOST = 100_000
"""Containers in cycles take some 15 MB then, at worst."""
_MUCH = 0.2
"""As a part of what it waited for."""


class Seldom:
    """A callback of the collector (:data:`gc.callbacks`). ``least``: after how many objects it looks at first, and
    again when it has found much."""

    def __init__(self, least: int, most: int = MOST) -> None:
        self._least = least
        self._most = most

    def __call__(self, phase: str, info: dict[str, Any]) -> None:  # Any: the collector's
        if phase != "stop" or info["generation"] > 0:
            return
        now, *others = gc.get_threshold()
        is_much = info["collected"] >= now * _MUCH
        wanted = self._least if is_much else min(now * 2, self._most)
        if wanted != now:
            gc.set_threshold(wanted, *others)
