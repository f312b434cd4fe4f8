"""Labels of nodes that are no longer to be used, and what to warn a client of who does (pkg/api/node/util.go)."""

from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

DEPRECATED = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}


def selector_warnings(selector: Object | None, path: Path) -> list[str]:
    """Of a LabelSelector, or a term of a NodeSelector."""
    if not selector:
        return []
    found: list[str] = []
    for position, expression in enumerate(selector.get("matchExpressions") or ()):
        key = expression.get("key", "")
        if key in DEPRECATED:
            at = path.child("matchExpressions").index(position).child("key")
            found.append(f"{at}: {key} is {DEPRECATED[key]}")
    labels = path.child("matchLabels")
    found += [
        f"{labels.child(key)}: {DEPRECATED[key]}" for key in selector.get("matchLabels") or () if key in DEPRECATED
    ]
    return found


def affinity_warnings(affinity: Object | None, path: Path) -> list[str]:
    """Of a pod's NodeAffinity."""
    affinity, found = affinity or {}, list[str]()
    required, preferred = (f"{how}DuringSchedulingIgnoredDuringExecution" for how in ("required", "preferred"))
    terms = (affinity.get(required) or {}).get("nodeSelectorTerms") or ()
    for position, term in enumerate(terms):
        found += selector_warnings(term, path.child(required, "nodeSelectorTerms").index(position))
    for position, weighted in enumerate(affinity.get(preferred) or ()):
        at = path.child(preferred).index(position).child("preference")
        found += selector_warnings(weighted.get("preference"), at)
    return found
