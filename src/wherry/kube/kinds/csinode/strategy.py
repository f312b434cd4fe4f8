"""Rules of CSINodes (k8s.io/kubernetes pkg/apis/storage)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, Found, counts, csi_driver_name, distinct, each, without
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, duplicate, invalid, required
from wherry.kube.machinery.model import Object

_MAX_ID_BYTES = 256
_DRIVERS = SPEC.child("drivers")


class CSINodeStrategy(Strategy):
    def prepare_create(self, obj: Object, context: Context) -> None:
        obj.pop("status", None)  # alpha

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        obj.pop("status", None)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        drivers = _drivers(obj)
        found = each(_DRIVERS, drivers, _validate_driver)
        return found + distinct(_DRIVERS, (driver.get("name", "") for driver in drivers), "name")

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        """A driver is as it was registered, but for how many volumes it can attach."""
        before = {driver.get("name", ""): driver for driver in _drivers(old)}
        found = [*self.validate(obj, context)]
        for driver in _drivers(obj):
            known = before.get(driver.get("name", ""))
            if known is not None:
                found += immutable(_DRIVERS, without(driver, "allocatable"), without(known, "allocatable"))
        return found


def _drivers(obj: Object) -> Sequence[Object]:
    found: Sequence[Object] = obj.get("spec", {}).get("drivers") or []
    return found


def _validate_driver(driver: Object, path: Path) -> Found:
    node, where = driver.get("nodeID", ""), path.child("nodeID")
    found = csi_driver_name(path.child("name"), driver.get("name", ""))
    if not node:
        found.append(required(where))
    if len(node.encode()) > _MAX_ID_BYTES:
        found.append(invalid(where, node, f"must be {_MAX_ID_BYTES} characters or less"))
    found += counts(path.child("allocatable"), driver.get("allocatable") or {}, "count")
    seen: set[str] = set()
    for key in driver.get("topologyKeys") or ():
        found += [] if key else [required(path)]
        found += [duplicate(path, key)] if key in seen else []
        seen.add(key)
        found += names.complain(path, key, names.qualified_name(key))
    return found
