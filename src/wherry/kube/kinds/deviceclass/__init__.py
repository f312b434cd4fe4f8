"""``DeviceClass``: a kind of devices that claims can ask for."""

from functools import cache

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import Kind, Strategy


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.deviceclass.strategy import DeviceClassStrategy

    return DeviceClassStrategy()


KIND = Kind(
    "resource.k8s.io",
    "DeviceClass",
    "deviceclasses",
    versions("resource.k8s.io", "DeviceClass", "v1", "v1beta2", "v1beta1"),
    "v1",
    _strategy,
    has_status=False,
    namespaced=False,
    singular="deviceclass",
)
