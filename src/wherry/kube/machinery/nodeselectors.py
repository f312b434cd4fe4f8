"""Which nodes are meant: ``nodeSelector`` and node affinity (k8s.io/component-helpers scheduling/corev1/nodeaffinity).

Read once and asked of thousands of nodes. What cannot be read (an operator or a number that is none) matches no node:
the API lets some of it in, and upstream's terms with such an error match none either.
"""

from collections.abc import Mapping

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import Requirement, requirement
from wherry.kube.machinery.status import StatusError

NAME = "metadata.name"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!", "Gt": "gt", "Lt": "lt"}


class NodeTerm(msgspec.Struct, frozen=True):
    """All of it holds: of labels, and of the node's name (``names``: which it must have; ``not_names``: which not).
    A term of nothing matches nothing."""

    labels: tuple[Requirement, ...] = ()
    names: tuple[str, ...] | None = None
    not_names: frozenset[str] = frozenset()

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        if not self.labels and self.names is None and not self.not_names:
            return False
        if (self.names is not None and any(name != each for each in self.names)) or name in self.not_names:
            return False
        return all(each.matches(labels) for each in self.labels)


NO_NODE = NodeTerm()


class NodeDemand(msgspec.Struct, frozen=True):
    """``nodeSelector`` (``selector``) and required node affinity: one of ``terms``; None: whichever."""

    selector: tuple[tuple[str, str], ...] = ()
    terms: tuple[NodeTerm, ...] | None = None

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        if any(labels.get(key) != value for key, value in self.selector):
            return False
        return self.terms is None or any(term.matches(name, labels) for term in self.terms)

    @property
    def is_everything(self) -> bool:
        return not self.selector and self.terms is None


def node_demand(spec: Object) -> NodeDemand:
    """Of a pod's ``nodeSelector`` and required node affinity."""
    selector = tuple(sorted((spec.get("nodeSelector") or {}).items()))
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(_REQUIRED)
    return NodeDemand(selector, node_terms(required))


def node_terms(selector: Object | None) -> tuple[NodeTerm, ...] | None:
    """Of a NodeSelector; None: there is none."""
    if selector is None:
        return None
    return tuple(map(node_term, selector.get("nodeSelectorTerms") or ()))


def node_term(document: Object) -> NodeTerm:
    """Of a NodeSelectorTerm."""
    try:
        labels = tuple(map(_requirement, document.get("matchExpressions") or ()))
    except (StatusError, KeyError):
        return NO_NODE
    names: tuple[str, ...] | None = None
    not_names: set[str] = set()
    for each in document.get("matchFields") or ():
        operator, values = each.get("operator"), tuple(each.get("values") or ())
        if each.get("key") != NAME or operator not in ("In", "NotIn") or len(values) != 1:
            return NO_NODE
        if operator == "NotIn":
            not_names.update(values)
        else:
            names = (*(names or ()), *values)
    return NodeTerm(labels, names, frozenset(not_names))


def _requirement(document: Object) -> Requirement:
    """Raises StatusError or KeyError when it makes no sense."""
    operator = _OPERATORS[document.get("operator") or ""]
    return requirement(document.get("key") or "", operator, tuple(document.get("values") or ()))
