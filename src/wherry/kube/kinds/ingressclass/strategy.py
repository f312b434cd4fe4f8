"""Defaults and rules of IngressClasses (k8s.io/kubernetes pkg/apis/networking)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable, set_default
from wherry.kube.kinds.ingress.strategy import validate_typed_reference
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, Found, domain_prefixed_path, longest
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, not_supported, required
from wherry.kube.machinery.model import Object

_MAX_CONTROLLER_BYTES = 250


class IngressClassStrategy(Strategy):
    def default(self, obj: Object) -> None:
        parameters = obj.get("spec", {}).get("parameters")
        if parameters is not None:
            set_default(parameters, scope="Cluster")

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        controller, where = spec.get("controller", ""), SPEC.child("controller")
        found = longest(where, controller, _MAX_CONTROLLER_BYTES) + domain_prefixed_path(where, controller)
        parameters = spec.get("parameters")
        return found if parameters is None else found + _validate_parameters(parameters, SPEC.child("parameters"))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        now, before = obj.get("spec", {}).get("controller", ""), old.get("spec", {}).get("controller", "")
        return [*immutable(SPEC.child("controller"), now, before), *self.validate(obj, context)]


def _validate_parameters(parameters: Object, path: Path) -> Found:
    found, scope = validate_typed_reference(parameters, path), parameters.get("scope")
    namespace, where = parameters.get("namespace"), path.child("namespace")
    if scope is None:
        return [*found, required(path.child("scope"))]
    if scope not in ("Cluster", "Namespace"):
        return [*found, not_supported(path.child("scope"), scope, ("Cluster", "Namespace"))]
    if scope == "Cluster":
        why = "`parameters.scope` is set to 'Cluster'"
        return found if namespace is None else [*found, forbidden(where, why)]
    if namespace is None:
        return [*found, required(where, "`parameters.scope` is set to 'Namespace'")]
    return found + names.complain(where, namespace, names.dns1123_label(namespace))
