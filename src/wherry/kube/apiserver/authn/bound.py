"""Whether what a token is bound to is still there."""

from wherry.kube.apiserver.authn.claims import LEEWAY_SECONDS, Bound, Reference
from wherry.kube.apiserver.authn.model import InvalidToken
from wherry.kube.apiserver.model import Listers
from wherry.kube.machinery import times
from wherry.kube.machinery.model import GroupResource, Object

ACCOUNTS = GroupResource("", "serviceaccounts")
PODS, SECRETS, NODES = (GroupResource("", each) for each in ("pods", "secrets", "nodes"))
_INVALIDATED = "service account token has been invalidated"


class BoundObjects:
    """Looks at the caches each time: a lookup costs less than remembering would."""

    def __init__(self, listers: Listers) -> None:
        self._accounts = listers.of(ACCOUNTS)
        self._pods = listers.of(PODS)
        self._secrets = listers.of(SECRETS)
        self._nodes = listers.of(NODES)

    def check(self, bound: Bound, now: float) -> None:
        """The service account, and the pod, secret or node (of a pod's token the pod alone). Raises InvalidToken."""
        namespace, account = bound.namespace, bound.serviceaccount
        found = self._accounts.get(account.name, namespace)
        if found is None:
            raise InvalidToken(f'serviceaccounts "{account.name}" not found')
        if is_deleted(found, now):
            raise InvalidToken(f"service account {namespace}/{account.name} has been deleted")
        uid = _uid(found)
        if uid != account.uid:
            raise InvalidToken(f"service account UID ({uid}) does not match claim ({account.uid})")
        if bound.secret is not None:
            _check(self._secrets.get(bound.secret.name, namespace), bound.secret, "secret", now)
        if bound.pod is not None:
            _check(self._pods.get(bound.pod.name, namespace), bound.pod, "pod", now)
        elif bound.node is not None:
            _check(self._nodes.get(bound.node.name), bound.node, "node", now)


def _check(found: Object | None, wanted: Reference, kind: str, now: float) -> None:
    if found is None or is_deleted(found, now):
        raise InvalidToken(_INVALIDATED)
    uid = _uid(found)
    if uid != wanted.uid:
        shown = f"{kind} UID ({uid})" if kind != "secret" else f"secret UID ({uid})"
        raise InvalidToken(f"{shown} does not match service account {kind} ref claim ({wanted.uid})")


def is_deleted(obj: Object, now: float) -> bool:
    """It has been on its way out for a minute: what it still has to do, it has done."""
    when = obj["metadata"].get("deletionTimestamp")
    return when is not None and times.parse(when).timestamp() < now - LEEWAY_SECONDS


def _uid(obj: Object) -> str:
    uid: str = obj["metadata"].get("uid", "")
    return uid
