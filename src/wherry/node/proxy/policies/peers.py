"""Which pods a selector selects: pure, and quick for many pods, since most have the labels of others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wherry.kube.machinery.selectors import EVERYTHING, LabelSelector
from wherry.node.proxy.policies.model import PolicyPod

_Labels = tuple[tuple[str, str], ...]
Namespaces = Mapping[str, Mapping[str, str]]
"""Labels by name."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Pods of ``namespace`` (or, None, of those namespaces that ``namespaces`` selects) that ``pods`` selects."""

    pods: LabelSelector
    namespace: str | None = None
    namespaces: LabelSelector = EVERYTHING

    def selects(self, pod: PolicyPod, namespaces: Namespaces) -> bool:
        """The same as :meth:`Pods.selected`, of one pod."""
        if self.namespace is None:
            labels = namespaces.get(pod.namespace)
            return labels is not None and self.namespaces.matches(labels) and self.pods.matches(dict(pod.labels))
        return pod.namespace == self.namespace and self.pods.matches(dict(pod.labels))

    def __str__(self) -> str:
        where = self.namespace if self.namespace is not None else f"({self.namespaces})"
        return f"{where}/{self.pods}"


class Pods:
    """All pods there are, and the labels of their namespaces. It remembers what it has answered."""

    def __init__(self, pods: Iterable[PolicyPod], namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._alike: dict[str, dict[_Labels, list[PolicyPod]]] = {}
        self._found: dict[Selector, tuple[PolicyPod, ...]] = {}
        for pod in pods:
            self._alike.setdefault(pod.namespace, {}).setdefault(pod.labels, []).append(pod)

    def selected(self, selector: Selector) -> tuple[PolicyPod, ...]:
        """In no order."""
        found = self._found.get(selector)
        if found is None:
            found = self._found[selector] = tuple(self._select(selector))
        return found

    def _select(self, selector: Selector) -> Iterable[PolicyPod]:
        for namespace in self._selected_namespaces(selector):
            for labels, pods in self._alike.get(namespace, {}).items():
                if selector.pods.matches(dict(labels)):
                    yield from pods

    def _selected_namespaces(self, selector: Selector) -> Iterable[str]:
        if selector.namespace is not None:
            return (selector.namespace,)
        return [
            name
            for name in self._alike
            if name in self._namespaces and selector.namespaces.matches(self._namespaces[name])
        ]
