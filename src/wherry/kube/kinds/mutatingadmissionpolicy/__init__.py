"""``MutatingAdmissionPolicy``: how objects are changed before they are stored, in expressions."""

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
    from wherry.kube.kinds.mutatingadmissionpolicy.strategy import MutatingAdmissionPolicyStrategy

    return MutatingAdmissionPolicyStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.policies.parameters import shown_kind

    spec = obj.get("spec", {})
    return (name(obj), len(spec.get("mutations") or ()), shown_kind(spec.get("paramKind")), age(obj, now))


KIND = Kind(
    "admissionregistration.k8s.io",
    "MutatingAdmissionPolicy",
    "mutatingadmissionpolicies",
    versions("admissionregistration.k8s.io", "MutatingAdmissionPolicy", "v1", "v1beta1"),
    "v1",
    _strategy,
    has_status=False,
    allow_unconditional_update=False,
    namespaced=False,
    singular="mutatingadmissionpolicy",
    categories=("api-extensions",),
    columns=(
        NAME,
        Column("Mutations", "integer", description="How many there are."),
        Column("ParamKind", description="What its parameters are."),
        AGE,
    ),
    cells=_cells,
)
