"""How often a workload with many pods is looked at: a look at it is a look at all of them, and each changes often."""

from wherry.kube.client.clock import Clock
from wherry.kube.controllers.frame import Key
from wherry.kube.controllers.podcontrol.owners import key_of
from wherry.kube.machinery.model import Object

REST_SECONDS_A_POD = 0.001
"""A workload of a thousand pods is looked at once a second, not whenever one of them changes."""
FEW = 50
"""So many are looked at whenever one of them changes."""


class Pace:
    """Of one controller."""

    def __init__(self, clock: Clock, seconds_a_pod: float = REST_SECONDS_A_POD) -> None:
        self._clock = clock
        self._seconds = seconds_a_pod
        self._due: dict[Key, tuple[object, float]] = {}
        """Of large workloads: the generation that was looked at, and when it may be looked at again."""

    def rest_seconds(self, owner: Object) -> float:
        """How long it is to be left alone yet; 0: it is to be looked at. What is wanted of it is looked at at once."""
        generation = owner["metadata"].get("generation")
        looked_at, due = self._due.get(key_of(owner), (generation, 0.0))
        return max(due - self._clock.monotonic(), 0.0) if looked_at == generation else 0.0

    def looked(self, owner: Object, pods: int) -> None:
        """It has so many."""
        if pods > FEW:
            due = self._clock.monotonic() + pods * self._seconds
            self._due[key_of(owner)] = owner["metadata"].get("generation"), due
        else:
            self.forget(key_of(owner))

    def forget(self, key: Key) -> None:
        self._due.pop(key, None)
