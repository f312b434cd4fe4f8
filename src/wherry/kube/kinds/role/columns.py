"""The row of ``kubectl get roles`` and ``kubectl get clusterroles``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wherry.kube.kinds.model import NAME, Column
from wherry.kube.kinds.rows import name
from wherry.kube.machinery.model import Object

COLUMNS = (NAME, Column("Created At", "date", description="When it was made."))


def cells(obj: Object, now: datetime) -> Sequence[Any]:
    """A moment, not an age: upstream shows no more of what rights were given when."""
    return (name(obj), obj.get("metadata", {}).get("creationTimestamp"))
