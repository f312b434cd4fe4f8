"""Defaults and rules of bindings (k8s.io/kubernetes pkg/apis/rbac/v1/defaults.go, pkg/apis/rbac/validation). Whether
who writes one may give the role's rights away, is for the server to say."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, not_supported, required
from wherry.kube.machinery.model import Object

GROUP = "rbac.authorization.k8s.io"
_ROLE_REF, _SUBJECTS = Path("roleRef"), Path("subjects")
_KINDS = ("ServiceAccount", "User", "Group")


class RoleBindingStrategy(Strategy):
    """Of RoleBindings; not ``is_namespaced``: of ClusterRoleBindings."""

    def __init__(self, is_namespaced: bool) -> None:
        self._is_namespaced = is_namespaced

    def default(self, obj: Object) -> None:
        reference = obj.get("roleRef")
        if reference is not None and not reference.get("apiGroup"):
            reference["apiGroup"] = GROUP
        for subject in obj.get("subjects") or ():
            if subject.get("kind") in ("User", "Group") and not subject.get("apiGroup"):
                subject["apiGroup"] = GROUP

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        errors = self._role_ref(obj.get("roleRef") or {})
        for position, subject in enumerate(obj.get("subjects") or ()):
            errors += self._subject(subject, _SUBJECTS.index(position))
        return errors

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        """What a binding gives does not change: who may bind one role could give another."""
        errors = list(self.validate(obj, context))
        if obj.get("roleRef") != old.get("roleRef"):
            errors.append(invalid(_ROLE_REF, obj.get("roleRef"), "cannot change roleRef"))
        return errors

    def _role_ref(self, reference: Object) -> list[FieldError]:
        errors = []
        group, kind, name = (reference.get(field, "") for field in ("apiGroup", "kind", "name"))
        if group != GROUP:
            errors.append(not_supported(_ROLE_REF.child("apiGroup"), group, (GROUP,)))
        kinds = ("Role", "ClusterRole") if self._is_namespaced else ("ClusterRole",)
        if kind not in kinds:
            errors.append(not_supported(_ROLE_REF.child("kind"), kind, kinds))
        if not name:
            return [*errors, required(_ROLE_REF.child("name"))]
        return errors + names.complain(_ROLE_REF.child("name"), name, names.path_segment(name))

    def _subject(self, subject: Object, path: Path) -> list[FieldError]:
        kind, name, group = (subject.get(field, "") for field in ("kind", "name", "apiGroup"))
        errors = [] if name else [required(path.child("name"))]
        if kind == "ServiceAccount":
            if name:
                errors += names.complain(path.child("name"), name, names.dns1123_subdomain(name))
            if group:
                errors.append(not_supported(path.child("apiGroup"), group, ("",)))
            if not self._is_namespaced and not subject.get("namespace"):
                errors.append(required(path.child("namespace")))
            return errors
        if kind not in _KINDS:
            return [*errors, not_supported(path.child("kind"), kind, _KINDS)]
        if not name:
            errors.append(invalid(path.child("name"), name, f"{kind.lower()} name cannot be empty"))
        if group != GROUP:
            errors.append(not_supported(path.child("apiGroup"), group, (GROUP,)))
        return errors
