"""Who wants to know that something of a sandbox has changed."""

import logging
from collections.abc import Callable

from wherry.engine.events import Event
from wherry.node.runtime.needs import EngineEvents

_log = logging.getLogger(__name__)
_SANDBOX = "io.kubernetes.sandbox.id"
_ACTIONS = frozenset(("create", "start", "die", "oom", "destroy", "pause", "unpause", "update"))
Changed = Callable[[str], None]


class Changes:
    """Tells of the engine's events of containers, and of what it is told itself. On the event loop's thread."""

    def __init__(self, events: EngineEvents) -> None:
        self._events = events
        self._subscribers: list[Changed] = []
        self._end: Callable[[], None] | None = None

    def subscribe(self, changed: Changed) -> Callable[[], None]:
        """``changed`` is called with the sandbox's id, after the change; returns what ends that."""
        self._subscribers.append(changed)
        if self._end is None:
            self._end = self._events.listen(self._event)

        def end() -> None:
            if changed in self._subscribers:
                self._subscribers.remove(changed)
            if not self._subscribers:
                self.close()

        return end

    def close(self) -> None:
        """Tell nobody any more. Idempotent."""
        self._subscribers.clear()
        if self._end is not None:
            self._end()
            self._end = None

    def tell(self, sandbox_id: str) -> None:
        """A subscriber that fails is nobody else's trouble."""
        for changed in list(self._subscribers):
            try:
                changed(sandbox_id)
            except Exception:
                _log.exception("telling of sandbox %s", sandbox_id[:12])

    def _event(self, event: Event) -> None:
        """The label was put there by us over whatever an image says; one of a container of no pod means nothing."""
        sandbox_id = event.attributes.get(_SANDBOX)
        if event.kind == "container" and event.action in _ACTIONS and sandbox_id:
            self.tell(sandbox_id)
