"""Doing the steps of a plan. Each is idempotent, and may be given up anywhere."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch

from wherry.kit.errors import NotFound, Unavailable, WherryError
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError, is_another
from wherry.node.pods import handlers, view
from wherry.node.pods.composing import dns, resources
from wherry.node.pods.composing.sandboxes import sandbox_spec
from wherry.node.pods.images.pulling import NoImage
from wherry.node.pods.life.model import (
    Action,
    DeletePod,
    MountVolumes,
    RemoveContainer,
    RemoveSandbox,
    Resize,
    StartContainer,
    StartSandbox,
    StopContainer,
    StopSandbox,
    UnmountVolumes,
)
from wherry.node.pods.runtime import Limits, State
from wherry.node.pods.volumes.trouble import VolumeError
from wherry.node.pods.workers.case import Case
from wherry.node.pods.workers.jobs import Work
from wherry.node.pods.workers.starting import Site, around, ips, references, start
from wherry.node.pods.workers.stopping import stop

_NO_QUOTA = 1 << 63
_PATIENCE_SECONDS = 5.0
"""Of a static pod."""
_SYNC_SECONDS = 20.0
"""For which config maps and secrets are waited for before it is said that they are."""


@singledispatch
def work(action: Action, case: Case) -> Work:
    """What is to be done for it."""
    raise TypeError(f"nobody knows how to do {action}")


@work.register
async def _start_sandbox(action: StartSandbox, case: Case) -> None:
    pod, resolver = case.pod, case.tools.resolver()
    wants = pod["spec"].get("dnsPolicy") in ("ClusterFirst", "ClusterFirstWithHostNet")
    if wants and dns.policy(pod, resolver) == "Default" and not resolver.servers:
        said = "kubelet does not have ClusterDNS IP configured and cannot create Pod using"
        said = f'{said} "{pod["spec"]["dnsPolicy"]}" policy. Falling back to "Default" policy.'
        case.voice.warn("MissingClusterDNS", said)
    if action.attempt:
        case.voice.say("SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
    spec = sandbox_spec(pod, action.attempt, case.tools.options, resolver)
    case.must_list = True  # should this be given up half-way
    try:
        await handlers.check(case.tools.client, pod, case.tools.options.handlers)
        made = await case.tools.runtime.start_sandbox(spec)
    except (WherryError, OSError) as error:
        case.voice.warn("FailedCreatePodSandBox", f"Failed to create pod sandbox: {error}")
        raise
    case.tools.owners[made.id] = case.uid
    case.jobs.forgive("start ")  # what failed in another one need not fail in this
    case.sandboxes = (*(each for each in case.sandboxes if each.id != made.id), made)
    case.must_list = False


@work.register
async def _mount(action: MountVolumes, case: Case) -> None:
    tools, pod = case.tools, case.pod
    try:
        await _sync(case, pod)
        state = case.state()
        found = await tools.volumes.set_up(pod, around(tools, pod, case.sandbox))
    except VolumeError as error:
        if not isinstance(error.__cause__, NoImage):  # that has been said
            case.voice.warn("FailedMount", error.message)
        raise
    case.memory.volumes, case.memory.mounted = found, state


async def _sync(case: Case, pod: Object) -> None:
    """Wait for what the pod refers to to be known."""
    needing = asyncio.ensure_future(case.tools.references.need(case.uid, references(pod)))
    over = asyncio.Event()
    timer = case.tools.clock.call_later(_SYNC_SECONDS, over.set)
    waiting = asyncio.ensure_future(over.wait())
    try:
        await asyncio.wait({needing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not needing.done():
            name = next((each["name"] for each in pod["spec"].get("volumes") or ()), "")
            raise VolumeError(name, "failed to sync configmap and secret cache: timed out waiting for the condition")
        needing.result()
    finally:
        timer.cancel()
        needing.cancel()
        waiting.cancel()


@work.register
async def _unmount(action: UnmountVolumes, case: Case) -> None:
    case.memory.volumes = None
    await case.tools.volumes.tear_down(case.uid)


@work.register
async def _start(action: StartContainer, case: Case) -> None:
    member, sandbox = view.member(case.pod, action.name), case.sandbox
    if member is None or sandbox is None or case.memory.volumes is None:
        raise NotFound(f"container {action.name} has nowhere to run")
    if not case.tools.references.is_needed(case.uid, references(case.pod)):
        await _sync(case, case.pod)  # an ephemeral container came, and refers to more than was known
    await _ready(case, sandbox.ips)
    await _resize_whole(case, grows=True)  # a run that was ended for its new limits gets them from the beginning
    try:
        await start(case.tools, Site(case.pod, sandbox, case.memory.volumes, case.voice), member, action)
    except WherryError:
        case.must_list = True  # it may be the sandbox that is no good any more
        raise
    await _resize_whole(case, grows=False)


async def _ready(case: Case, ips: Sequence[str]) -> None:
    """What is said of networks holds for it. The machine's own pods do not wait for ever: there may be no API that
    could say anything."""
    if not view.is_static(case.pod):
        await case.tools.ready(case.pod, ips)
        return
    ready = asyncio.ensure_future(case.tools.ready(case.pod, ips))
    patience = asyncio.ensure_future(case.tools.clock.sleep(_PATIENCE_SECONDS))
    try:
        await asyncio.wait({ready, patience}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            ready.result()
    finally:
        ready.cancel()
        patience.cancel()


@work.register
async def _stop(action: StopContainer, case: Case) -> None:
    is_first = action.id not in case.memory.hooked
    case.memory.hooked.add(action.id)
    if not is_first:
        action = StopContainer(action.id, action.name, action.grace_seconds, action.message, hook=False)
    address = next(iter(ips(case.tools, case.pod, case.sandbox)), "")
    is_ending = case.memory.ending is not None
    await stop(case.tools, case.voice, view.member(case.pod, action.name), action, ip=address, drain=is_ending)
    if any(each.id == action.id and each.state is State.RUNNING for each in case.containers()):
        raise Unavailable(f"container {action.name} still runs after it was stopped")


@work.register
async def _remove(action: RemoveContainer, case: Case) -> None:
    await case.tools.runtime.remove_container(action.id)
    if action.name:
        case.memory.backoffs[action.name] = action.backoff_seconds


@work.register
async def _resize(action: Resize, case: Case) -> None:
    """The pod as a whole first where it grows, last where it shrinks: a part has never more than the whole."""
    _check_usage(case, action)
    await _resize_whole(case, grows=True)
    await case.tools.runtime.set_limits(action.id, action.limits)
    await _resize_whole(case, grows=False)
    member = view.member(case.pod, action.name)
    if member is not None:
        case.memory.resources[action.id] = member.container.get("resources") or {}


def _check_usage(case: Case, action: Resize) -> None:
    """The kernel would kill what does not fit (memory.max, cgroup v2), or refuse (version 1): it is tried again when
    there is less (validateMemoryResizeAction, pkg/kubelet/kuberuntime/kuberuntime_manager.go). Raises Unavailable."""
    usage, limit = case.tools.runtime.usage(action.id), action.limits.memory_bytes
    if usage is not None and limit is not None and usage.memory_bytes > limit:
        said = f'attempting to set container "{action.name}" memory limit ({limit}) below current usage '
        raise Unavailable(f"{said}({usage.memory_bytes})")


async def _resize_whole(case: Case, *, grows: bool) -> None:
    """Nothing where it has what it should, or does the other."""
    sandbox, whole = case.sandbox, resources.pod_limits(case.pod)
    if sandbox is None or sandbox.spec.limits == whole or _is_more(whole, sandbox.spec.limits) != grows:
        return
    await case.tools.runtime.set_sandbox_limits(sandbox.id, whole)
    changed = replace(sandbox, spec=replace(sandbox.spec, limits=whole))
    case.sandboxes = tuple(changed if each.id == sandbox.id else each for each in case.sandboxes)


def _is_more(new: Limits, old: Limits) -> bool:
    """CPU time alone counts: the kernel refuses a part that has more of it than the whole. No limit is the most."""
    return (new.cpu_quota_us or _NO_QUOTA) >= (old.cpu_quota_us or _NO_QUOTA)


@work.register
async def _stop_sandbox(action: StopSandbox, case: Case) -> None:
    case.must_list = True
    await case.tools.runtime.stop_sandbox(action.id)
    stopped = (replace(each, ready=False) if each.id == action.id else each for each in case.sandboxes)
    case.sandboxes, case.must_list = tuple(stopped), False


@work.register
async def _remove_sandbox(action: RemoveSandbox, case: Case) -> None:
    case.must_list = True
    await case.tools.runtime.remove_sandbox(action.id)
    case.sandboxes = tuple(each for each in case.sandboxes if each.id != action.id)
    case.must_list = False


@work.register
async def _delete(action: DeletePod, case: Case) -> None:
    """With its uid: a new pod of the same name is another."""
    meta = case.pod["metadata"]
    options = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
    try:
        await case.tools.client.delete(view.PODS, meta["name"], meta["namespace"], options=options)
    except StatusError as error:
        if error.code != 404 and not is_another(error):
            raise
        case.memory.is_gone = True
    case.memory.is_deleted = True
