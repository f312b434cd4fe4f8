"""What a worker remembers of its pod besides what runtime and API know: all of it can be lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wherry.kube.client.clock import Clock
from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.composing.mounts import Ready
from wherry.node.pods.life.model import Ending, Probed
from wherry.node.pods.runtime import Container, State
from wherry.node.pods.status.containers import SCHEME
from wherry.node.pods.volumes import messages


@dataclass(slots=True)
class Memory:
    """``ended``: when exited containers had ended (monotonic seconds). ``messages``: their last words. ``hooked``:
    containers whose preStop has begun. ``announced``: what has been said about waiting, so that it is not said again.
    ``mounted``: what the volumes were made from. ``ips``: the addresses that it had last. ``backoffs``: see Facts."""

    ending: Ending | None = None
    volumes: dict[str, Ready] | None = None
    mounted: object = None
    is_gone: bool = False
    is_deleted: bool = False
    ended: dict[str, float] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    hooked: set[str] = field(default_factory=set)
    announced: dict[str, object] = field(default_factory=dict)
    resources: dict[str, Object] = field(default_factory=dict)
    ips: tuple[str, ...] = ()
    backoffs: dict[str, float] = field(default_factory=dict)

    def note(self, containers: Sequence[Container], clock: Clock) -> None:
        """Which of them have ended, and what they said; which are not there any more."""
        now = clock.monotonic()
        for each in containers:
            if each.state is State.EXITED and each.id not in self.ended:
                ago = clock.now().timestamp() - each.finished_ns / 1e9
                self.ended[each.id] = now - max(ago, 0.0)  # the clock may have been set since
                self.messages.setdefault(each.id, messages.read(each))
        there = {each.id for each in containers}
        for known in (self.ended, self.messages):
            for id in known.keys() - there:
                del known[id]
        self.hooked &= there

    def recall(self, pod: Object, containers: Sequence[Container]) -> None:
        """Last words that the API knows, of containers that ended before this agent was started."""
        there = {each.id for each in containers}
        for status in view.container_statuses(pod).values():
            for state in (status.get("state"), status.get("lastState")):
                ended = (state or {}).get("terminated") or {}
                id = str(ended.get("containerID", "")).removeprefix(SCHEME)
                if id in there and ended.get("message"):
                    self.messages[id] = ended["message"]


def recalled(pod: Object, run: Container) -> Probed | None:
    """What the API knows that the probes of a running container had said; None: it does not know this run."""
    status: Mapping[str, object] = view.container_statuses(pod).get(run.name) or {}
    if status.get("containerID") != SCHEME + run.id or "running" not in (status.get("state") or {}):  # type: ignore[operator]
        return None
    return Probed(bool(status.get("started")), bool(status.get("ready")))
