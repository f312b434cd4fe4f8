"""What a pod needs next to run as it should (pkg/kubelet/kuberuntime, computePodActions). Pure."""

from collections.abc import Mapping

from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.composing.containers import is_changed
from wherry.node.pods.life import anew, restarts
from wherry.node.pods.life.model import (
    Draft,
    Facts,
    MountVolumes,
    Plan,
    Probed,
    RemoveContainer,
    RemoveSandbox,
    Resize,
    StartContainer,
    StartSandbox,
    StopContainer,
    Trouble,
)
from wherry.node.pods.runtime import Container, State
from wherry.node.pods.view import Member, Role

_KEPT_RUNS = 2
"""Of each container: the newest, and the one before it."""
_IMAGES = ("ErrImage", "InvalidImage")
"""How the reasons of troubles with images begin (:mod:`wherry.node.pods.images.pulling`)."""


def plan(facts: Facts) -> Plan:
    """For a pod that is not to end. Where it has ended of itself, the plan says so."""
    draft = Draft(facts)
    if facts.sandbox is None or not facts.sandbox.ready:
        return _begin(facts, draft)
    if anew.prepare(facts, draft):
        return draft.plan()
    if not facts.has_volumes or facts.has_stale_volumes:
        draft.add(MountVolumes())
    current = facts.current()
    is_initialized = _initialize(facts, draft, current)
    if is_initialized is None:
        return draft.plan(has_ended=True)
    for member in view.of_role(facts.pod, Role.EPHEMERAL):
        if member.name not in facts.newest():
            _start(facts, draft, member, None)
    lasts = not is_initialized or _run(facts, draft, current)
    _tidy(facts, draft, current)
    return draft.plan(has_ended=not lasts)


def _begin(facts: Facts, draft: Draft) -> Plan:
    """Volumes and sandbox come at once: neither needs the other."""
    old = facts.sandbox
    if old is not None and _is_done(facts):
        return draft.plan(has_ended=True)
    for container in facts.running():
        said = "Pod sandbox changed, it will be killed and re-created."
        draft.add(StopContainer(container.id, container.name, view.grace_seconds(facts.pod), said))
    if not facts.running():
        draft.add(StartSandbox(old.spec.attempt + 1 if old else 0))
    if not facts.has_volumes:
        draft.add(MountVolumes())
    return draft.plan()


def _is_done(facts: Facts) -> bool:
    """A sandbox was lost: whether what has ended before need not, or must not, run again."""
    newest = facts.newest()
    regular = view.of_role(facts.pod, Role.REGULAR)
    runs = [newest[each.name] for each in regular if each.name in newest]
    if not runs or anew.is_under_way(facts):
        return False
    if all(each.state is State.EXITED and not _again(facts.pod, each, regular) for each in runs):
        return len(runs) == len(regular) or (facts.pod["spec"].get("restartPolicy") == "Never")
    return False


def _again(pod: Object, run: Container, among: list[Member]) -> bool:
    member = next(each for each in among if each.name == run.name)
    return restarts.should_start(pod, member, run)


def _initialize(facts: Facts, draft: Draft, current: Mapping[str, Container]) -> bool | None:
    """Start what is next of init containers and sidecars. Returns whether the others may run; None: never."""
    began = any(each.name in current for each in view.of_role(facts.pod, Role.REGULAR))
    for member in view.of_role(facts.pod, Role.INIT, Role.SIDECAR):
        run = current.get(member.name)
        if member.role is Role.SIDECAR:
            if not _is_up(facts, member, run):
                _keep_up(facts, draft, member, run)
                if not began:
                    return False
            elif run is not None:
                _check(facts, draft, member, run)
            continue
        if began or (run is not None and run.state is State.EXITED and run.exit_code == 0):
            continue
        if run is not None and run.state is State.EXITED and not restarts.should_start(facts.pod, member, run):
            return None
        if run is None or run.state is not State.RUNNING:
            _start(facts, draft, member, run)
        return False
    return True


def _is_up(facts: Facts, member: Member, run: Container | None) -> bool:
    """A sidecar runs, its postStart is done and its startup probe content: what comes after it may start."""
    if run is None or run.state is not State.RUNNING or StartContainer(member.name, 0).key in facts.busy:
        return False
    return facts.probed.get(run.id, Probed()).started is not False


def _keep_up(facts: Facts, draft: Draft, member: Member, run: Container | None) -> None:
    if run is not None and run.state is State.RUNNING:
        _check(facts, draft, member, run)
    else:
        _start(facts, draft, member, run)


def _run(facts: Facts, draft: Draft, current: Mapping[str, Container]) -> bool:
    """Whether any regular container runs, or will."""
    lasts = False
    for member in view.of_role(facts.pod, Role.REGULAR):
        run = current.get(member.name)
        if run is not None and run.state is State.RUNNING:
            _check(facts, draft, member, run)
        elif run is not None and run.state is State.EXITED and not restarts.should_start(facts.pod, member, run):
            lasts = lasts or StartContainer(member.name, 0).key in facts.busy
            continue
        else:
            _start(facts, draft, member, run)
        lasts = True
    return lasts


def _start(facts: Facts, draft: Draft, member: Member, run: Container | None) -> None:
    """As soon as it may: not while it has to wait for its last end, nor without its volumes."""
    last = facts.newest().get(member.name)
    if run is not None and run.state is State.EXITED and not is_changed(member, run.annotations):
        whole = restarts.wait_seconds(run)
        left = whole - facts.ended_seconds.get(run.id, 0.0)
        if left > 0:
            draft.waiting[member.name] = restarts.crash_loop(facts.pod, member.name, whole)
            draft.again(left)
            return
    grown = facts.backoffs.get(member.name, 0.0) if last is None else restarts.grown_seconds(run)
    action = StartContainer(member.name, _attempt(facts, member, last), grown)
    trouble = facts.troubles.get(action.key) or _no_image(facts, member)
    if trouble is not None:
        draft.waiting[member.name] = trouble.shown(facts.seconds)
    if facts.has_volumes:
        draft.add(action)


def _no_image(facts: Facts, member: Member) -> Trouble | None:
    """Of a volume that is an image, and that it mounts: told as that of its own is."""
    trouble = None if facts.has_volumes else facts.troubles.get(MountVolumes().key)
    if trouble is None or not trouble.reason.startswith(_IMAGES):
        return None
    images = {each["name"] for each in facts.pod["spec"].get("volumes") or () if each.get("image") is not None}
    mounts = member.container.get("volumeMounts") or ()
    return trouble if any(each.get("name") in images for each in mounts) else None


def _attempt(facts: Facts, member: Member, last: Container | None) -> int:
    """The restart count of its next run. What was only made, and never ran, is no run."""
    if last is not None:
        return last.attempt if last.state is State.CREATED else last.attempt + 1
    known = view.container_statuses(facts.pod).get(member.name) or {}
    return int(known.get("restartCount", 0)) + 1 if known.get("containerID") else 0


def _check(facts: Facts, draft: Draft, member: Member, run: Container) -> None:
    """End what runs and should not, or not so; give it the limits it should have."""
    probed = facts.probed.get(run.id, Probed())
    grace = float(view.grace_seconds(facts.pod))
    if is_changed(member, run.annotations):
        said = f"Container {member.name} definition changed, will be restarted"
    elif run.id in facts.outdated:
        said = f"Container {member.name} resize requires restart, will be restarted"
    elif probed.failed:
        said, grace = _failed(facts, member, probed.failed)
    else:
        limits = facts.limits.get(run.id)
        if limits is not None:
            draft.add(Resize(run.id, member.name, limits))
        return
    draft.add(StopContainer(run.id, member.name, grace, said))


def _failed(facts: Facts, member: Member, kind: str) -> tuple[str, float]:
    """What is said, and how long the container may take: a probe can allow less than the pod does."""
    probe = member.container.get(f"{kind}Probe") or {}
    own = probe.get("terminationGracePeriodSeconds")
    grace = view.grace_seconds(facts.pod) if own is None else own
    will = ", will be restarted" if restarts.restarts(facts.pod, member, 137) else ""
    return f"Container {member.name} failed {kind} probe{will}", float(grace)


def _tidy(facts: Facts, draft: Draft, current: Mapping[str, Container]) -> None:
    """Let go of runs that nobody will ask about, and of sandboxes whose containers all have newer runs."""
    runs: dict[str, list[Container]] = {}
    for each in facts.containers:
        runs.setdefault(each.name, []).append(each)
    for of_one in runs.values():
        for run in of_one[:-_KEPT_RUNS]:
            if run.state is not State.RUNNING:
                draft.add(RemoveContainer(run.id))
    for sandbox in facts.sandboxes[:-1]:
        names = {each.name for each in facts.containers if each.sandbox == sandbox.id}
        if names <= current.keys():
            draft.add(RemoveSandbox(sandbox.id))
