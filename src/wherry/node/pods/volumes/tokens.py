"""Tokens of service accounts, bound to their pods and renewed before they end (pkg/kubelet/token)."""

from dataclasses import dataclass
from random import Random

from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.times import parse
from wherry.node.pods import view
from wherry.node.pods.volumes.payloads import TokenNeed

ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
RENEW_SHARE = 0.8
"""Of a token's life, after which there is a new one."""
LONGEST_SECONDS = 24 * 3600.0
"""After which there is one in any case."""
JITTER_SECONDS = 10.0
"""At most so much earlier, so that those that came together do not go together (maxJitter)."""
_AGAIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    renewed_at: float
    ends_at: float


class Tokens:
    """In memory only: an agent that is started again asks for new ones. Times are monotonic: setting the clock makes
    no token older."""

    def __init__(self, client: Client, clock: Clock, random: Random | None = None) -> None:
        self._client = client
        self._clock = clock
        self._random = random or Random()
        self._known: dict[tuple[str, TokenNeed], _Token] = {}

    async def fetch(self, pod: Object, need: TokenNeed) -> str:
        """One that lasts for a while. Where no new one is to be had the old one serves until its end; then it raises
        what the API said."""
        key, now = (view.uid(pod), need), self._clock.monotonic()
        known = self._known.get(key)
        if known is not None and now < known.renewed_at:
            return known.text
        try:
            token = await self._request(pod, need)
        except Exception:
            if known is None or now >= known.ends_at:
                raise
            token = _Token(known.text, now + _AGAIN_SECONDS, known.ends_at)
        self._known[key] = token
        return token.text

    def due_seconds(self, uid: str) -> float | None:
        """Until the next of the pod's tokens has to be renewed; None: it has none."""
        times = [each.renewed_at for (whose, _), each in self._known.items() if whose == uid]
        return max(min(times) - self._clock.monotonic(), 0.0) if times else None

    def forget(self, uid: str) -> None:
        for key in [key for key in self._known if key[0] == uid]:
            del self._known[key]

    async def _request(self, pod: Object, need: TokenNeed) -> _Token:
        meta = pod["metadata"]
        bound = {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"]}
        spec: Object = {"expirationSeconds": need.seconds, "boundObjectRef": bound}
        spec["audiences"] = [need.audience] if need.audience else None
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {}, "spec": spec}
        account = pod["spec"].get("serviceAccountName") or "default"
        answer = await self._client.create(ACCOUNTS, request, meta["namespace"], name=account, subresource="token")
        ends = parse(answer["status"]["expirationTimestamp"])
        life = max((ends - self._clock.now()).total_seconds(), 1.0)
        now, jitter = self._clock.monotonic(), self._random.random() * min(JITTER_SECONDS, life * (1 - RENEW_SHARE))
        wait = min(life * RENEW_SHARE, LONGEST_SECONDS) - jitter
        return _Token(answer["status"]["token"], now + wait, now + life)
