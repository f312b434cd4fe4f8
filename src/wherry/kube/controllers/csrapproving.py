"""Certificate signing requests of nodes are approved when the asker may have such a certificate
(k8s.io/kubernetes pkg/controller/certificates/approver)."""

import base64
import binascii
from typing import NamedTuple

from wherry.kube.client.clock import Clock
from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.kube.controllers.frame import Interest, Key, Needs, found
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.times import rfc3339

REQUESTS = GroupVersionResource("certificates.k8s.io", "v1", "certificatesigningrequests")
REVIEWS = GroupVersionResource("authorization.k8s.io", "v1", "subjectaccessreviews")


class Recognized(NamedTuple):
    """``subresource`` is what one must have the right to create to get it."""

    subresource: str
    message: str


_SELF = Recognized("selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview.")
_ANY = Recognized("nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview.")


class CsrApproving:
    """A Reconciler; keys are requests."""

    name = "csrapproving"

    def __init__(self, needs: Needs) -> None:
        self._client: Client = needs.client
        self._clock: Clock = needs.clock
        informers: Informers = needs.informers
        self.interests = (Interest(informers.of(REQUESTS)),)

    async def reconcile(self, key: Key) -> float | None:
        csr = await found(self._client, REQUESTS, key)
        if csr is None or is_decided(csr):
            return None
        for recognized in recognize(csr):
            if await self._may(csr["spec"], recognized.subresource):
                await self._client.update(REQUESTS, self._approved(csr, recognized.message), subresource="approval")
                return None
        return None

    async def _may(self, spec: Object, subresource: str) -> bool:
        asked = {
            "user": spec.get("username", ""),
            "uid": spec.get("uid", ""),
            "groups": list(spec.get("groups") or ()),
            "extra": spec.get("extra") or {},
            "resourceAttributes": {
                "group": "certificates.k8s.io", "resource": "certificatesigningrequests", "verb": "create",
                "subresource": subresource, "version": "*",
            },
        }  # fmt: skip
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "metadata": {}, "spec": asked}
        answer = await self._client.create(REVIEWS, review)
        return bool((answer.get("status") or {}).get("allowed"))

    def _approved(self, csr: Object, message: str) -> Object:
        return with_condition(csr, "Approved", "AutoApproved", message, rfc3339(self._clock.now()))


def is_decided(csr: Object) -> bool:
    """Approved or denied, or signed already."""
    status = csr.get("status") or {}
    types = {each.get("type") for each in status.get("conditions") or ()}
    return bool(status.get("certificate")) or bool(types & {"Approved", "Denied"})


def with_condition(csr: Object, type: str, reason: str, message: str, now: str) -> Object:
    """A copy with one condition more."""
    status = csr.get("status") or {}
    condition = {
        "type": type, "status": "True", "reason": reason, "message": message, "lastUpdateTime": now,
        "lastTransitionTime": now,
    }  # fmt: skip
    return {**csr, "status": {**status, "conditions": [*(status.get("conditions") or ()), condition]}}


def recognize(csr: Object) -> list[Recognized]:
    """As what the request may be approved: a node's client certificate, its own one or anybody's."""
    from wherry.kube.pki.requests import KUBELET_CLIENT, Refused, check, parse

    spec = csr["spec"]
    if spec.get("signerName") != KUBELET_CLIENT:
        return []
    try:
        asked = parse(base64.b64decode(spec.get("request", ""), validate=True))
        check(asked, spec.get("usages") or (), KUBELET_CLIENT)
    except (ValueError, binascii.Error, Refused):
        return []
    return [_SELF, _ANY] if spec.get("username") == asked.common_name else [_ANY]
