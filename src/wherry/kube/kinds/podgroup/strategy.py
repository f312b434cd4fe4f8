"""Rules of PodGroups (k8s.io/kubernetes pkg/apis/scheduling)."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.podgroup.rules import validate_group, validate_group_change
from wherry.kube.kinds.rules import SPEC, STATUS, conditions, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, invalid
from wherry.kube.machinery.model import Object

_REFERENCE = SPEC.child("workloadRef")
_ALPHA = "parentCompositePodGroupName"


class PodGroupStrategy(Strategy):
    def prepare_create(self, obj: Object, context: Context) -> None:
        obj.get("spec", {}).pop(_ALPHA, None)

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        obj.get("spec", {}).pop(_ALPHA, None)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found, reference = validate_group(spec, SPEC), spec.get("workloadRef")
        if reference is None:
            return found
        workload, template = reference.get("workloadName", ""), reference.get("templateName", "")
        found += wanted(_REFERENCE.child("workloadName"), workload, names.dns1123_subdomain)
        return found + wanted(_REFERENCE.child("templateName"), template, names.dns1123_label)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        change = validate_group_change(obj.get("spec", {}), old.get("spec", {}), SPEC)
        return [*self.validate(obj, context), *change]

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        status = obj.get("status", {})
        found = conditions(STATUS.child("conditions"), status.get("conditions") or ())
        claims = {claim.get("name", "") for claim in obj.get("spec", {}).get("resourceClaims") or ()}
        where = STATUS.child("resourceClaimStatuses")
        for position, item in enumerate(status.get("resourceClaimStatuses") or ()):
            if item.get("name", "") not in claims:
                why = "must match the name of an entry in `spec.resourceClaims`"
                found.append(invalid(where.index(position).child("name"), item.get("name", ""), why))
        return found
