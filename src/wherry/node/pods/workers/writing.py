"""A pod's status on its way to the API: only what has changed, and as few times as may be."""

from wherry.kube.client.clock import Clock
from wherry.kube.client.informer import without_managed_fields
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError
from wherry.node.pods.status.patch import difference, is_urgent
from wherry.node.pods.view import PODS

GATHER_SECONDS = 0.3
"""For how long a change that nobody waits for may wait for others."""
STARTING_SECONDS = 1.0
"""How long a pod may take to start before it is told that it does: most have by then, also of many at once."""
ENDING_SECONDS = 3.0
"""The same for a pod that is told to end: most have by then, and then this is told with their end. (What changes with a
deletion is the generation that was seen.)"""


class StatusWriter:
    """Of one pod. ``known`` is the pod as the API has it, by all that is known here."""

    def __init__(self, client: Client, clock: Clock, pod: Object) -> None:
        self.known = pod
        self._client = client
        self._clock = clock
        self._since: float | None = None
        """Since when something is to be written."""
        self._refused: tuple[object, Object] | None = None
        """The newest patch, and the resource version that came of it: what is still missing then will not come."""

    def learn(self, pod: Object) -> bool:
        """The API had it so. Returns whether that is news: answers and watches overtake each other."""
        if _is_older(pod, self.known):
            return False
        self.known = pod
        return True

    def lose(self) -> None:
        """What showed a static pod is gone from the API."""

    def patch(self, status: Object) -> Object | None:
        """What is to be written."""
        found = difference(self.known.get("status") or {}, status, self.known["metadata"]["uid"])
        if found is not None and self._refused == (self.known["metadata"].get("resourceVersion"), found):
            found = None  # the server does not keep it; to say it again would change nothing
        if found is None:
            self._since = None
        elif self._since is None:
            self._since = self._clock.monotonic()
        return found

    def wait_seconds(self, patch: Object, *, ends: bool = False) -> float:
        """How long it may wait; 0: not at all. ``ends``: the pod is being ended, and how it ended is told soon."""
        if is_urgent(self.known.get("status") or {}, patch) or self._since is None:
            return 0.0
        return max(self._since + (ENDING_SECONDS if ends else GATHER_SECONDS) - self._clock.monotonic(), 0.0)

    async def write(self, patch: Object) -> bool:
        """Returns whether the pod is still there. Raises StatusError, Unavailable."""
        meta = self.known["metadata"]
        try:
            answer = await self._client.patch(PODS, meta["name"], patch, meta["namespace"], subresource="status")
        except StatusError as error:
            if error.code == 404 or (error.code == 409 and "uid" in error.message.lower()):
                return False
            raise
        self._since = None
        self._refused = answer["metadata"].get("resourceVersion"), patch
        self.learn(without_managed_fields(answer))
        return True


def _is_older(one: Object, other: Object) -> bool:
    """By their resource versions, where these are numbers; the newest that came counts where they are not."""
    versions = [each["metadata"].get("resourceVersion", "") for each in (one, other)]
    if not all(version.isdecimal() for version in versions):
        return False
    return int(versions[0]) < int(versions[1])
