"""Bootstrap tokens go when they have expired (k8s.io/kubernetes pkg/controller/bootstrap/tokencleaner.go)."""

import base64
import binascii
from datetime import datetime

from wherry.kube.controllers.frame import Interest, Key, Needs, found, removed
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.times import parse

SECRETS = GroupVersionResource("", "v1", "secrets")
NAMESPACE = "kube-system"
TYPE = "bootstrap.kubernetes.io/token"


class BootstrapTokenCleaner:
    """A Reconciler; keys are secrets."""

    name = "token-cleaner"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self.interests = (Interest(needs.informers.of(SECRETS, NAMESPACE, fields=f"type={TYPE}")),)

    async def reconcile(self, key: Key) -> float | None:
        secret = await found(self._client, SECRETS, key)
        if secret is None or secret.get("type") != TYPE:
            return None
        end = expiration(secret)
        if end is None:
            return None
        left = (end - self._clock.now()).total_seconds()
        if left > 0:
            return left
        await removed(self._client, SECRETS, secret)
        return None


def expiration(secret: Object) -> datetime | None:
    """None: it does not expire. What cannot be read has expired long ago."""
    encoded = (secret.get("data") or {}).get("expiration")
    if not encoded:
        return None
    try:
        return parse(base64.b64decode(encoded, validate=True).decode())
    except (ValueError, binascii.Error):
        return parse("1970-01-01T00:00:00Z")
