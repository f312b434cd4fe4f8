"""What a request needs the right to: fine-grained, as the kubelet of Kubernetes 1.36 has it. Pure.

(pkg/kubelet/server/auth.go: GetRequestAttributes)
"""

from dataclasses import dataclass

_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_FIRST = {"pods": "pods", "runningpods": "pods", "healthz": "healthz", "configz": "configz", "statusz": "statusz"}
"""Either the right to this, or to ``proxy``."""
_ONLY = {"stats": "stats", "metrics": "metrics", "logs": "log", "checkpoint": "checkpoint"}
_STREAMS = frozenset({"exec", "attach", "portForward", "run", "cri"})
"""Processes and sockets. WebSockets are opened by GET, which must not be enough."""


@dataclass(frozen=True, slots=True)
class Needed:
    """``verb`` on any one of these subresources of the node."""

    verb: str
    subresources: tuple[str, ...]


def needed(method: str, path: str) -> Needed:
    """``path`` is decoded and begins with a slash."""
    first = path.split("/", 2)[1]
    verb = "create" if first in _STREAMS else _VERBS.get(method, method.lower())
    if first in _ONLY:
        return Needed(verb, (_ONLY[first],))
    if first.lower() in _FIRST:
        return Needed(verb, (_FIRST[first.lower()], "proxy"))
    return Needed(verb, ("proxy",))
