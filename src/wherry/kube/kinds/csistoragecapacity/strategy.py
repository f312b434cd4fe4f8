"""Rules of CSIStorageCapacities (k8s.io/kubernetes pkg/apis/storage)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import nonnegative_quantity
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.nodelabels import selector_warnings
from wherry.kube.kinds.rules import canonical, unchanged
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import validate_label_selector


class CSIStorageCapacityStrategy(Strategy):
    def default(self, obj: Object) -> None:
        canonical(obj, "capacity", "maximumVolumeSize")

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        found = validate_label_selector(obj.get("nodeTopology"), Path("nodeTopology"))
        kind = obj.get("storageClassName", "")
        found += names.complain(Path("storageClassName"), kind, names.dns1123_subdomain(kind))
        if obj.get("capacity") is not None:
            found += nonnegative_quantity(Path("capacity"), obj["capacity"])
        return found

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return unchanged(Path(), obj, old, "nodeTopology", "storageClassName")

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return selector_warnings(obj.get("nodeTopology"), Path("nodeTopology"))
