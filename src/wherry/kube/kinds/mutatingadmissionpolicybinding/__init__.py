"""``MutatingAdmissionPolicyBinding``: where a mutating policy holds, and with what parameters."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import age, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.mutatingadmissionpolicybinding.strategy import MutatingAdmissionPolicyBindingStrategy

    return MutatingAdmissionPolicyBindingStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.policies.parameters import shown_reference

    spec = obj.get("spec", {})
    return (name(obj), spec.get("policyName", ""), shown_reference(spec.get("paramRef")), age(obj, now))


KIND = Kind(
    "admissionregistration.k8s.io",
    "MutatingAdmissionPolicyBinding",
    "mutatingadmissionpolicybindings",
    versions("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding", "v1", "v1beta1"),
    "v1",
    _strategy,
    has_status=False,
    allow_unconditional_update=False,
    namespaced=False,
    singular="mutatingadmissionpolicybinding",
    categories=("api-extensions",),
    columns=(
        NAME,
        Column("PolicyName", description="Which policy."),
        Column("ParamRef", description="Its parameters."),
        AGE,
    ),
    cells=_cells,
)
