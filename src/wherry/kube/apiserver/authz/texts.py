"""What a refusal says, in upstream's words (k8s.io/apiserver pkg/endpoints/handlers/responsewriters/errors.go)."""

from wherry.kube.apiserver.model import Attributes
from wherry.kube.apiserver.quoting import quoted
from wherry.kube.machinery import status
from wherry.kube.machinery.model import GroupResource
from wherry.kube.machinery.status import StatusError

_NO_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def denial(asked: Attributes) -> str:
    """``User "x" cannot list resource "pods" in API group "" in the namespace "y"``; it cannot be read as HTML."""
    who = f"User {quoted(asked.user.name)} cannot {asked.verb}"
    if not asked.is_resource:
        return f"{who} path {quoted(asked.path)}".translate(_NO_HTML)
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    what = f"{who} resource {quoted(resource)} in API group {quoted(asked.group)}"
    where = f"in the namespace {quoted(asked.namespace)}" if asked.namespace else "at the cluster scope"
    return f"{what} {where}".translate(_NO_HTML)


def forbidden(asked: Attributes, reason: str = "") -> StatusError:
    """The refusal of what was asked; ``reason`` is the authorizer's."""
    said = denial(asked)
    why = f"{said}: {reason}" if reason else said
    return status.forbidden(GroupResource(asked.group, asked.resource), asked.name, why)
