"""Rules of Roles (k8s.io/kubernetes pkg/apis/rbac/validation). Whether who writes one may give what is in it away, is
for the server to say."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object


class RoleStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return validate_rules(obj, is_namespaced=True)


def validate_rules(role: Object, is_namespaced: bool) -> list[FieldError]:
    """Of a role or a cluster role."""
    path = Path("rules")
    rules = role.get("rules") or ()
    return [error for position, rule in enumerate(rules) for error in _rule(rule, is_namespaced, path.index(position))]


def _rule(rule: Object, is_namespaced: bool, path: Path) -> list[FieldError]:
    errors = []
    if not rule.get("verbs"):
        errors.append(required(path.child("verbs"), "verbs must contain at least one value"))
    if paths := rule.get("nonResourceURLs"):
        where = path.child("nonResourceURLs")
        if is_namespaced:
            errors.append(invalid(where, paths, "namespaced rules cannot apply to non-resource URLs"))
        if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
            why = "rules cannot apply to both regular resources and non-resource URLs"
            errors.append(invalid(where, paths, why))
        return errors
    if not rule.get("apiGroups"):
        errors.append(required(path.child("apiGroups"), "resource rules must supply at least one api group"))
    if not rule.get("resources"):
        errors.append(required(path.child("resources"), "resource rules must supply at least one resource"))
    return errors
