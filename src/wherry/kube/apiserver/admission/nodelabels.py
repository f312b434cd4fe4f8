"""Which labels a node may give itself: pure (k8s.io/kubelet pkg/apis/well_known_labels.go)."""

from collections.abc import Mapping

RESTRICTED = "node-restriction.kubernetes.io"
OWN = frozenset({
    "kubernetes.io/hostname", "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
    "node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type", "kubernetes.io/os", "kubernetes.io/arch",
    "beta.kubernetes.io/os", "beta.kubernetes.io/arch", "node.kubernetes.io/windows-build",
})  # fmt: skip
OWN_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")


def forbidden(new: Mapping[str, str] | None, old: Mapping[str, str] | None) -> list[str]:
    """Those that were added, changed or taken away and are not a node's to decide, sorted."""
    new, old = new or {}, old or {}
    changed = {key for key in {*new, *old} if new.get(key) != old.get(key) or (key in new) != (key in old)}
    return sorted(key for key in changed if not may_set(key))


def may_set(key: str) -> bool:
    """Labels of Kubernetes' own domains only from a list; none that others steer sensitive pods by."""
    domain, slash, _ = key.partition("/")
    if not slash:
        return True
    if _within(domain, RESTRICTED):
        return False
    if not (_within(domain, "kubernetes.io") or _within(domain, "k8s.io")):
        return True
    return key in OWN or any(_within(domain, own) for own in OWN_DOMAINS)


def _within(domain: str, other: str) -> bool:
    return domain == other or domain.endswith(f".{other}")
