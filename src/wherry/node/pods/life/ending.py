"""How a pod ends (pkg/kubelet/kuberuntime/kuberuntime_termination_order.go). Pure.

The containers first, the sidecars after them in the reverse of their order, all within the pod's grace period; then
its network and volumes; and when the API has been told how it ended, and wants it gone, all that is left.
"""

from wherry.node.pods.life.model import (
    Abort,
    DeletePod,
    Draft,
    Ending,
    Facts,
    Plan,
    RemoveSandbox,
    StopContainer,
    StopSandbox,
    UnmountVolumes,
)
from wherry.node.pods.runtime import Container
from wherry.node.pods.view import Role, of_role

LEAST_SECONDS = 2.0
"""A container always has as long between SIGTERM and SIGKILL (minimumGracePeriodInSeconds)."""
_BEGUN = ("start ", "sandbox", "volumes", "resize ")


def plan(facts: Facts) -> Plan:
    """For a pod that has to end, or has ended, or that the API does not know."""
    draft = Draft(facts)
    begun = [key for key in facts.busy if key.startswith(_BEGUN)]
    for key in sorted(begun):
        draft.add(Abort(key))
    running = facts.running()
    if running:
        _stop(facts, draft, running)
    if running or begun:
        return draft.plan()
    return _clear(facts, draft)


def _stop(facts: Facts, draft: Draft, running: list[Container]) -> None:
    sidecars = [member.name for member in of_role(facts.pod, Role.SIDECAR)]
    first = [each for each in running if each.name not in sidecars]
    if not first:
        last = max(sidecars.index(each.name) for each in running)
        first = [each for each in running if each.name == sidecars[last]]
    for container in first:
        draft.add(StopContainer(container.id, container.name, _left(facts), f"Stopping container {container.name}"))


def _left(facts: Facts) -> float:
    """Of the grace period."""
    ending = facts.ending or Ending(0.0, facts.seconds)
    return max(ending.since + ending.grace_seconds - facts.seconds, LEAST_SECONDS)


def _clear(facts: Facts, draft: Draft) -> Plan:
    """Nothing runs any more. What must not be lost (states, logs) goes last, when nobody will ask for it."""
    is_unwanted = facts.is_gone or "deletionTimestamp" in facts.pod["metadata"]
    for sandbox in facts.sandboxes:
        if sandbox.ready:
            draft.add(StopSandbox(sandbox.id))
    if not facts.is_unmounted:
        draft.add(UnmountVolumes())
    if any(each.ready for each in facts.sandboxes) or not facts.is_unmounted:
        return draft.plan()
    if not is_unwanted or not (facts.is_gone or facts.is_written):
        return draft.plan()
    for sandbox in facts.sandboxes:
        draft.add(RemoveSandbox(sandbox.id))
    if facts.sandboxes:
        return draft.plan()
    if facts.is_gone:
        return draft.plan(is_over=True)
    if not facts.is_deleted:
        draft.add(DeletePod())
    return draft.plan()
