"""Defaults and rules of StorageClasses (k8s.io/kubernetes pkg/apis/storage)."""

from collections.abc import Mapping, Sequence

from wherry.kube.kinds.checking import choice, immutable, optional_choice, same, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.nodelabels import DEPRECATED
from wherry.kube.kinds.rules import Found, distinct, each
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, duplicate, forbidden, invalid, required, too_long
from wherry.kube.machinery.model import Object

_MAX_PARAMETERS, _MAX_PARAMETERS_BYTES = 512, 256 * 1024


class StorageClassStrategy(Strategy):
    def default(self, obj: Object) -> None:
        set_default(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        found = validate_driver(obj.get("provisioner", ""), Path("provisioner"))
        found += validate_parameters(obj.get("parameters") or {}, Path("parameters"))
        found += optional_choice(Path("reclaimPolicy"), obj.get("reclaimPolicy"), ("Delete", "Retain"))
        modes = ("Immediate", "WaitForFirstConsumer")
        found += choice(Path("volumeBindingMode"), obj.get("volumeBindingMode", ""), modes)
        return found + _validate_topologies(obj.get("allowedTopologies") or [], Path("allowedTopologies"))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        found = forbid_changes(obj, old, "parameters", "provisioner", "reclaimPolicy")
        now, before = obj.get("volumeBindingMode"), old.get("volumeBindingMode")
        return found + immutable(Path("volumeBindingMode"), now, before)

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        """pkg/api/storage/util.go."""
        return [
            f"allowedTopologies[{term}].matchLabelExpressions[{position}].key: {DEPRECATED[expression['key']]}"
            for term, topology in enumerate(obj.get("allowedTopologies") or ())
            for position, expression in enumerate(topology.get("matchLabelExpressions") or ())
            if expression.get("key") in DEPRECATED
        ]


def validate_driver(name: str, path: Path) -> Found:
    """A qualified name, whatever its case."""
    if not name:
        return [required(path)]
    return names.complain(path, name.lower(), names.qualified_name(name.lower()))


def validate_parameters(parameters: Mapping[str, str], path: Path, *, needed: bool = False) -> Found:
    if len(parameters) > _MAX_PARAMETERS:
        return [too_long(path, "", _MAX_PARAMETERS)]
    found = [invalid(path, key, "field can not be empty.") for key in parameters if not key]
    if sum(len(key.encode()) + len(value.encode()) for key, value in parameters.items()) > _MAX_PARAMETERS_BYTES:
        found.append(too_long(path, "", _MAX_PARAMETERS_BYTES))
    if needed and not parameters:
        found.append(required(path, "must contain at least one key/value pair"))
    return found


def forbid_changes(obj: Object, old: Object, *fields: str) -> Found:
    return [
        forbidden(Path(name), f"updates to {name} are forbidden.")
        for name in fields
        if not same(obj.get(name), old.get(name))
    ]


def _validate_topologies(terms: Sequence[Object], path: Path) -> Found:
    found: Found = []
    seen: set[frozenset[tuple[str, frozenset[str]]]] = set()
    for position, term in enumerate(terms):
        where, expressions = (
            path.index(position).child("matchLabelExpressions"),
            term.get("matchLabelExpressions") or [],
        )
        found += each(where, expressions, _validate_requirement)
        found += distinct(where, (item.get("key", "") for item in expressions), "key")
        values = {item.get("key", ""): frozenset(item.get("values") or ()) for item in expressions}
        meant = frozenset(values.items())
        if meant in seen:
            found.append(duplicate(where, ""))
        seen.add(meant)
    return found


def _validate_requirement(requirement: Object, path: Path) -> Found:
    values, key = requirement.get("values") or [], requirement.get("key", "")
    found = [] if values else [required(path.child("values"))]
    found += distinct(path.child("values"), values)
    return found + names.complain(path.child("key"), key, names.qualified_name(key))
