"""What a controller wrote and its informers have not told it yet.

An informer is behind the API. A controller that counts pods while those it just made are missing makes them again; so
it looks away until it has seen its own writes. Upstream counts them (pkg/controller/controller_utils.go,
ControllerExpectations); here each answer's resource version is remembered, which is a number that rises with every
write of any kind in one store, and an informer says how far it has come.
"""

from wherry.kube.client.informer import Informer
from wherry.kube.controllers.frame import Key
from wherry.kube.machinery.model import Object

LOOK_AGAIN_SECONDS = 1.0
"""When to look whether an expectation is met, if nothing that happens says so before: the object may have come and
gone while its informer's watch was broken."""


class Expectations:
    """Of one controller; keys are those that it reconciles."""

    def __init__(self) -> None:
        self._waiting: dict[Key, dict[Informer, int]] = {}

    def expect(self, key: Key, informer: Informer, written: Object) -> None:
        """The informer is to tell of this answer to a write. One without a resource version (the ``Status`` of a
        deletion) cannot be waited for."""
        revision = int(written.get("metadata", {}).get("resourceVersion") or 0)
        waiting = self._waiting.setdefault(key, {})
        waiting[informer] = max(revision, waiting.get(informer, 0))

    def are_met(self, key: Key) -> bool:
        """All that was written for the key has been told."""
        waiting = self._waiting.get(key)
        if waiting is None:
            return True
        if any(informer.revision < revision for informer, revision in waiting.items()):
            return False
        del self._waiting[key]
        return True

    def forget(self, key: Key) -> None:
        """The thing is gone; another of the same name begins anew."""
        self._waiting.pop(key, None)
