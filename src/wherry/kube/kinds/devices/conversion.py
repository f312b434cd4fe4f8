"""Between v1 and v1beta1 of claims: what v1 has below ``exactly`` is a part of the request there.

(k8s.io/kubernetes pkg/apis/resource/v1beta1/conversion.go)
"""

from wherry.kube.machinery.model import Object

_OWN = ("name", "firstAvailable")
"""The fields of a request that both versions have in the same place."""


def to_v1(spec: Object) -> None:
    """Of the specification of a claim."""
    for request in spec.get("devices", {}).get("requests") or ():
        exactly = {name: request.pop(name) for name in list(request) if name not in _OWN}
        if exactly or not request.get("firstAvailable"):
            request["exactly"] = exactly


def to_v1beta1(spec: Object) -> None:
    for request in spec.get("devices", {}).get("requests") or ():
        request.update(request.pop("exactly", None) or {})
