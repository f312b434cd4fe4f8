"""``Ingress``: which requests from outside go to which Service."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import NONE, age, name
from wherry.kube.machinery.model import Object

_SHOWN = 3


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.ingress.strategy import IngressStrategy

    return IngressStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec = obj.get("spec", {})
    ports = "80, 443" if spec.get("tls") else "80"
    return (name(obj), spec.get("ingressClassName", NONE), _hosts(spec), _addresses(obj), ports, age(obj, now))


def _hosts(spec: Object) -> str:
    """The first rules' hosts, and how many rules there are besides."""
    rules = spec.get("rules") or ()
    hosts = [rule["host"] for rule in rules if rule.get("host")][:_SHOWN]
    if not hosts:
        return "*"
    more = len(hosts) == _SHOWN and len(rules) > _SHOWN
    return f"{','.join(hosts)} + {len(rules) - _SHOWN} more..." if more else ",".join(hosts)


def _addresses(obj: Object) -> str:
    found = obj.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
    return ",".join(sorted({each.get("ip") or each.get("hostname", "") for each in found} - {""}))


KIND = Kind(
    "networking.k8s.io",
    "Ingress",
    "ingresses",
    versions("networking.k8s.io", "Ingress", "v1"),
    "v1",
    _strategy,
    singular="ingress",
    short_names=("ing",),
    columns=(
        NAME,
        Column("Class", description="Who serves it."),
        Column("Hosts", description="For which hosts."),
        Column("Address", description="Where it is served."),
        Column("Ports"),
        AGE,
    ),
    cells=_cells,
)
