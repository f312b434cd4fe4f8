"""How ``kubectl get endpoints`` shows them (pkg/printers/internalversion/printers.go: formatEndpoints)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from wherry.kube.kinds.rows import NONE, age, name, some
from wherry.kube.machinery.model import Object


def cells(endpoints: Object, now: datetime) -> Sequence[Any]:
    """One row."""
    found = list(_addresses(endpoints))
    return [name(endpoints), some(found, len(found)) or NONE, age(endpoints, now)]


def _addresses(endpoints: Object) -> Iterable[str]:
    for subset in endpoints.get("subsets") or ():
        addresses = [each.get("ip", "") for each in subset.get("addresses") or ()]
        ports = subset.get("ports") or ()
        if not ports:
            yield from addresses
        for port in ports:
            for ip in addresses:
                yield f"[{ip}]:{port.get('port', 0)}" if ":" in ip else f"{ip}:{port.get('port', 0)}"
