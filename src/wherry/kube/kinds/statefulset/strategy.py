"""Defaults and rules of StatefulSets (k8s.io/kubernetes pkg/apis/apps)."""

from collections.abc import Sequence

from wherry.kube.kinds import rollout, templates
from wherry.kube.kinds.checking import same, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.podspec.defaults import default_claim_spec
from wherry.kube.kinds.rules import SPEC, STATUS, Found, counts, unsupported, without
from wherry.kube.kinds.statefulset.pods import validate_pods
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, required
from wherry.kube.machinery.model import Object

_CHANGEABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
_MAY_CHANGE = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


class StatefulSetStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        set_default(spec, podManagementPolicy="OrderedReady", replicas=1, revisionHistoryLimit=10)
        update = spec.setdefault("updateStrategy", {})
        if not update.get("type"):
            update["type"] = "RollingUpdate"
            update.setdefault("rollingUpdate", {})
        if update["type"] == "RollingUpdate" and update.get("rollingUpdate") is not None:
            set_default(update["rollingUpdate"], partition=0, maxUnavailable=1)
        kept = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
        set_default(kept, whenDeleted="Retain", whenScaled="Retain")
        for claim in spec.get("volumeClaimTemplates") or ():
            _default_claim(claim)
        templates.default_template(spec)

    def default_status(self, obj: Object) -> None:
        """Nothing in it has a default."""

    def prepare_create(self, obj: Object, context: Context) -> None:
        obj["status"] = {"replicas": 0, "availableReplicas": 0}

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return _validate_spec(obj.get("spec", {}), None)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        now, before = obj.get("spec", {}), old.get("spec", {})
        found = _validate_spec(now, before)
        if not same(without(now, *_CHANGEABLE), without(before, *_CHANGEABLE)):
            found.append(forbidden(SPEC, _MAY_CHANGE))
        return found

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        status = obj.get("status", {})
        fields = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
        found = counts(STATUS, status, "replicas", *fields, "observedGeneration")
        found += rollout.parts(STATUS, status, "replicas", *fields)
        found += rollout.parts(STATUS, status, "readyReplicas", "availableReplicas")
        return found + rollout.collisions(STATUS, status, old.get("status", {}))

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        found = templates.warnings(obj, old)
        if obj.get("spec", {}).get("revisionHistoryLimit", 0) >= 0:
            return found
        why = "a negative value retains all historical revisions; a value >= 0 is recommended"
        return [*found, f"spec.revisionHistoryLimit: {why}"]


def _default_claim(claim: Object) -> None:
    """Claims are stored as complete objects, so that a controller can copy them."""
    set_default(claim, apiVersion="v1", kind="PersistentVolumeClaim")
    default_claim_spec(claim.setdefault("spec", {}))
    set_default(claim.setdefault("status", {}), phase="Pending")


def _validate_spec(spec: Object, old: Object | None) -> Found:
    found = _validate_management(spec.get("podManagementPolicy", ""))
    found += _validate_update_strategy(spec.get("updateStrategy", {}), SPEC.child("updateStrategy"))
    kept, where = (
        spec.get("persistentVolumeClaimRetentionPolicy", {}),
        SPEC.child("persistentVolumeClaimRetentionPolicy"),
    )
    for each in ("whenDeleted", "whenScaled") if kept else ():
        if kept.get(each, "") not in ("Retain", "Delete"):
            found.append(unsupported(where.child(each), kept.get(each, ""), "Retain", "Delete"))
    found += counts(SPEC, spec, "replicas", "minReadySeconds")
    found += counts(SPEC.child("ordinals"), spec.get("ordinals", {}), "start")
    service = spec.get("serviceName", "")
    if service and old is None:  # those of before it was checked may stay (kubernetes/kubernetes#130233)
        found += names.complain(SPEC.child("serviceName"), service, names.dns1123_label(service))
    found += templates.validate_selector(spec, SPEC, "statefulset")
    return found + validate_pods(spec, old, SPEC)


def _validate_management(policy: str) -> Found:
    where = SPEC.child("podManagementPolicy")
    if not policy:
        return [required(where)]
    known = policy in ("OrderedReady", "Parallel")
    return [] if known else [invalid(where, policy, "must be 'OrderedReady' or 'Parallel'")]


def _validate_update_strategy(strategy: Object, path: Path) -> Found:
    kind, update, where = strategy.get("type", ""), strategy.get("rollingUpdate"), path.child("rollingUpdate")
    if not kind:
        return [required(path)]
    if kind not in ("OnDelete", "RollingUpdate"):
        return [invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")]
    if update is None:
        return []
    if kind == "OnDelete":
        return [invalid(where, update, "only allowed for updateStrategy 'RollingUpdate'")]
    found = counts(where, update, "partition")
    unavailable, at = update.get("maxUnavailable"), where.child("maxUnavailable")
    if unavailable is None:
        return found
    found += rollout.positive_or_percent(at, unavailable)
    if rollout.amount(unavailable) == 0:
        found.append(invalid(at, unavailable, "cannot be 0"))
    return found + rollout.at_most_all(at, unavailable)
