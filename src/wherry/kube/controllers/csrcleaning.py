"""Certificate signing requests, and those of pods, go some time after they are of no use any more
(k8s.io/kubernetes pkg/controller/certificates/cleaner)."""

import base64
import binascii
from datetime import datetime, timedelta

from wherry.kube.controllers.csrapproving import REQUESTS
from wherry.kube.controllers.frame import Interest, Key, Needs, found, removed
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.times import parse

DECIDED = timedelta(hours=1)
"""After which what was approved or denied goes; a failed one, too."""
PENDING = timedelta(hours=24)
OF_PODS = GroupVersionResource("certificates.k8s.io", "v1", "podcertificaterequests")
POD = timedelta(minutes=15)
"""Within this a pod's request is answered, and the answer taken (cmd/kube-controller-manager/app/certificates.go)."""


class CsrCleaning:
    """A Reconciler; keys are requests."""

    name = "csrcleaner"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self.interests = (Interest(needs.informers.of(REQUESTS)),)

    async def reconcile(self, key: Key) -> float | None:
        csr = await found(self._client, REQUESTS, key)
        if csr is None:
            return None
        left = (due(csr) - self._clock.now()).total_seconds()
        if left > 0:
            return left
        await removed(self._client, REQUESTS, csr)
        return None


class PodRequestCleaning:
    """The same of PodCertificateRequests: a node that still waits for one asks anew."""

    name = "podcertificaterequestcleaner"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self.interests = (Interest(needs.informers.of(OF_PODS)),)

    async def reconcile(self, key: Key) -> float | None:
        request = await found(self._client, OF_PODS, key)
        if request is None:
            return None
        left = (parse(request["metadata"]["creationTimestamp"]) + POD - self._clock.now()).total_seconds()
        if left > 0:
            return left
        await removed(self._client, OF_PODS, request)
        return None


def due(csr: Object) -> datetime:
    """When it is to go: an hour after it was decided, a day after it was made, or when its certificate has ended."""
    moments = [parse(csr["metadata"]["creationTimestamp"]) + PENDING]
    status = csr.get("status") or {}
    decided = [each for each in status.get("conditions") or () if each.get("type") in ("Approved", "Denied", "Failed")]
    times = [each.get("lastUpdateTime") for each in decided if each.get("lastUpdateTime")]
    if times:
        moments = [parse(max(times)) + DECIDED]
    end = _end_of_certificate(status.get("certificate") or "")
    return min([*moments, end]) if end else min(moments)


def _end_of_certificate(encoded: str) -> datetime | None:
    if not encoded:
        return None
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(base64.b64decode(encoded, validate=True)).not_valid_after_utc
    except (ValueError, binascii.Error):
        return None
