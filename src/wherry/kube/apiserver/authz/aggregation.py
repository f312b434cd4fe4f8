"""Cluster roles put together of others."""

from collections.abc import Iterable

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import of_object


def aggregate(role: Object, cluster_roles: Iterable[Object]) -> list[Object] | None:
    """The ``rules`` that an aggregated cluster role should have; None when it has them, or is no aggregated one.

    The rules of all others that one of its selectors finds, each once, selector by selector and role by role in the
    order of names (upstream's clusterroleaggregation controller). Raises StatusError for a selector that is none.
    """
    rule = role.get("aggregationRule")
    if not rule:
        return None
    own = role["metadata"]["name"]
    others = sorted((each for each in cluster_roles if each["metadata"]["name"] != own), key=_name)
    found: list[Object] = []
    for selector in rule.get("clusterRoleSelectors") or ():
        parsed = of_object(selector)
        for other in others:
            if parsed.matches(other["metadata"].get("labels")):
                found += [each for each in other.get("rules") or () if each not in found]
    return None if found == (role.get("rules") or []) else found


def _name(role: Object) -> str:
    name: str = role["metadata"]["name"]
    return name
