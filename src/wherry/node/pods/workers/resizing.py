"""Changed resources of containers that run (in-place resize; KEP-1287). Pure but for what is remembered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import Quantity
from wherry.node.pods import view
from wherry.node.pods.composing import resources
from wherry.node.pods.composing.containers import RESOURCES
from wherry.node.pods.life.model import Facts, Resize
from wherry.node.pods.runtime import Container, Limits
from wherry.node.pods.status.containers import SCHEME
from wherry.node.pods.view import Role
from wherry.node.pods.workers.case import Case

PENDING, IN_PROGRESS = "PodResizePending", "PodResizeInProgress"
_CHANGING = (Role.REGULAR, Role.SIDECAR)


@dataclass(frozen=True, slots=True)
class Resizing:
    """``limits``: to be given, by container id; ``restarts``: containers that have to start anew for it; ``given``:
    what each container has now, by its name."""

    limits: Mapping[str, Limits] = field(default_factory=dict)
    restarts: frozenset[str] = frozenset()
    given: Mapping[str, Object] = field(default_factory=dict)
    conditions: tuple[Object, ...] = ()


def resizing(case: Case, facts: Facts) -> Resizing:
    current = facts.current()
    given: dict[str, Object] = {}
    changed: list[tuple[Object, Container]] = []
    for member in view.of_role(facts.pod, *_CHANGING):
        run = current.get(member.name)
        if run is None:
            continue
        given[member.name] = _given(case, facts.pod, run)
        wanted = member.container.get("resources") or {}
        if facts.ending is None and run in facts.running() and _differ(wanted, given[member.name]):
            changed.append((member.container, run))
    if not changed:
        return Resizing(given=given, conditions=_DONE)
    refused = _refused(case, facts)
    if refused is not None:
        return Resizing(given=given, conditions=(refused, _DONE[1]))
    restarts = frozenset(run.id for container, run in changed if _must_restart(container, given[run.name]))
    limits = {
        run.id: resources.container_limits(facts.pod, container, case.tools.memory_bytes())
        for container, run in changed
        if run.id not in restarts
    }
    return Resizing(limits, restarts, given, (_DONE[0], _in_progress(facts, [run for _, run in changed])))


def _in_progress(facts: Facts, runs: Iterable[Container]) -> Object:
    """With what went wrong at the last attempt."""
    found: Object = {"type": IN_PROGRESS, "status": "True"}
    for run in runs:
        trouble = facts.troubles.get(Resize(run.id, run.name, Limits()).key)
        if trouble is not None:
            return {**found, "reason": "Error", "message": trouble.message}
    return found


_DONE: tuple[Object, ...] = tuple({"type": kind, "status": None} for kind in (PENDING, IN_PROGRESS))
"""Conditions that do not hold are not shown at all; those that were shown are taken away."""


def _given(case: Case, pod: Object, run: Container) -> Object:
    """By what was done here, or by what the API knows of this very run, or by what it was made with."""
    done = case.memory.resources.get(run.id)
    if done is not None:
        return done
    known = view.container_statuses(pod).get(run.name) or {}
    made: Object = msgspec.json.decode(run.annotations.get(RESOURCES, "{}"))
    if known.get("containerID") == SCHEME + run.id and known.get("resources"):
        return {**made, **{kind: known["resources"].get(kind) for kind in ("requests", "limits")}}
    return made


def _differ(wanted: Object, given: Object) -> bool:
    return any(_amounts(wanted, kind) != _amounts(given, kind) for kind in ("requests", "limits"))


def _amounts(of: Object, kind: str) -> dict[str, Quantity]:
    return {name: resources.amount(of, kind, name) for name in ("cpu", "memory")}


def _must_restart(container: Object, given: Object) -> bool:
    wanted = container.get("resources") or {}
    for policy in container.get("resizePolicy") or ():
        name = policy.get("resourceName", "")
        if policy.get("restartPolicy") != "RestartContainer":
            continue
        if any(_amounts(wanted, kind).get(name) != _amounts(given, kind).get(name) for kind in ("requests", "limits")):
            return True
    return False


def _refused(case: Case, facts: Facts) -> Object | None:
    """The node has not that much: not now, or never."""
    allocatable, free = case.tools.allocatable(), case.tools.free(case.uid)
    for name, amount in sorted(resources.pod_requests(facts.pod).items()):
        if name not in ("cpu", "memory"):
            continue
        whole, left = allocatable.get(name), free.get(name)
        if whole is not None and amount > whole:
            return _pending("Infeasible", name, amount, whole)
        if left is not None and amount > left:
            return _pending("Deferred", name, amount, left)
    return None


def _pending(reason: str, name: str, amount: Quantity, room: Quantity) -> Object:
    asked, left = (each.milli if name == "cpu" else each.value for each in (amount, room))
    if reason == "Infeasible":
        said = f"Node didn't have enough capacity: {name}, requested: {asked}, capacity: {left}"
    else:
        said = f"Node didn't have enough resource: {name}, requested: {asked}, available: {left}"
    return {"type": PENDING, "status": "True", "reason": reason, "message": said}
