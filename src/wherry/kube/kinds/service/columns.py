"""How ``kubectl get services`` shows a service (pkg/printers/internalversion/printers.go: printService)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wherry.kube.kinds.rows import NONE, UNKNOWN, age, labels, name
from wherry.kube.machinery.model import Object


def cells(service: Object, now: datetime) -> Sequence[Any]:
    """One row."""
    spec = service.get("spec") or {}
    addresses = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [NONE])
    return [
        name(service),
        spec.get("type", ""),
        addresses[0],
        _external(service),
        _ports(spec) or NONE,
        age(service, now),
        labels(spec.get("selector")),
    ]


def _external(service: Object) -> str:
    spec, kind = service.get("spec") or {}, (service.get("spec") or {}).get("type")
    external = list(spec.get("externalIPs") or ())
    if kind in ("ClusterIP", "NodePort"):
        return ",".join(external) or NONE
    if kind == "LoadBalancer":
        return ",".join([*_balancer(service), *external]) or "<pending>"
    return str(spec.get("externalName", "")) if kind == "ExternalName" else UNKNOWN


def _balancer(service: Object) -> list[str]:
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    found = {each.get("ip") or each.get("hostname") for each in ingress}
    return sorted(each for each in found if each)


def _ports(spec: Object) -> str:
    return ",".join(
        f"{port.get('port', 0)}:{port['nodePort']}/{port.get('protocol', '')}"
        if port.get("nodePort")
        else f"{port.get('port', 0)}/{port.get('protocol', '')}"
        for port in spec.get("ports") or ()
    )
