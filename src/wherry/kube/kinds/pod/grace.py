"""How long a pod is given to end (CheckGracefulDelete in pkg/registry/core/pod/strategy.go)."""

from wherry.kube.machinery.model import Object

DEFAULT_SECONDS = 30


def grace_of(pod: Object, asked: int | None = None) -> int:
    """Seconds. ``asked``: by who deletes it. 0: it may go at once, as nothing of it runs."""
    spec = pod.get("spec") or {}
    if not spec.get("nodeName") or (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
        return 0
    if asked is None:
        asked = spec.get("terminationGracePeriodSeconds", DEFAULT_SECONDS)
    return 1 if asked < 0 else int(asked)
