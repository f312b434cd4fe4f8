"""Subresources of pods: binding, eviction, ephemeral containers, resize."""

from collections.abc import Iterable
from typing import Any

from wherry.kube.apiserver import decoding
from wherry.kube.apiserver.api import Api, Review, Subresource
from wherry.kube.apiserver.call import Call, Outcome
from wherry.kube.apiserver.deleting import check_preconditions
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.model import Lister, Listers
from wherry.kube.apiserver.stored import meta_of
from wherry.kube.apiserver.tracking import Applied
from wherry.kube.apiserver.writing import Part
from wherry.kube.machinery import status, times
from wherry.kube.machinery.fielderrors import invalid, required
from wherry.kube.machinery.model import GroupKind, GroupResource, GroupVersionKind, Object
from wherry.kube.machinery.schema.builtin import schema_of
from wherry.kube.machinery.selectors import of_object

PODS = GroupResource("", "pods")
BINDINGS = GroupResource("", "bindings")
_BINDINGS_OF_PODS = GroupResource("", "pods/binding")
BUDGETS = GroupResource("policy", "poddisruptionbudgets")
_BINDING, _EVICTION = GroupVersionKind("", "v1", "Binding"), GroupVersionKind("policy", "v1", "Eviction")
_CREATED = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def subresources(api: Api, listers: Listers) -> Iterable[Subresource]:
    """Those of pods."""
    only = frozenset({PODS})
    bind = _binder(api)
    yield Subresource("binding", {"create": bind}, only)
    yield Subresource("eviction", {"create": _evicter(api, listers.of(BUDGETS))}, only)
    for name in ("ephemeralcontainers", "resize"):
        yield _part_of(api, name, only)


def bindings(api: Api) -> Review:
    """What ``POST …/bindings`` does, whose object has the pod's name: the same as its subresource."""
    bind = _binder(api)

    async def review(call: Call, binding: Object) -> Object:
        name = (binding.get("metadata") or {}).get("name", "")
        if not name:
            raise status.invalid(GroupKind("", "Binding"), "", [required("metadata.name")])
        pod_call = api.sibling(call, PODS, "v1", name)
        pod_call.obj, pod_call.query = binding, call.query
        found: Object = (await bind(pod_call)).document
        return found

    return review


def _part_of(api: Api, name: str, only: frozenset[GroupResource]) -> Subresource:
    """A part of the pod that is written apart; what else the body changes, the strategy takes back or refuses."""
    part = Part(name)

    async def get(call: Call) -> Outcome:
        return Outcome(200, (await api.reads.get(call)).raw)

    async def update(call: Call) -> Outcome:
        return await api.writes.update(call, part)

    async def patch(call: Call) -> Outcome:
        return await api.patches.patch(call, part)

    return Subresource(name, {"get": get, "update": update, "patch": patch}, only)


def _binder(api: Api) -> Any:
    async def bind(call: Call) -> Outcome:
        """Give a pod its node; once (pkg/registry/core/pod/storage: assignPod)."""
        binding = decoding.read_as(call, _BINDING, schema_of(_BINDING))
        decoding.check_place(call, binding, call.served)
        target = binding.get("target") or {}
        node = target.get("name", "")
        if not node:
            raise status.invalid(GroupKind("", "Binding"), call.info.name, [required("target.name")])
        if target.get("kind") not in (None, "", "Node"):
            found = [invalid("target.kind", target["kind"], 'must be "Node"')]
            raise status.invalid(GroupKind("", "Binding"), call.info.name, found)
        uid = binding["metadata"].get("uid")

        def make(entry: Entry) -> Object:
            obj = entry.copy()
            _check_bindable(call, obj, uid, node)
            obj["spec"]["nodeName"] = node
            for name in ("annotations", "labels"):
                if binding["metadata"].get(name):
                    obj["metadata"].setdefault(name, {}).update(binding["metadata"][name])
            _schedule(obj, times.rfc3339(call.now))
            del obj["metadata"]["resourceVersion"]  # whichever it is now
            return obj

        # Upstream notes no owner of spec.nodeName: who binds owns nothing of the pod.
        await api.writes.change(call, make, Part("binding"), Applied(call))
        return Outcome(201, document=dict(_CREATED))

    return bind


def _check_bindable(call: Call, pod: Object, uid: str | None, node: str) -> None:
    name = call.info.name
    if uid and uid != pod["metadata"]["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {pod['metadata']['uid']}"
        raise status.conflict(PODS, name, why)
    if "deletionTimestamp" in pod["metadata"]:
        raise status.conflict(_BINDINGS_OF_PODS, name, f"pod {name} is being deleted, cannot be assigned to a host")
    if pod["spec"].get("nodeName"):
        why = f'pod {name} is already assigned to node "{pod["spec"]["nodeName"]}"'
        raise status.conflict(_BINDINGS_OF_PODS, name, why)
    if pod["spec"].get("schedulingGates"):
        raise status.conflict(_BINDINGS_OF_PODS, name, f"pod {name} has non-empty .spec.schedulingGates")


def _schedule(pod: Object, now: str) -> None:
    """A nomination has served its purpose (ClearingNominatedNodeNameAfterBinding, on by default since 1.35)."""
    pod.setdefault("status", {}).pop("nominatedNodeName", None)
    conditions = pod["status"].setdefault("conditions", [])
    conditions[:] = [each for each in conditions if each.get("type") != "PodScheduled"]
    conditions.append({"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now})


def _evicter(api: Api, budgets: Lister) -> Any:
    async def evict(call: Call) -> Outcome:
        """Delete a pod if its disruption budgets allow it (pkg/registry/core/pod/storage/eviction.go)."""
        eviction = decoding.read_as(call, _EVICTION, schema_of(_EVICTION))
        if (eviction.get("metadata") or {}).get("name") != call.info.name:
            raise status.bad_request("name in URL does not match name in Eviction object")
        decoding.check_place(call, eviction, call.served)
        options = eviction.get("deleteOptions") or {}
        if options.get("dryRun"):  # either says it: kubectl does so here
            call.query = {**call.query, "dryRun": options["dryRun"][0]}
        entry = await api.writes.entry(call, call.info.name)
        pod = entry.object
        await api.writes.admit_creation(call, eviction, "eviction")
        await api.writes.admit_deletion(call, pod)  # before the budget pays for what is refused
        if _counts(pod):
            await _charge(api, call, pod, budgets)
        if not call.dry_run:
            options = await _tell(api, call, options)
        call.obj = {"kind": "DeleteOptions", "apiVersion": "v1", **options}
        await api.deletes.delete(call)
        return Outcome(201, document=dict(_CREATED))

    return evict


async def _tell(api: Api, call: Call, options: Object) -> Object:
    """The pod says why it goes before it does (addConditionAndDeletePod, in the same file): failure policies of Jobs
    ask for that. Returns the options of the deletion, which is to be of what was written here."""

    def make(entry: Entry) -> Object:
        check_preconditions(call, entry, options)
        obj = entry.copy()
        _disrupt_by_eviction(obj, times.rfc3339(call.now))
        del obj["metadata"]["resourceVersion"]  # whichever it is now
        return obj

    pod_call = api.sibling(call, PODS, "v1", call.info.name)
    outcome = await api.writes.change(pod_call, make, Part("status"), Applied(pod_call))  # as of a binding
    wanted = options.get("preconditions") or {}
    if wanted.get("resourceVersion") is None:
        return options
    return {**options, "preconditions": {**wanted, "resourceVersion": meta_of(outcome.raw).resourceVersion}}


def _disrupt_by_eviction(pod: Object, now: str) -> None:
    conditions = pod.setdefault("status", {}).setdefault("conditions", [])
    new: Object = {"type": "DisruptionTarget"}
    known: Object = next((each for each in conditions if each.get("type") == new["type"]), new)
    since = known.get("lastTransitionTime") if known.get("status") == "True" else now
    known.update(
        status="True", reason="EvictionByEvictionAPI", message="Eviction API: evicting", lastTransitionTime=since,
        observedGeneration=pod["metadata"].get("generation"),
    )  # fmt: skip
    if known is new:
        conditions.append(new)


def _counts(pod: Object) -> bool:
    """Whether its loss is a disruption: what has ended, or was never ready, is none."""
    phase = pod.get("status", {}).get("phase")
    return phase not in ("Succeeded", "Failed", "Pending") and "deletionTimestamp" not in pod["metadata"]


async def _charge(api: Api, call: Call, pod: Object, budgets: Lister) -> None:
    labels = pod["metadata"].get("labels") or {}
    found = [
        budget for budget in budgets.list(call.namespace)
        if budget["spec"].get("selector") is not None and of_object(budget["spec"]["selector"]).matches(labels)
    ]  # fmt: skip
    if len(found) > 1:
        why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise status.StatusError(500, "", why)
    if found and not _is_unready_and_free(found[0], pod):
        await _disrupt(api, call, found[0]["metadata"]["name"], pod["metadata"]["name"])


def _is_unready_and_free(budget: Object, pod: Object) -> bool:
    """``unhealthyPodEvictionPolicy``: a pod that is not ready may go when enough others are, or always."""
    conditions = pod.get("status", {}).get("conditions") or ()
    if any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions):
        return False
    state = budget.get("status") or {}
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    return bool(state.get("currentHealthy", 0) >= state.get("desiredHealthy", 0) > 0)


async def _disrupt(api: Api, call: Call, name: str, pod: str) -> None:
    """Take one of the budget's allowed disruptions, or refuse with 429; a dry run is refused, too."""
    budget_call = api.sibling(call, BUDGETS, "v1", name)

    def make(entry: Entry) -> Object:
        obj = entry.copy()
        state = obj.setdefault("status", {})
        generation = obj["metadata"].get("generation", 0)
        if state.get("observedGeneration", 0) < generation or state.get("disruptionsAllowed", 0) <= 0:
            raise _blocked(obj, generation)
        state["disruptionsAllowed"] -= 1
        state.setdefault("disruptedPods", {})[pod] = times.rfc3339(call.now)
        del obj["metadata"]["resourceVersion"]  # whichever it is now
        return obj

    budget_call.query = {"dryRun": "All"} if call.dry_run else {}
    await api.writes.change(budget_call, make, Part("status"))


def _blocked(budget: Object, generation: int) -> status.StatusError:
    name, state = budget["metadata"]["name"], budget.get("status") or {}
    error = status.too_many_requests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
    if state.get("observedGeneration", 0) < generation:
        why, seconds = f"The disruption budget {name} is still being processed by the server.", 10
    else:
        desired, healthy = state.get("desiredHealthy", 0), state.get("currentHealthy", 0)
        why, seconds = f"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently", 0
    error.details = {"causes": [{"reason": "DisruptionBudget", "message": why}]}
    if seconds:
        error.details["retryAfterSeconds"] = seconds
    return error
