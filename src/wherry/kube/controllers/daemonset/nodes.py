"""Which changes of nodes matter to daemons: labels and taints, and that a node comes or goes. The others, a heartbeat
of each node every few seconds among them, do not."""

from collections.abc import Callable, Iterable

from wherry.kube.client.cache import Cache
from wherry.kube.controllers.frame import Key
from wherry.kube.machinery.model import Object


def _facts(node: Object) -> tuple[object, ...]:
    spec = node.get("spec") or {}
    return node["metadata"].get("labels") or {}, spec.get("taints") or [], node["metadata"].get("uid")


class NodeChanges:
    """For an :class:`Interest` in nodes; ``everybody`` gives the keys of all daemons. It also counts the changes of
    each node (:meth:`version`), so that what was found out about it need not be found out again."""

    def __init__(self, nodes: Cache, everybody: Callable[[], Iterable[Key]]) -> None:
        self._nodes = nodes
        self._everybody = everybody
        self._known: dict[str, tuple[tuple[object, ...], int]] = {}
        self.count = 0
        """How many changes there were."""

    def __call__(self, node: Object) -> Iterable[Key]:
        """Is told the old state and the new one of each change; what counts is what the cache has by now."""
        name = node["metadata"]["name"]
        there = self._nodes.get(name)
        if there is None:
            if self._known.pop(name, None) is None:
                return ()
            self.count += 1
            return self._everybody()
        return self._everybody() if self._notice(name, there) else ()

    def _notice(self, name: str, node: Object) -> bool:
        facts, known = _facts(node), self._known.get(name)
        if known is not None and known[0] == facts:
            return False
        self.count += 1
        self._known[name] = facts, self.count
        return True

    def version(self, node: Object) -> int:
        """Another one after each change that matters."""
        name = node["metadata"]["name"]
        self._notice(name, node)
        return self._known[name][1]
