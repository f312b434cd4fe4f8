"""Rules of Leases, and of the strategies by which holders are chosen (k8s.io/kubernetes pkg/apis/coordination)."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, Found
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported
from wherry.kube.machinery.model import Object

OLDEST = "OldestEmulationVersion"


class LeaseStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        seconds, transitions, strategy = (
            spec.get(name) for name in ("leaseDurationSeconds", "leaseTransitions", "strategy")
        )
        found: Found = []
        if seconds is not None and seconds <= 0:
            found.append(invalid(SPEC.child("leaseDurationSeconds"), seconds, "must be greater than 0"))
        if transitions is not None and transitions < 0:
            found.append(invalid(SPEC.child("leaseTransitions"), transitions, names.NEGATIVE))
        if strategy is not None:
            found += validate_strategy(strategy, SPEC.child("strategy"))
        if spec.get("preferredHolder") and not strategy:
            why = "may only be specified if `strategy` is defined"
            found.append(forbidden(SPEC.child("preferredHolder"), why))
        return found


def validate_strategy(strategy: str, path: Path) -> Found:
    """Kubernetes' own, or a qualified name. Below ``path`` upstream shows one ``strategy`` more."""
    where = path.child("strategy")
    if "/" in strategy:
        return names.complain(where, strategy, names.qualified_name(strategy))
    return [] if strategy == OLDEST else [not_supported(where, strategy, (OLDEST,))]
