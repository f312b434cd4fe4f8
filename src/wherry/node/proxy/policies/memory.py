"""Policies that are gone from the API and hold all the same: those of namespaces that end (CVE-2024-7598).

When a namespace is deleted, its policies may go while its pods still run; what keeps them apart must not. Wherry's own
namespace controller deletes pods first; whoever else deletes, or a watch that tells of it in another order, is met
here. A restart forgets: then the API has to be right, and where it is Wherry's it is.
"""

from collections.abc import Callable

from wherry.kube.machinery.model import Object

_Key = tuple[str, str]
PATIENCE_SECONDS = 1.0


class Memory:
    """The policies in force. ``is_ending``: whether a namespace is being deleted, or gone."""

    def __init__(self, is_ending: Callable[[str], bool]) -> None:
        self._is_ending = is_ending
        self._live: dict[_Key, Object] = {}
        self._removed: dict[_Key, tuple[Object, float]] = {}

    def __bool__(self) -> bool:
        return bool(self._live or self._removed)

    def put(self, policy: Object) -> None:
        key = _key(policy)
        self._live[key] = policy
        self._removed.pop(key, None)

    def remove(self, policy: Object, now: float) -> None:
        """The API has it no more. Its last state is what is kept."""
        key = _key(policy)
        last = self._live.pop(key, None)
        if last is not None:
            self._removed[key] = (last, now)

    def in_force(self, inhabited: Callable[[str], bool], now: float) -> tuple[list[Object], float | None]:
        """``inhabited``: whether a namespace still has pods here. Also the seconds after which to ask again, if any.

        A policy that was removed holds for :data:`PATIENCE_SECONDS` in any case: the end of its namespace may be told
        after its own.
        """
        again = None
        for key, (_, since) in list(self._removed.items()):
            left = since + PATIENCE_SECONDS - now
            if inhabited(key[0]) and (left > 0 or self._is_ending(key[0])):
                again = min(left if left > 0 else PATIENCE_SECONDS, again or PATIENCE_SECONDS)
            else:
                del self._removed[key]
        return [*self._live.values(), *(policy for policy, _ in self._removed.values())], again


def _key(policy: Object) -> _Key:
    return policy["metadata"]["namespace"], policy["metadata"]["name"]
