"""``ServiceAccount``: who a pod is to the API."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Context, Kind, Strategy
from wherry.kube.machinery.model import Object


class ServiceAccountStrategy(Strategy):
    """Of the secrets that it may use only the names are kept."""

    def prepare_create(self, obj: Object, context: Context) -> None:
        _names_only(obj)

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        _names_only(obj)


def _names_only(account: Object) -> None:
    if account.get("secrets"):
        account["secrets"] = [{"name": each.get("name", "")} for each in account["secrets"]]


@cache
def _strategy() -> Strategy:
    return ServiceAccountStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.rows import age, name

    return [name(obj), len(obj.get("secrets") or ()), age(obj, now)]


KIND = Kind(
    "",
    "ServiceAccount",
    "serviceaccounts",
    versions("", "ServiceAccount", "v1"),
    "v1",
    _strategy,
    has_status=False,
    singular="serviceaccount",
    short_names=("sa",),
    columns=(NAME, Column("Secrets", description="How many secrets it may use."), AGE),
    cells=_cells,
    subresources=("token",),
)
