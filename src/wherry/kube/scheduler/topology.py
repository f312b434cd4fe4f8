"""Which domain each node is in: its value of one label."""

from wherry.kube.scheduler.nodes import Node


class Topology:
    """Of one label. ``values`` are by slot (None: the node has no such label, or there is no node); ``nodes`` says how
    many nodes each domain has."""

    __slots__ = ("_is_node", "key", "nodes", "values", "without")

    def __init__(self, key: str, slots: list[Node | None]) -> None:
        self.key = key
        self.values: list[str | None] = []
        self.nodes: dict[str, int] = {}
        self.without = 0
        """Nodes that are in no domain."""
        self._is_node: list[bool] = []
        for slot, node in enumerate(slots):
            self.set(slot, node)

    def set(self, slot: int, node: Node | None) -> None:
        """The node at that slot, or that there is none, from now on."""
        while slot >= len(self.values):
            self.values.append(None)
            self._is_node.append(False)
        if self._is_node[slot]:
            old = self.values[slot]
            if old is None:
                self.without -= 1
            else:
                self.nodes[old] -= 1
                if not self.nodes[old]:
                    del self.nodes[old]
        self._is_node[slot] = node is not None
        value = self.values[slot] = node.labels.get(self.key) if node is not None else None
        if node is None:
            return
        if value is None:
            self.without += 1
        else:
            self.nodes[value] = self.nodes.get(value, 0) + 1
