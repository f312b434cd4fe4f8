"""``IPAddress``: an address of a Service that is taken. Its name is the address."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import NONE, name
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.ipaddress.strategy import IPAddressStrategy

    return IPAddressStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (name(obj), _parent(obj.get("spec", {}).get("parentRef")))


def _parent(reference: Object | None) -> str:
    if reference is None:
        return NONE
    group, resource = reference.get("group", ""), reference.get("resource", "")
    parts = [f"{resource}.{group}" if group else resource, reference.get("namespace", "")]
    return "/".join([parts[0].lower(), *filter(None, parts[1:]), reference.get("name", "")])


def _is_address(text: str) -> Sequence[str]:
    from wherry.kube.kinds.addresses import canonical_address

    return [error.detail for error in canonical_address(Path(), text)]


KIND = Kind(
    "networking.k8s.io",
    "IPAddress",
    "ipaddresses",
    versions("networking.k8s.io", "IPAddress", "v1"),
    "v1",
    _strategy,
    has_status=False,
    namespaced=False,
    singular="ipaddress",
    short_names=("ip",),
    columns=(NAME, Column("ParentRef", description="Whose address it is.")),
    cells=_cells,
    name_check=_is_address,
)
