"""``DeviceTaintRule``: a taint that an administrator gives to devices."""

from functools import cache

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import Kind, Strategy


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.devicetaintrule.strategy import DeviceTaintRuleStrategy

    return DeviceTaintRuleStrategy()


KIND = Kind(
    "resource.k8s.io",
    "DeviceTaintRule",
    "devicetaintrules",
    versions("resource.k8s.io", "DeviceTaintRule", "v1", "v1beta2"),
    "v1",
    _strategy,
    namespaced=False,
    singular="devicetaintrule",
)
