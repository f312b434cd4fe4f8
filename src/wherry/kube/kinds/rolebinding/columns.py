"""The row of ``kubectl get rolebindings`` and ``kubectl get clusterrolebindings``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wherry.kube.kinds.model import AGE, NAME, Column
from wherry.kube.kinds.rows import age, name
from wherry.kube.machinery.model import Object


def columns(kind: str) -> tuple[Column, ...]:
    """``kind``: as the descriptions of the wide ones call it."""
    wide = ("Users", "Groups", "ServiceAccounts")
    return (
        NAME,
        Column("Role", description="Whose rights it gives."),
        AGE,
        *(Column(each, priority=1, description=f"{each} in the {kind}") for each in wide),
    )


def cells(obj: Object, now: datetime) -> Sequence[Any]:
    reference, subjects = obj.get("roleRef") or {}, obj.get("subjects") or ()
    users, groups = (_names(subjects, kind) for kind in ("User", "Group"))
    accounts = [
        f"{each.get('namespace', '')}/{each.get('name', '')}"
        for each in subjects
        if each.get("kind") == "ServiceAccount"
    ]
    role = f"{reference.get('kind', '')}/{reference.get('name', '')}"
    return (name(obj), role, age(obj, now), users, groups, ", ".join(accounts))


def _names(subjects: Sequence[Object], kind: str) -> str:
    return ", ".join(each.get("name", "") for each in subjects if each.get("kind") == kind)
