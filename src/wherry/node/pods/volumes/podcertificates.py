"""Certificates of pods, for projected volumes: asked for by PodCertificateRequests, which a signer answers, and renewed
before they end (pkg/kubelet/podcertificate)."""

import asyncio
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from wherry.kit.errors import Invalid, Unavailable, WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import parse
from wherry.node.pods import view
from wherry.node.pods.volumes.payloads import CertificateNeed, Credential

REQUESTS = GroupVersionResource("certificates.k8s.io", "v1", "podcertificaterequests")
_ACCOUNTS, _NODES = GroupVersionResource("", "v1", "serviceaccounts"), GroupVersionResource("", "v1", "nodes")
JITTER_SECONDS = 300.0
"""At most so much later than the signer says a new one is asked for, so that not all are at once (jitterDuration)."""
LOOKS, LOOK_SECONDS = 10, 0.2
"""So often it is looked whether the first one is there, before the pod's worker is told to come again."""
PENDING_SECONDS = 5.0
"""The same of one that is to take another's place."""
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class _Pending:
    """A request that has been made, and the key that it is for."""

    name: str
    key: bytes


@dataclass(slots=True)
class _Kept:
    """``refused``: why there will be none."""

    pending: _Pending | None = None
    credential: Credential | None = None
    refresh_at: datetime | None = None
    refused: str = ""


class PodCertificates:
    """In memory only: an agent that is started again asks for new ones. ``node``: the name of this one."""

    def __init__(self, client: Client, clock: Clock, node: str, random: Random | None = None) -> None:
        self._client = client
        self._clock = clock
        self._node = node
        self._random = random or Random()
        self._known: dict[tuple[str, CertificateNeed], _Kept] = {}

    async def fetch(self, pod: Object, need: CertificateNeed) -> Credential:
        """One that lasts for a while; the old one where no new one is to be had. Raises Invalid when the signer has
        refused for good, Unavailable while it has not answered, and what the API says."""
        kept = self._known.setdefault((view.uid(pod), need), _Kept())
        is_fresh = kept.refresh_at is not None and self._clock.now() < kept.refresh_at
        if not kept.refused and not is_fresh:
            try:
                await self._renew(pod, need, kept)
            except (WherryError, OSError):
                if kept.credential is None:
                    raise
        if kept.refused:
            raise Invalid(kept.refused)
        if kept.credential is None:
            raise Unavailable("credential bundle is not issued yet")
        return kept.credential

    def due_seconds(self, uid: str) -> float | None:
        """Until the pod's have to be looked at again; None: it has none that will change."""
        now, found = self._clock.now(), list[float]()
        for (whose, _), kept in self._known.items():
            if whose == uid and kept.refresh_at is not None and not kept.refused:
                left = max((kept.refresh_at - now).total_seconds(), 0.0)
                found.append(PENDING_SECONDS if left == 0 and kept.pending is not None else left)
        return min(found, default=None)

    def forget(self, uid: str) -> None:
        for key in [key for key in self._known if key[0] == uid]:
            del self._known[key]

    async def _renew(self, pod: Object, need: CertificateNeed, kept: _Kept) -> None:
        if kept.pending is None:
            kept.pending = await self._ask(pod, need)
        for look in range(LOOKS):
            if look:
                await self._clock.sleep(LOOK_SECONDS)
            self._take(await self._request(pod, kept), kept)
            if kept.pending is None or kept.credential is not None:
                return

    async def _ask(self, pod: Object, need: CertificateNeed) -> _Pending:
        from wherry.kube.pki import podkeys  # cryptography takes megabytes, and few pods have certificates

        meta, account = pod["metadata"], pod["spec"].get("serviceAccountName") or "default"
        runs_as = await self._client.get(_ACCOUNTS, account, meta["namespace"])
        node = await self._client.get(_NODES, self._node)
        made = await asyncio.to_thread(podkeys.make, need.key_type)
        spec: Object = {
            "signerName": need.signer, "podName": meta["name"], "podUID": meta["uid"], "serviceAccountName": account,
            "serviceAccountUID": runs_as["metadata"]["uid"], "nodeName": self._node,
            "nodeUID": node["metadata"]["uid"], "stubPKCS10Request": b64encode(made.request).decode(),
        }  # fmt: skip
        if need.seconds is not None:
            spec["maxExpirationSeconds"] = need.seconds
        if need.annotations:
            spec["unverifiedUserAnnotations"] = dict(need.annotations)
        owner = {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"]}
        request = {
            "apiVersion": "certificates.k8s.io/v1", "kind": "PodCertificateRequest", "spec": spec,
            "metadata": {"generateName": "req-", "namespace": meta["namespace"], "ownerReferences": [owner]},
        }  # fmt: skip
        answer = await self._client.create(REQUESTS, request, meta["namespace"])
        return _Pending(answer["metadata"]["name"], made.private)

    async def _request(self, pod: Object, kept: _Kept) -> Object:
        """As it is now. One that somebody has deleted is asked for anew the next time."""
        assert kept.pending is not None
        name, namespace = kept.pending.name, pod["metadata"]["namespace"]
        try:
            return await self._client.get(REQUESTS, name, namespace)
        except StatusError as error:
            if error.code != 404:
                raise
            kept.pending = None
            raise Unavailable(f'PodCertificateRequest "{namespace}/{name}" appears to have been deleted') from error

    def _take(self, request: Object, kept: _Kept) -> None:
        """What the signer has said, if it has."""
        assert kept.pending is not None
        status = request.get("status") or {}
        for condition in status.get("conditions") or ():
            kind = condition.get("type")
            if kind in ("Denied", "Failed"):
                reason, message = condition.get("reason", ""), condition.get("message", "")
                why = "denied" if kind == "Denied" else "failed"
                kept.refused = f'PodCertificateRequest was permanently {why}: reason="{reason}" message="{message}"'
                kept.pending = None
                return
            if kind == "Issued":
                kept.credential = Credential(kept.pending.key, _clean(status.get("certificateChain", "").encode()))
                jitter = timedelta(seconds=self._random.random() * JITTER_SECONDS)
                kept.refresh_at = parse(status["beginRefreshAt"]) + jitter
                kept.pending = None
                return


def _clean(chain: bytes) -> bytes:
    """Its certificates alone, whatever stands between them."""
    blocks = (b"".join(block.split()) for block in _CERTIFICATE.findall(chain))
    return b"".join(
        b"-----BEGIN CERTIFICATE-----\n%b\n-----END CERTIFICATE-----\n"
        % b"\n".join(block[start : start + 64] for start in range(0, len(block), 64))
        for block in blocks
    )
