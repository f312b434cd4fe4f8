"""``ValidatingAdmissionPolicyBinding``: where a validating policy holds, and with what parameters."""

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
    from wherry.kube.kinds.validatingadmissionpolicybinding.strategy import ValidatingAdmissionPolicyBindingStrategy

    return ValidatingAdmissionPolicyBindingStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.policies.parameters import shown_reference

    spec = obj.get("spec", {})
    return (name(obj), spec.get("policyName", ""), shown_reference(spec.get("paramRef")), age(obj, now))


KIND = Kind(
    "admissionregistration.k8s.io",
    "ValidatingAdmissionPolicyBinding",
    "validatingadmissionpolicybindings",
    versions("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "v1"),
    "v1",
    _strategy,
    has_status=False,
    allow_unconditional_update=False,
    namespaced=False,
    singular="validatingadmissionpolicybinding",
    categories=("api-extensions",),
    columns=(
        NAME,
        Column("PolicyName", description="Which policy."),
        Column("ParamRef", description="Its parameters."),
        AGE,
    ),
    cells=_cells,
)
