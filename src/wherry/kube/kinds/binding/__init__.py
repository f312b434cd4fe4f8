"""Bindings: to create one gives a pod its node (as the subresource ``binding`` does). They are not stored."""

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import Kind

KIND = Kind(
    "",
    "Binding",
    "bindings",
    versions("", "Binding", "v1"),
    "v1",
    has_status=False,
    singular="binding",
    verbs=("create",),
)
