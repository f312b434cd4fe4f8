"""``MutatingWebhookConfiguration``: who is asked by HTTP how to change an object before it is stored."""

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
    from wherry.kube.kinds.webhooks.strategy import WebhookStrategy

    return WebhookStrategy(mutating=True)


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (name(obj), len(obj.get("webhooks") or ()), age(obj, now))


KIND = Kind(
    "admissionregistration.k8s.io",
    "MutatingWebhookConfiguration",
    "mutatingwebhookconfigurations",
    versions("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "v1"),
    "v1",
    _strategy,
    has_status=False,
    allow_unconditional_update=False,
    namespaced=False,
    singular="mutatingwebhookconfiguration",
    categories=("api-extensions",),
    columns=(NAME, Column("Webhooks", "integer", description="How many there are."), AGE),
    cells=_cells,
)
