"""What the status of a namespace that ends says: pure (k8s.io/kubernetes
pkg/controller/namespace/deletion/status_condition_utils.go)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.times import rfc3339


class Found(msgspec.Struct):
    """What a round found. ``remaining`` counts objects, ``finalizers`` objects that have one, by its name."""

    discovery_error: str = ""
    errors: list[str] = msgspec.field(default_factory=list)
    remaining: dict[GroupResource, int] = msgspec.field(default_factory=dict)
    finalizers: dict[str, int] = msgspec.field(default_factory=dict)
    longest_grace_seconds: int = 0

    @property
    def is_done(self) -> bool:
        """Nothing is left, as far as can be known."""
        return not (self.discovery_error or self.errors or self.remaining)


_FINE = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": (
        "ParsedGroupVersions", "All legacy kube types successfully parsed",
    ),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted", "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}  # fmt: skip


def conditions(old: list[Object], found: Found, now: datetime) -> list[Object]:
    """All five, and what else was there. A time is that of the last change between True and False."""
    wrong = dict(_wrong(found))
    result = [each for each in old if each.get("type") not in _FINE]
    before = {each.get("type"): each for each in old}
    for kind, (reason, message) in _FINE.items():
        status = "True" if kind in wrong else "False"
        reason, message = wrong.get(kind, (reason, message))
        made = {"type": kind, "status": status, "reason": reason, "message": message}
        was = before.get(kind) or {}
        since = was.get("lastTransitionTime") if was.get("status") == status else None
        result.append({**made, "lastTransitionTime": since or rfc3339(now)})
    return result


def _wrong(found: Found) -> Mapping[str, tuple[str, str]]:
    wrong = {}
    if found.discovery_error:
        wrong["NamespaceDeletionDiscoveryFailure"] = ("DiscoveryFailed", found.discovery_error)
    if found.errors:
        texts = sorted(set(found.errors))
        said = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        wrong["NamespaceDeletionContentFailure"] = (
            "ContentDeletionFailed",
            f"Failed to delete all resource types, {len(texts)} remaining: {said}",
        )
    if found.remaining:
        counts = sorted(
            f"{each.resource}.{each.group} has {n} resource instances" for each, n in found.remaining.items()
        )
        wrong["NamespaceContentRemaining"] = (
            "SomeResourcesRemain", f"Some resources are remaining: {', '.join(counts)}",
        )  # fmt: skip
    if found.finalizers:
        counts = sorted(f"{name} in {number} resource instances" for name, number in found.finalizers.items())
        wrong["NamespaceFinalizersRemaining"] = (
            "SomeFinalizersRemain", f"Some content in the namespace has finalizers remaining: {', '.join(counts)}",
        )  # fmt: skip
    return wrong
