"""What the subresources of kinds take and answer, and by which verbs.

As upstream's discovery has them (pkg/registry/*/rest/storage_*.go and the handlers behind).
"""

from collections.abc import Iterator

import msgspec

from wherry.kube.kinds.model import Kind
from wherry.kube.machinery.model import GroupResource, GroupVersionKind

_CHANGE = ("get", "patch", "update")
_STREAM = ("create", "get")
_PROXY = ("create", "delete", "get", "patch", "update")
SCALE = GroupVersionKind("autoscaling", "v1", "Scale")


class Subresource(msgspec.Struct, frozen=True):
    """``gvk``: what is sent and answered (or the options that a query is); None: the object itself, in the version
    of the URL. ``verbs`` are sorted."""

    name: str
    verbs: tuple[str, ...]
    gvk: GroupVersionKind | None = None

    def gvk_in(self, kind: Kind, version: str) -> GroupVersionKind:
        """What is sent and answered under a version of the kind."""
        return self.gvk or kind.gvk(version)


STATUS = Subresource("status", _CHANGE)
_SCALE = Subresource("scale", _CHANGE, SCALE)
_PODS = GroupResource("", "pods")
_TABLE: dict[tuple[GroupResource, str], Subresource] = {
    (resource, subresource.name): subresource
    for resource, subresource in (
        (_PODS, Subresource("attach", _STREAM, GroupVersionKind("", "v1", "PodAttachOptions"))),
        (_PODS, Subresource("binding", ("create",), GroupVersionKind("", "v1", "Binding"))),
        (_PODS, Subresource("ephemeralcontainers", _CHANGE)),
        (_PODS, Subresource("eviction", ("create",), GroupVersionKind("policy", "v1", "Eviction"))),
        (_PODS, Subresource("exec", _STREAM, GroupVersionKind("", "v1", "PodExecOptions"))),
        (_PODS, Subresource("log", ("get",))),
        (_PODS, Subresource("portforward", _STREAM, GroupVersionKind("", "v1", "PodPortForwardOptions"))),
        (_PODS, Subresource("proxy", _PROXY, GroupVersionKind("", "v1", "PodProxyOptions"))),
        (_PODS, Subresource("resize", _CHANGE)),
        (
            GroupResource("", "nodes"),
            Subresource("proxy", _PROXY, GroupVersionKind("", "v1", "NodeProxyOptions")),
        ),
        (
            GroupResource("", "services"),
            Subresource("proxy", _PROXY, GroupVersionKind("", "v1", "ServiceProxyOptions")),
        ),
        (
            GroupResource("", "serviceaccounts"),
            Subresource("token", ("create",), GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest")),
        ),
        (GroupResource("", "namespaces"), Subresource("finalize", ("update",))),
        (GroupResource("certificates.k8s.io", "certificatesigningrequests"), Subresource("approval", _CHANGE)),
    )
}


def of(kind: Kind) -> tuple[Subresource, ...]:
    """Those that a kind has, by name. Raises KeyError for one that the kind names and nobody knows."""
    return tuple(sorted(_all(kind), key=lambda each: each.name))


def find(kind: Kind, name: str) -> Subresource | None:
    """The one of that name; None when the kind has none."""
    return next((each for each in _all(kind) if each.name == name), None)


def _all(kind: Kind) -> Iterator[Subresource]:
    if kind.has_status and "update" in kind.verbs:
        yield STATUS
    if kind.scale is not None:
        yield _SCALE
    for name in kind.subresources:
        yield _TABLE[kind.resource, name]
