"""The answer: one headline, and what there is to say about it."""

from collections.abc import Iterator
from datetime import datetime

from wherry.app.why.containers import failed_containers, waiting_containers
from wherry.app.why.gathering import Known
from wherry.app.why.placing import waiting_for_node
from wherry.app.why.words import age, ago, clean, names, plural
from wherry.kube.machinery.model import Object

_MOUNTING = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")
_SANDBOX = "FailedCreatePodSandBox"
_CLAIM_TROUBLE = ("ProvisioningFailed", "VolumeMismatch", "FailedBinding", "ClaimLost", "ClaimMisbound")


def explain(known: Known, now: datetime) -> list[str]:
    """Lines to print."""
    meta, status = known.pod["metadata"], known.status
    head = f"Pod {meta['namespace']}/{meta['name']} {_state(known)}."
    if "deletionTimestamp" in meta:
        return [head, *_ending(known, now)]
    if status.get("phase") in ("Succeeded", "Failed"):
        return [head, *_over(status)]
    found = [] if known.pod["spec"].get("nodeName") else list(waiting_for_node(known, now))
    found += _claims(known)
    if known.pod["spec"].get("nodeName"):
        found += [*_node(known), *_beginning(known), *waiting_containers(known, now), *_gates(known)]
    if not found:
        since = age(_condition(status, "Ready").get("lastTransitionTime"), now)
        is_ready = _condition(status, "Ready").get("status") == "True"
        if is_ready:
            found = [f"It waits for nothing: it has been ready for {since}." if since else "It waits for nothing."]
        else:
            found = [f"Nothing is said about it yet; its node {known.pod['spec'].get('nodeName')} has it."]
    return [head, *(each if each.endswith((".", ")")) else f"{each}." for each in found)]


def _state(known: Known) -> str:
    if "deletionTimestamp" in known.pod["metadata"]:
        return "is being deleted"
    phase = known.status.get("phase") or "Pending"
    node = known.pod["spec"].get("nodeName")
    where = f" on {node}" if node else ""
    if phase in ("Succeeded", "Failed"):
        return f"has {phase.lower()}{where}"
    is_ready = _condition(known.status, "Ready").get("status") == "True"
    ready = "" if phase != "Running" else " and ready" if is_ready else " and not ready"
    return f"is {phase.lower()}{ready}{where}"


def _condition(status: Object, kind: str) -> Object:
    return next((each for each in status.get("conditions") or () if each.get("type") == kind), {})


def _over(status: Object) -> Iterator[str]:
    reason, message = status.get("reason") or "", clean(status.get("message") or "")
    if reason or message:
        yield f"It says why: {': '.join(filter(None, (reason, message)))}"
    yield from failed_containers(status)
    yield "It waits for nothing any more: a pod that has ended does not start again."


def _ending(known: Known, now: datetime) -> Iterator[str]:
    meta = known.pod["metadata"]
    finalizers = meta.get("finalizers") or []
    if finalizers:
        yield f"It waits for whoever takes off its {plural(len(finalizers), 'finalizer')}: {names(finalizers)}."
    grace = meta.get("deletionGracePeriodSeconds") or 0
    if grace and known.pod["spec"].get("nodeName"):
        due = ago(meta["deletionTimestamp"], now)
        over = f", which were over {due}" if due and due != "0s ago" else ""
        yield f"It waits for its containers to end, which were given {plural(grace, 'second')}{over}."
        yield from _node(known)


def _node(known: Known) -> Iterator[str]:
    """When the node does not do its part."""
    name = known.pod["spec"]["nodeName"]
    if known.node is None:
        yield f"Its node {name} is not there."
        return
    ready = _condition(known.node.get("status") or {}, "Ready")
    if ready.get("status") != "True":
        said = clean(ready.get("message") or ready.get("reason") or "")
        yield f"Its node {name} is not ready{f': {said}' if said else ''}"


def _beginning(known: Known) -> Iterator[str]:
    """What has to be there before the first container, or the first after all have ended: volumes, and the sandbox."""
    has_begun = known.status.get("containerStatuses") and _has_begun(known.status)
    since = _all_ended(known.status) if has_begun else ""
    if since is None:
        return
    mounting = clean(known.said(*_MOUNTING, since=since))
    if mounting:
        yield f"It waits for its volumes: {mounting}"
    sandbox = clean(known.said(_SANDBOX, since=since))
    if sandbox:
        yield f"Its sandbox cannot be made: {sandbox}"


def _has_begun(status: Object) -> bool:
    return any(
        (each.get("state") or {}).get("waiting") is None or each.get("restartCount")
        for field in ("containerStatuses", "initContainerStatuses") for each in status.get(field) or ()
    )  # fmt: skip


def _all_ended(status: Object) -> str | None:
    """When the last container did; None: one runs, or nobody knows."""
    ends = []
    for each in status.get("containerStatuses") or ():
        state = each.get("state") or {}
        ended = state.get("terminated") or (each.get("lastState") or {}).get("terminated") or {}
        if "running" in state or not ended.get("finishedAt"):
            return None
        ends.append(str(ended["finishedAt"]))
    return max(ends, default=None)


def _claims(known: Known) -> Iterator[str]:
    """Of volumes that are not there yet. Claims that wait for the pod to have a node are no trouble."""
    for name, claim in known.claims.items():
        if (claim.get("status") or {}).get("phase") == "Bound":
            continue
        events = known.claim_events.get(name) or []
        trouble = [each for each in events if each.get("reason") in _CLAIM_TROUBLE]
        waits = not known.pod["spec"].get("nodeName") and _happened(events, "WaitForFirstConsumer")
        if trouble:
            yield f"Its claim {name} is not bound: {clean(trouble[-1].get('message') or '')}"
        elif not waits:
            yield f"Its claim {name} is not bound yet."


def _happened(events: list[Object], reason: str) -> bool:
    return any(each.get("reason") == reason for each in events)


def _gates(known: Known) -> Iterator[str]:
    """Conditions that others set."""
    for gate in known.pod["spec"].get("readinessGates") or ():
        kind = gate.get("conditionType", "")
        found = _condition(known.status, kind)
        if found.get("status") != "True":
            said = clean(found.get("message") or "")
            yield f"It waits for its readiness gate {kind}, which somebody else opens{f': {said}' if said else ''}"
