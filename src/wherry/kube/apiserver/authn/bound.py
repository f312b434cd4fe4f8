"""Whether what a token is bound to is still there."""

import math

from wherry.kube.apiserver.authn.claims import LEEWAY_SECONDS, Bound, Reference
from wherry.kube.apiserver.authn.model import InvalidToken
from wherry.kube.apiserver.model import Lister, Listers
from wherry.kube.machinery import times
from wherry.kube.machinery.model import GroupResource, Object

ACCOUNTS = GroupResource("", "serviceaccounts")
PODS, SECRETS, NODES = (GroupResource("", each) for each in ("pods", "secrets", "nodes"))
_INVALIDATED = "service account token has been invalidated"


class BoundObjects:
    """Looks into the caches."""

    def __init__(self, listers: Listers) -> None:
        self._accounts = listers.of(ACCOUNTS)
        self._pods = listers.of(PODS)
        self._secrets = listers.of(SECRETS)
        self._nodes = listers.of(NODES)

    def check(self, bound: Bound, now: float) -> float:
        """The service account, and the pod, secret or node (of a pod's token the pod alone). Raises InvalidToken.

        Returns from when on it must be looked at again though none of them changes: one is on its way out."""
        namespace, account = bound.namespace, bound.serviceaccount
        found = self._accounts.get(account.name, namespace)
        if found is None:
            raise InvalidToken(f'serviceaccounts "{account.name}" not found')
        if is_deleted(found, now):
            raise InvalidToken(f"service account {namespace}/{account.name} has been deleted")
        uid = _uid(found)
        if uid != account.uid:
            raise InvalidToken(f"service account UID ({uid}) does not match claim ({account.uid})")
        ends = [_end(found)]
        if bound.secret is not None:
            ends.append(_check(self._secrets.get(bound.secret.name, namespace), bound.secret, "secret", now))
        if bound.pod is not None:
            ends.append(_check(self._pods.get(bound.pod.name, namespace), bound.pod, "pod", now))
        elif bound.node is not None:
            ends.append(_check(self._nodes.get(bound.node.name), bound.node, "node", now))
        return min(ends)

    def caches(self, bound: Bound) -> list[Lister]:
        """Those that :meth:`check` looks into."""
        named = ((bound.secret, self._secrets), (bound.pod, self._pods), (bound.node, self._nodes))
        return [self._accounts, *(cache for reference, cache in named if reference is not None)]


class Holding:
    """What one token is bound to, looked at again when it must be: when one of the caches that it is in has changed
    (its revision has moved), or when time makes a difference. What it is not looked up for cannot have changed."""

    __slots__ = ("_bound", "_objects", "_seen", "_until")

    def __init__(self, objects: BoundObjects, bound: Bound) -> None:
        self._objects = objects
        self._bound = bound
        self._until = -math.inf
        self._seen: tuple[tuple[Lister, int], ...] = ()

    def check(self, now: float) -> None:
        """Raises InvalidToken."""
        if now < self._until:
            for cache, revision in self._seen:
                if cache.revision != revision:
                    break
            else:
                return
        self._until = -math.inf
        self._seen = tuple((cache, cache.revision) for cache in self._objects.caches(self._bound))
        self._until = self._objects.check(self._bound, now)


def _check(found: Object | None, wanted: Reference, kind: str, now: float) -> float:
    if found is None or is_deleted(found, now):
        raise InvalidToken(_INVALIDATED)
    uid = _uid(found)
    if uid != wanted.uid:
        shown = f"{kind} UID ({uid})" if kind != "secret" else f"secret UID ({uid})"
        raise InvalidToken(f"{shown} does not match service account {kind} ref claim ({wanted.uid})")
    return _end(found)


def is_deleted(obj: Object, now: float) -> bool:
    """It has been on its way out for a minute: what it still has to do, it has done."""
    return _end(obj) < now


def _end(obj: Object) -> float:
    when = obj["metadata"].get("deletionTimestamp")
    return math.inf if when is None else times.parse(when).timestamp() + LEEWAY_SECONDS


def _uid(obj: Object) -> str:
    uid: str = obj["metadata"].get("uid", "")
    return uid
