"""What a start changes in default roles and bindings that are there already: it adds, and takes nothing away.

Upstream's pkg/registry/rbac/reconciliation, with RemoveExtraPermissions off."""

from wherry.kube.apiserver.authz import rules
from wherry.kube.apiserver.authz.bootstrap.roles import AUTO_UPDATE
from wherry.kube.machinery.model import Object


def reconcile(existing: Object | None, wanted: Object) -> Object | None:
    """The object to write in place of ``existing`` (None: there is none), or None when nothing is to be done.

    What is annotated ``rbac.authorization.kubernetes.io/autoupdate: "false"`` is left alone. A binding whose role
    differs has to be deleted and made anew, since a reference cannot change; that is not done, as it may be meant.
    """
    if existing is None:
        return wanted
    meta = existing["metadata"]
    if (meta.get("annotations") or {}).get(AUTO_UPDATE) == "false":
        return None
    merged = {name: _merged(wanted["metadata"].get(name), meta.get(name)) for name in ("labels", "annotations")}
    changed = {**existing, "metadata": {**meta, **{name: value for name, value in merged.items() if value}}}
    changed.update(_role(existing, wanted) if "rules" in wanted else _binding(existing, wanted))
    return None if changed == existing else changed


def _merged(wanted: dict[str, str] | None, existing: dict[str, str] | None) -> dict[str, str]:
    """What is there wins."""
    return {**(wanted or {}), **(existing or {})}


def _role(existing: Object, wanted: Object) -> Object:
    changes: Object = {}
    owned = rules.rules_of(existing)
    lacking = [] if "aggregationRule" in wanted else rules.missing(owned, rules.rules_of(wanted))
    if lacking:
        changes["rules"] = [*(existing.get("rules") or ()), *(rules.to_object(each) for each in lacking)]
    if aggregation := wanted.get("aggregationRule"):
        selectors = list((existing.get("aggregationRule") or {}).get("clusterRoleSelectors") or ())
        more = [each for each in aggregation["clusterRoleSelectors"] if each not in selectors]
        if more:
            changes["aggregationRule"] = {"clusterRoleSelectors": selectors + more}
    return changes


def _binding(existing: Object, wanted: Object) -> Object:
    if existing.get("roleRef") != wanted["roleRef"]:
        return {}
    subjects = list(existing.get("subjects") or ())
    more = [each for each in wanted.get("subjects", ()) if each not in subjects]
    return {"subjects": subjects + more} if more else {}
