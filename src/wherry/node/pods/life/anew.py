"""All containers of a pod begin anew, in its sandbox and with its volumes, when one has ended in a way that its rules
say so of: ``RestartAllContainers`` (KEP-5532; pkg/kubelet/container/helpers.go: ShouldAllContainersRestart). Pure.

First everything ends that runs, at once and without preStop. Then the runs are removed, those that asked for it last,
as soon as the API knows how often they have run: nothing else does afterwards. Meanwhile the pod's condition
``AllContainersRestarting`` is True, so that who is started in between goes on. When nothing is left and the API has
heard that too, the pod starts as one that is new. Ephemeral containers have no part in it.
"""

from wherry.kube.kinds.pod import restarting
from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.life import restarts
from wherry.node.pods.life.model import Abort, Draft, Facts, RemoveContainer, StartContainer, StopContainer
from wherry.node.pods.runtime import Container, State
from wherry.node.pods.view import Role

CONDITION = "AllContainersRestarting"
_ROLES = (Role.INIT, Role.SIDECAR, Role.REGULAR)


def is_wanted(pod: Object, run: Container) -> bool:
    """Whether this run has ended in a way that all are to begin anew for."""
    member = view.member(pod, run.name)
    if member is None or member.role is Role.EPHEMERAL or run.state is not State.EXITED:
        return False
    return restarting.action(member.container, run.exit_code) == restarting.ALL


def is_under_way(facts: Facts) -> bool:
    """Whether something is left to be ended or removed for it."""
    return bool(_runs(facts)) and (_is_told(facts) or bool(_askers(facts)))


def prepare(facts: Facts, draft: Draft) -> bool:
    """The next steps of it; whether there is anything else to be done for the pod is for later then. False: there is
    nothing of the kind."""
    if not restarting.all_may_restart(facts.pod["spec"]):
        return False
    runs, askers = _runs(facts), _askers(facts)
    if not askers and not _is_told(facts):
        return False
    for key in _starts(facts):
        draft.add(Abort(key))
    for run in runs:
        if run.state is State.RUNNING:
            said = f"Container {run.name} is ended: all containers of the pod begin anew"
            draft.add(StopContainer(run.id, run.name, 0.0, said, hook=False))
    is_still = not any(run.state is State.RUNNING for run in runs) and not _starts(facts)
    if is_still and (_is_told(facts) or view.is_static(facts.pod)):
        _remove(facts, draft, runs, askers)
    return True


def _starts(facts: Facts) -> list[str]:
    names = [StartContainer(each.name, 0).key for each in view.of_role(facts.pod, *_ROLES)]
    return [each for each in names if each in facts.busy]


def _remove(facts: Facts, draft: Draft, runs: list[Container], askers: list[Container]) -> None:
    others = [run for run in runs if run not in askers]
    for run in others:
        if _is_known(facts, run):
            draft.add(RemoveContainer(run.id))
    waits = [_wait(facts, draft, run) for run in askers]
    if others or any(waits):
        return
    for run in askers:
        if _is_known(facts, run):
            draft.add(RemoveContainer(run.id, run.name, restarts.grown_seconds(run)))


def _wait(facts: Facts, draft: Draft, run: Container) -> bool:
    """Who asks again and again is kept waiting, as one that is started again alone."""
    whole = restarts.wait_seconds(run)
    left = whole - facts.ended_seconds.get(run.id, 0.0)
    if left <= 0:
        return False
    draft.waiting[run.name] = restarts.crash_loop(facts.pod, run.name, whole)
    draft.again(left)
    return True


def _is_told(facts: Facts) -> bool:
    """The API has the condition. Pods of the machine's own wait for nobody's word."""
    if view.is_static(facts.pod):
        return False
    conditions = (facts.pod.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == CONDITION and each.get("status") == "True" for each in conditions)


def _is_known(facts: Facts, run: Container) -> bool:
    """To the API, with its number: or there is a newer one of the container."""
    if view.is_static(facts.pod) or facts.newest()[run.name].id != run.id:
        return True
    known = view.container_statuses(facts.pod).get(run.name) or {}
    return str(known.get("containerID", "")).partition("://")[2] == run.id


def _runs(facts: Facts) -> list[Container]:
    """In any of its sandboxes: an older one's would be counted on from."""
    names = {each.name for each in view.of_role(facts.pod, *_ROLES)}
    return [run for run in facts.containers if run.name in names]


def _askers(facts: Facts) -> list[Container]:
    return [run for run in facts.current().values() if is_wanted(facts.pod, run)]
