"""The facts of network policies: what the API says, and what the agent says first.

Pods of the whole cluster and namespaces are watched only while there is a policy: without one, nobody asks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from wherry.kube.client.clock import Clock
from wherry.kube.client.informer import Informer
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.node.proxy.model import Node, Ruleset
from wherry.node.proxy.policies.memory import Memory
from wherry.node.proxy.policies.model import PolicyPod, policy_pod
from wherry.node.proxy.policies.plan import plan

POLICIES = GroupVersionResource("networking.k8s.io", "v1", "networkpolicies")
PODS = GroupVersionResource("", "v1", "pods")
NAMESPACES = GroupVersionResource("", "v1", "namespaces")
_YOUNG_SECONDS = 60.0
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Settled:
    """What the agent said of a pod: it has these addresses."""

    pod: Object
    addresses: tuple[str, ...]
    since: float


def bare_pod(obj: Object) -> Object:
    """What policies want of a pod: the rest is much more."""
    meta, spec, status = obj["metadata"], obj["spec"], obj.get("status") or {}
    wanted = ("name", "namespace", "uid", "resourceVersion", "labels")
    containers = {
        kind: [
            {"ports": each["ports"], "restartPolicy": each.get("restartPolicy")}
            for each in spec.get(kind) or ()
            if each.get("ports")
        ]
        for kind in ("containers", "initContainers")
    }
    return {
        "metadata": {name: meta[name] for name in wanted if name in meta},
        "spec": {"nodeName": spec.get("nodeName"), "hostNetwork": spec.get("hostNetwork"), **containers},
        "status": {name: status[name] for name in ("phase", "podIP", "podIPs") if name in status},
    }


class Policing:
    """``wake`` is called when the rules may have to change."""

    def __init__(self, informers: Informers, node: Node, clock: Clock, wake: Callable[[], None]) -> None:
        self._informers = informers
        self._node = node.name
        self._stand_ins = tuple(node.stand_ins.values())
        self._clock = clock
        self._wake = wake
        self._memory = Memory(self._is_ending)
        self._settled: dict[_Key, Settled] = {}
        self._pods: dict[_Key, PolicyPod] = {}
        self._here: dict[str, int] = {}
        self._policies = informers.of(POLICIES)
        self._pod_informer: Informer | None = None
        self._namespaces: Informer | None = None
        self._is_prepared = False
        self.is_dirty = True

    @property
    def informer(self) -> Informer:
        """Of policies."""
        return self._policies

    def watch(self) -> Callable[[], None]:
        """Begin to listen, to what is there already too. Returns what ends it."""
        return self._policies.add_handler(self._policy)

    def settle(self, pod: Object, addresses: Sequence[str]) -> None:
        """The pod has these addresses, before the API knows; who had them has them no more. One that has the node's
        network has none of its own."""
        if pod["spec"].get("hostNetwork"):
            return
        meta = pod["metadata"]
        key = (meta.get("namespace", ""), meta["name"])
        taken = set(addresses)
        for other, settled in list(self._settled.items()):
            if other != key and taken & set(settled.addresses):
                del self._settled[other]
        self._settled[key] = Settled(bare_pod(pod), tuple(addresses), self._clock.monotonic())
        self._touch()

    def forget(self, pod: Object) -> None:
        """The pod has its addresses no more. Without policies nobody else would say so: pods are not watched then."""
        key = (pod["metadata"].get("namespace", ""), pod["metadata"]["name"])
        settled = self._settled.get(key)
        if settled is not None and _uid(settled.pod) == _uid(pod):
            del self._settled[key]
            self._touch()

    @property
    def addresses(self) -> list[str]:
        """What pods of this node have, as far as the agent has said, or the API has had to be asked."""
        told = (address for settled in self._settled.values() for address in settled.addresses)
        known = (address for pod in self._pods.values() if pod.is_local for address in pod.addresses)
        return list(dict.fromkeys((*told, *known)))

    @property
    def is_ready(self) -> bool:
        """Whether what the policies need is known: always, when there is none."""
        return self._is_prepared or not self._memory

    async def prepare(self) -> None:
        """Until :attr:`is_ready`."""
        if self.is_ready:
            return
        if self._namespaces is None or self._pod_informer is None:
            self._namespaces = self._informers.of(NAMESPACES)
            self._pod_informer = self._informers.of(PODS, transform=bare_pod)
        await self._informers.wait_synced(self._namespaces, self._pod_informer)
        if not self._is_prepared:
            self._is_prepared = True
            self._namespaces.add_handler(self._namespace)
            self._pod_informer.add_handler(self._pod)
            self._touch()

    def ruleset(self) -> Ruleset:
        """What has to be, by all that is known; only when :attr:`is_ready`."""
        self.is_dirty = False
        now = self._clock.monotonic()
        policies, again = self._memory.in_force(self._is_inhabited, now)
        if again is not None:
            self._clock.call_later(again, self._touch)
        if not policies:
            return plan((), (), {})
        self._forget_strangers()
        return plan(policies, self._all(), self._labels(), self._stand_ins)

    # Inside

    def _touch(self) -> None:
        self.is_dirty = True
        self._wake()

    def _policy(self, old: Object | None, new: Object | None) -> None:
        if new is not None:
            self._memory.put(new)
        elif old is not None:
            self._memory.remove(old, self._clock.monotonic())
        self._touch()

    def _namespace(self, old: Object | None, new: Object | None) -> None:
        if _namespace_facts(old) != _namespace_facts(new):
            self._touch()

    def _pod(self, old: Object | None, new: Object | None) -> None:
        obj = new or old
        assert obj is not None
        key = (obj["metadata"]["namespace"], obj["metadata"]["name"])
        before = self._pods.pop(key, None)
        settled = self._settled.get(key)
        if new is None and settled is not None and _uid(settled.pod) == _uid(obj):
            del self._settled[key]
        made = None if new is None else self._made(key, new)
        if made is not None:
            self._pods[key] = made
        for each, by in ((before, -1), (made, 1)):
            if each is not None and each.is_local:
                self._here[each.namespace] = self._here.get(each.namespace, 0) + by
        if made != before:
            self._touch()

    def _made(self, key: _Key, pod: Object) -> PolicyPod | None:
        settled = self._settled.get(key)
        known = settled.addresses if settled is not None and _uid(settled.pod) == _uid(pod) else ()
        return policy_pod(pod, self._node, known)

    def _all(self) -> Iterable[PolicyPod]:
        """What the agent has said of a pod comes before what the API says, while that is behind."""
        found = dict(self._pods)
        for key, settled in self._settled.items():
            known = self._pod_informer.cache.get(key[1], key[0]) if self._pod_informer else None
            pod = known if known is not None and _uid(known) == _uid(settled.pod) else settled.pod
            made = policy_pod(pod, self._node, settled.addresses)
            if made is not None:
                found[key] = made
        return found.values()

    def _labels(self) -> Mapping[str, Mapping[str, str]]:
        assert self._namespaces is not None
        return {each["metadata"]["name"]: each["metadata"].get("labels") or {} for each in self._namespaces.cache}

    def _is_ending(self, namespace: str) -> bool:
        if self._namespaces is None:
            return False
        found = self._namespaces.cache.get(namespace)
        return found is None or "deletionTimestamp" in found["metadata"]

    def _is_inhabited(self, namespace: str) -> bool:
        return self._here.get(namespace, 0) > 0 or any(key[0] == namespace for key in self._settled)

    def _forget_strangers(self) -> None:
        """What the agent said of pods that are gone meanwhile; not of new ones, which a list may not have yet."""
        assert self._pod_informer is not None
        now = self._clock.monotonic()
        for key, settled in list(self._settled.items()):
            known = self._pod_informer.cache.get(key[1], key[0])
            is_known = known is not None and _uid(known) == _uid(settled.pod)
            if not is_known and now - settled.since >= _YOUNG_SECONDS:
                del self._settled[key]


def _uid(pod: Object) -> str:
    return str(pod["metadata"].get("uid", ""))


def _namespace_facts(namespace: Object | None) -> object:
    if namespace is None:
        return None
    meta = namespace["metadata"]
    return meta.get("labels"), "deletionTimestamp" in meta
