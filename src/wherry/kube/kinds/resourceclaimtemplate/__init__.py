"""``ResourceClaimTemplate``: a claim that each pod gets one of."""

from functools import cache

from wherry.kube.kinds.declared import version
from wherry.kube.kinds.model import Conversion, Kind, Strategy
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.resourceclaimtemplate.strategy import ResourceClaimTemplateStrategy

    return ResourceClaimTemplateStrategy()


def _from_v1beta1(obj: Object) -> Object:
    from wherry.kube.kinds.devices.conversion import to_v1

    to_v1(obj.get("spec", {}).get("spec", {}))
    return obj


def _to_v1beta1(obj: Object) -> Object:
    from wherry.kube.kinds.devices.conversion import to_v1beta1

    to_v1beta1(obj.get("spec", {}).get("spec", {}))
    return obj


KIND = Kind(
    "resource.k8s.io",
    "ResourceClaimTemplate",
    "resourceclaimtemplates",
    (
        version("resource.k8s.io", "ResourceClaimTemplate", "v1"),
        version("resource.k8s.io", "ResourceClaimTemplate", "v1beta2"),
        version("resource.k8s.io", "ResourceClaimTemplate", "v1beta1", Conversion(_from_v1beta1, _to_v1beta1)),
    ),
    "v1",
    _strategy,
    has_status=False,
    singular="resourceclaimtemplate",
)
