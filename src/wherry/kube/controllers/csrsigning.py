"""Approved certificate signing requests get their certificate
(k8s.io/kubernetes pkg/controller/certificates/signer)."""

import base64
import binascii
from typing import TYPE_CHECKING

from wherry.kube.controllers.csrapproving import REQUESTS, with_condition
from wherry.kube.controllers.frame import Interest, Key, Needs, found
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

if TYPE_CHECKING:
    from wherry.kube.pki.making import Authority


class CsrSigning:
    """A Reconciler; keys are requests. Signs for Kubernetes' own signers, with the cluster's authority."""

    name = "csrsigning"

    def __init__(self, needs: Needs, authority: "Authority") -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._authority = authority
        self.interests = (Interest(needs.informers.of(REQUESTS)),)

    async def reconcile(self, key: Key) -> float | None:
        csr = await found(self._client, REQUESTS, key)
        if csr is not None and is_to_be_signed(csr):
            await self._client.update(REQUESTS, self._answered(csr), subresource="status")
        return None

    def _answered(self, csr: Object) -> Object:
        from wherry.kube.pki.requests import Order, Refused, sign

        spec, now = csr["spec"], self._clock.now()
        try:
            content = base64.b64decode(spec.get("request", ""), validate=True)
            order = Order(content, spec["signerName"], tuple(spec.get("usages") or ()), spec.get("expirationSeconds"))
            certificate = sign(order, self._authority, now.timestamp())
        except (Refused, ValueError, binascii.Error) as error:
            return with_condition(csr, "Failed", "SignerValidationFailure", str(error), rfc3339(now))
        status = {**(csr.get("status") or {}), "certificate": base64.b64encode(certificate.encode()).decode()}
        return {**csr, "status": status}


def is_to_be_signed(csr: Object) -> bool:
    """Approved, by one of our signers, and not answered yet."""
    from wherry.kube.pki.requests import SIGNERS

    status = csr.get("status") or {}
    types = {each.get("type") for each in status.get("conditions") or ()}
    if csr["spec"].get("signerName") not in SIGNERS or status.get("certificate"):
        return False
    return "Approved" in types and not types & {"Denied", "Failed"}
