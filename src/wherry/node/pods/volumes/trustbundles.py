"""Certificates of authorities out of ClusterTrustBundles, for projected volumes (pkg/kubelet/clustertrustbundle)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from wherry.kit.errors import NotFound, WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Client
from wherry.kube.machinery import selectors
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.node.pods import view
from wherry.node.pods.volumes.payloads import BundleNeed

BUNDLES = GroupVersionResource("certificates.k8s.io", "v1", "clustertrustbundles")
REFRESH_SECONDS = 60.0
"""A change is in the pods within this time, about as it is with the kubelet's."""
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class _Bundle:
    content: bytes
    stale_at: float


class TrustBundles:
    """In memory only. Times are monotonic."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[tuple[str, BundleNeed], _Bundle] = {}

    async def fetch(self, pod: Object, need: BundleNeed) -> bytes:
        """PEM, each certificate once. Where the API does not answer what was known serves on. Raises NotFound for what
        has to be there and is not, and what the API says."""
        key, now = (view.uid(pod), need), self._clock.monotonic()
        known = self._known.get(key)
        if known is not None and now < known.stale_at:
            return known.content
        try:
            content = joined(await self._texts(need))
        except NotFound:
            raise
        except (WherryError, OSError):
            if known is None:
                raise
            content = known.content
        self._known[key] = _Bundle(content, now + REFRESH_SECONDS)
        return content

    def due_seconds(self, uid: str) -> float | None:
        """Until the pod's have to be looked at again; None: it has none."""
        times = [each.stale_at for (whose, _), each in self._known.items() if whose == uid]
        return max(min(times) - self._clock.monotonic(), 0.0) if times else None

    def forget(self, uid: str) -> None:
        for key in [key for key in self._known if key[0] == uid]:
            del self._known[key]

    async def _texts(self, need: BundleNeed) -> list[str]:
        found = await self._named(need.name) if need.name else await self._of_signer(need)
        if not found and not need.optional:
            if need.name:
                raise NotFound(f'clustertrustbundle.certificates.k8s.io "{need.name}" not found')
            raise NotFound("combination of signerName and labelSelector matched zero ClusterTrustBundles")
        return [str(each["spec"].get("trustBundle", "")) for each in found]

    async def _named(self, name: str) -> list[Object]:
        try:
            return [await self._client.get(BUNDLES, name)]
        except StatusError as error:
            if error.code != 404:
                raise
            return []

    async def _of_signer(self, need: BundleNeed) -> list[Object]:
        """No selector matches nothing; an empty one everything (core/v1 ClusterTrustBundleProjection)."""
        if not need.selector:
            return []
        matching = selectors.of_object(msgspec.json.decode(need.selector))
        page = await self._client.list(BUNDLES, fields=f"spec.signerName={need.signer}")
        return [
            each for each in page.items
            if each["spec"].get("signerName") == need.signer and matching.matches(each["metadata"].get("labels") or {})
        ]  # fmt: skip


def joined(texts: Iterable[str]) -> bytes:
    """The certificates in them, in an order that does not depend on that of the texts."""
    blocks = {"".join(block.split("-----")[2].split()) for text in texts for block in _CERTIFICATE.findall(text)}
    return "".join(map(_pem, sorted(blocks))).encode()


def _pem(base64: str) -> str:
    lines = "\n".join(base64[start : start + 64] for start in range(0, len(base64), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
