"""Rules of ControllerRevisions (k8s.io/kubernetes pkg/apis/apps)."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import counts
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.names import IMMUTABLE
from wherry.kube.machinery.patches.values import same

_DATA = Path("data")


class ControllerRevisionStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        found = [required(_DATA, "data is mandatory")] if obj.get("data") is None else []
        return found + counts(Path(), obj, "revision")

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        data = obj.get("data")  # anything: what is empty in it is something
        found = [] if same(data, old.get("data")) else [invalid(_DATA, data, IMMUTABLE)]
        return [*self.validate(obj, context), *found]
