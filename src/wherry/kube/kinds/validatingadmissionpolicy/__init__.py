"""``ValidatingAdmissionPolicy``: which objects are refused, in expressions."""

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
    from wherry.kube.kinds.validatingadmissionpolicy.strategy import ValidatingAdmissionPolicyStrategy

    return ValidatingAdmissionPolicyStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.policies.parameters import shown_kind

    spec = obj.get("spec", {})
    return (name(obj), len(spec.get("validations") or ()), shown_kind(spec.get("paramKind")), age(obj, now))


KIND = Kind(
    "admissionregistration.k8s.io",
    "ValidatingAdmissionPolicy",
    "validatingadmissionpolicies",
    versions("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "v1"),
    "v1",
    _strategy,
    allow_unconditional_update=False,
    namespaced=False,
    singular="validatingadmissionpolicy",
    categories=("api-extensions",),
    columns=(
        NAME,
        Column("Validations", "integer", description="How many there are."),
        Column("ParamKind", description="What its parameters are."),
        AGE,
    ),
    cells=_cells,
)
