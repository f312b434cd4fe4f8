"""Rules of ClusterRoles (k8s.io/kubernetes pkg/apis/rbac/validation)."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.role.strategy import validate_rules
from wherry.kube.machinery.fielderrors import FieldError, Path, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import validate_label_selector


class ClusterRoleStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        errors = validate_rules(obj, is_namespaced=False)
        aggregation = obj.get("aggregationRule")
        return errors if aggregation is None else errors + _aggregation(aggregation)


def _aggregation(rule: Object) -> list[FieldError]:
    path = Path("aggregationRule").child("clusterRoleSelectors")
    selectors = rule.get("clusterRoleSelectors") or ()
    if not selectors:
        return [required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")]
    return [
        error
        for position, selector in enumerate(selectors)
        for error in validate_label_selector(selector, path.index(position))
    ]
