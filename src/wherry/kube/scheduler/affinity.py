"""Reads affinity: what pods like of nodes, and of pods among each other (what they must have of nodes:
:mod:`wherry.kube.machinery.nodeselectors`)."""

from collections.abc import Iterable

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.nodeselectors import NO_NODE, NodeDemand, node_term
from wherry.kube.machinery.selectors import EVERYTHING
from wherry.kube.scheduler.model import PodTerm, Preference, Scope
from wherry.kube.scheduler.selectors import selector_of

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def node_preferences(affinity: Object) -> tuple[Preference, ...]:
    """Preferred node affinity."""
    listed = (affinity.get("nodeAffinity") or {}).get(_PREFERRED) or ()
    found = (Preference(each.get("weight") or 0, node_term(each.get("preference") or {})) for each in listed)
    return tuple(each for each in found if each.weight and each.term != NO_NODE)


def only_nodes(demand: NodeDemand) -> frozenset[str] | None:
    """The nodes it is about, where every term names one: pods of a DaemonSet need not look at the others. Empty where
    terms contradict themselves."""
    if not demand.terms or any(term.names is None for term in demand.terms):
        return None
    return frozenset(term.names[0] for term in demand.terms if term.names and len(set(term.names)) == 1)


def pod_terms(affinity: Object | None, namespace: str) -> tuple[PodTerm, ...]:
    """What is required of a podAffinity or podAntiAffinity."""
    return tuple(_pod_term(each, namespace) for each in (affinity or {}).get(_REQUIRED) or ())


def preferred_pod_terms(affinity: Object | None, namespace: str, sign: int) -> Iterable[PodTerm]:
    for each in (affinity or {}).get(_PREFERRED) or ():
        weight = each.get("weight") or 0
        if weight:
            yield _pod_term(each.get("podAffinityTerm") or {}, namespace, sign * weight)


def _pod_term(document: Object, namespace: str, weight: int = 0) -> PodTerm:
    """The keys of ``matchLabelKeys`` and ``mismatchLabelKeys`` are in the selector by now: the API puts them there."""
    namespaces = frozenset(document.get("namespaces") or ())
    chosen = document.get("namespaceSelector")
    if chosen is None:
        among = None
        namespaces = namespaces or frozenset({namespace})
    else:
        among = selector_of(chosen) if chosen else EVERYTHING
    scope = Scope(namespaces, selector_of(document.get("labelSelector")), among)
    return PodTerm(scope, document.get("topologyKey", ""), weight)
