"""Where a pod may run: node selectors, affinity, tolerations, spreading, gates."""

from collections import Counter
from collections.abc import Sequence

from wherry.kube.kinds.checking import NOT_POSITIVE, optional_choice
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, duplicate, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import validate_label_selector

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NOT_AN_OPERATOR = "not a valid selector operator"
EFFECTS = ("NoExecute", "NoSchedule", "PreferNoSchedule")
_TOLERATION_OPERATORS = ("Equal", "Exists")
_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")
_NODE_POLICIES = ("Honor", "Ignore")


def validate_affinity(affinity: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    node = affinity.get("nodeAffinity")
    if node is not None:
        at = path.child("nodeAffinity")
        if node.get(_REQUIRED) is not None:
            errors += validate_node_selector(node[_REQUIRED], at.child(_REQUIRED))
        for position, term in enumerate(node.get(_PREFERRED) or ()):
            here = at.child(_PREFERRED).index(position)
            errors += _validate_weight(term, here)
            preference = term.get("preference") or {}
            errors += _validate_node_term(preference, here.child("preference"), any_value=True)
    for kind in ("podAffinity", "podAntiAffinity"):
        if affinity.get(kind) is not None:
            errors += _validate_pod_affinity(affinity[kind], path.child(kind))
    return errors


def _validate_weight(term: Object, path: Path) -> list[FieldError]:
    weight = term.get("weight", 0)
    if 1 <= weight <= 100:
        return []
    return [invalid(path.child("weight"), weight, "must be in the range 1-100")]


def validate_node_selector(selector: Object, path: Path) -> list[FieldError]:
    """Of a NodeSelector: of pods and of volumes."""
    terms, at = selector.get("nodeSelectorTerms") or (), path.child("nodeSelectorTerms")
    if not terms:
        return [required(at, "must have at least one node selector term")]
    return [error for position, term in enumerate(terms) for error in _validate_node_term(term, at.index(position))]


def _validate_node_term(term: Object, path: Path, *, any_value: bool = False) -> list[FieldError]:
    errors: list[FieldError] = []
    for position, expression in enumerate(term.get("matchExpressions") or ()):
        at = path.child("matchExpressions").index(position)
        errors += _validate_node_expression(expression, at, any_value=any_value)
    for position, expression in enumerate(term.get("matchFields") or ()):
        errors += _validate_node_field(expression, path.child("matchFields").index(position))
    return errors


def _validate_node_expression(expression: Object, path: Path, *, any_value: bool) -> list[FieldError]:
    operator, values = expression.get("operator", ""), expression.get("values") or ()
    at = path.child("values")
    errors: list[FieldError] = []
    if operator in ("In", "NotIn"):
        if not values:
            errors.append(required(at, "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            errors.append(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            errors.append(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
    else:
        errors.append(invalid(path.child("operator"), operator, _NOT_AN_OPERATOR))
    key = expression.get("key", "")
    errors += names.complain(path.child("key"), key, names.qualified_name(key))
    if not any_value:
        for position, value in enumerate(values):
            errors += names.complain(at.index(position), value, names.label_value(value))
    return errors


def _validate_node_field(expression: Object, path: Path) -> list[FieldError]:
    operator, key, values = expression.get("operator", ""), expression.get("key", ""), expression.get("values") or ()
    errors: list[FieldError] = []
    if operator not in ("In", "NotIn"):
        errors.append(invalid(path.child("operator"), operator, _NOT_AN_OPERATOR))
    elif len(values) != 1:
        one = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        errors.append(required(path.child("values"), one))
    if key != "metadata.name":
        return [*errors, invalid(path.child("key"), key, "not a valid field selector key")]
    for position, value in enumerate(values):
        errors += names.complain(path.child("values").index(position), value, names.dns1123_subdomain(value))
    return errors


def _validate_pod_affinity(affinity: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for position, term in enumerate(affinity.get(_REQUIRED) or ()):
        errors += _validate_pod_term(term, path.child(_REQUIRED).index(position))
    for position, weighted in enumerate(affinity.get(_PREFERRED) or ()):
        at = path.child(_PREFERRED).index(position)
        errors += _validate_weight(weighted, at)
        errors += _validate_pod_term(weighted.get("podAffinityTerm") or {}, at.child("podAffinityTerm"))
    return errors


def _validate_pod_term(term: Object, path: Path) -> list[FieldError]:
    selector = term.get("labelSelector")
    errors = validate_label_selector(selector, path.child("labelSelector"))
    errors += validate_label_selector(term.get("namespaceSelector"), path.child("namespaceSelector"))
    for name in term.get("namespaces") or ():
        errors += names.complain(path.child("namespace"), name, names.dns1123_label(name))
    match, mismatch = term.get("matchLabelKeys") or (), term.get("mismatchLabelKeys") or ()
    errors += _validate_keys(match, selector, path.child("matchLabelKeys"))
    errors += _validate_keys(mismatch, selector, path.child("mismatchLabelKeys"))
    errors += _validate_once(match, selector or {}, 1, path)
    of_both = set(mismatch)
    for position, key in enumerate(match):
        if key in of_both:
            both = "exists in both matchLabelKeys and mismatchLabelKeys"
            errors.append(invalid(path.child("matchLabelKeys").index(position), key, both))
    topology = term.get("topologyKey", "")
    if not topology:
        errors.append(required(path.child("topologyKey"), "can not be empty"))
    return errors + names.complain(path.child("topologyKey"), topology, names.qualified_name(topology))


def _validate_keys(keys: Sequence[str], selector: Object | None, path: Path) -> list[FieldError]:
    if not keys:
        return []
    if selector is None:
        return [forbidden(path, "must not be specified when labelSelector is not set")]
    errors: list[FieldError] = []
    for position, key in enumerate(keys):
        errors += names.complain(path.index(position), key, names.qualified_name(key))
    return errors


def validate_tolerations(tolerations: Sequence[Object], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for position, toleration in enumerate(tolerations):
        errors += _validate_toleration(toleration, path.index(position))
    return errors


def _validate_toleration(toleration: Object, path: Path) -> list[FieldError]:
    key, operator = toleration.get("key", ""), toleration.get("operator", "")
    value, effect = toleration.get("value", ""), toleration.get("effect", "")
    errors = names.complain(path.child("key"), key, names.qualified_name(key)) if key else []
    if not key and operator != "Exists":
        must = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        errors.append(invalid(path.child("operator"), operator, must))
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        must = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        errors.append(invalid(path.child("effect"), effect, must))
    if operator in ("", "Equal"):
        if complaints := names.label_value(value):
            errors.append(invalid(path.child("operator"), value, ";".join(complaints)))
    elif operator == "Exists":
        if value:
            empty = "value must be empty when `operator` is 'Exists'"
            errors.append(invalid(path.child("operator"), value, empty))
    else:
        errors.append(not_supported(path.child("operator"), operator, _TOLERATION_OPERATORS))
    if effect and effect not in EFFECTS:
        errors.append(not_supported(path.child("effect"), effect, EFFECTS))
    return errors


def validate_spread(constraints: Sequence[Object], path: Path, *, is_pod: bool) -> list[FieldError]:
    """Of ``topologySpreadConstraints``."""
    errors: list[FieldError] = []
    pairs = [(each.get("topologyKey", ""), each.get("whenUnsatisfiable", "")) for each in constraints]
    left = Counter(pairs)
    for position, (constraint, pair) in enumerate(zip(constraints, pairs, strict=True)):
        at = path.index(position)
        errors += _validate_constraint(constraint, at, is_pod=is_pod)
        left[pair] -= 1
        if left[pair]:
            errors.append(duplicate(at.child("{topologyKey, whenUnsatisfiable}"), f"{{{pair[0]}, {pair[1]}}}"))
    return errors


def _validate_constraint(constraint: Object, path: Path, *, is_pod: bool) -> list[FieldError]:
    skew, action = constraint.get("maxSkew", 0), constraint.get("whenUnsatisfiable", "")
    errors = [] if skew > 0 else [invalid(path.child("maxSkew"), skew, NOT_POSITIVE)]
    if not constraint.get("topologyKey"):
        errors.append(required(path.child("topologyKey"), "can not be empty"))
    if action not in _ACTIONS:
        errors.append(not_supported(path.child("whenUnsatisfiable"), action, _ACTIONS))
    domains = constraint.get("minDomains")
    if domains is not None:
        if domains <= 0:
            errors.append(invalid(path.child("minDomains"), domains, NOT_POSITIVE))
        if action != "DoNotSchedule":
            only = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
            errors.append(invalid(path.child("minDomains"), domains, only))
    for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        errors += optional_choice(path.child(name), constraint.get(name), _NODE_POLICIES)
    selector = constraint.get("labelSelector")
    keys, at = constraint.get("matchLabelKeys") or (), path.child("matchLabelKeys")
    errors += _validate_keys(keys, selector, at)
    # A pod's selectors have the keys of matchLabelKeys already: they are merged when it is created.
    errors += _validate_once(keys, selector or {}, 1 if is_pod else 0, at)
    return errors + validate_label_selector(selector, path.child("labelSelector"))


def _validate_once(keys: Sequence[str], selector: Object, times: int, path: Path) -> list[FieldError]:
    """The selector names each key ``times`` at most."""
    if not keys:
        return []
    selected = Counter(dict.fromkeys(selector.get("matchLabels") or (), 1))
    selected.update(each.get("key", "") for each in selector.get("matchExpressions") or ())
    both = "exists in both matchLabelKeys and labelSelector"
    return [invalid(path.index(position), key, both) for position, key in enumerate(keys) if selected[key] > times]


def validate_gates(gates: Sequence[Object], path: Path) -> list[FieldError]:
    """Of ``schedulingGates``."""
    errors: list[FieldError] = []
    seen: set[str] = set()
    for position, gate in enumerate(gates):
        name = gate.get("name", "")
        errors += names.complain(path.index(position), name, names.qualified_name(name))
        if name in seen:
            errors.append(duplicate(path.index(position), name))
        seen.add(name)
    return errors
