"""Keeps the status of every budget."""

from collections.abc import Iterable, Sequence

from wherry.kube.controllers.disruption import plan
from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.machinery.model import GroupVersion, GroupVersionResource, Object
from wherry.kube.machinery.selectors import LabelSelector, of_object
from wherry.kube.machinery.status import StatusError

BUDGETS = GroupVersionResource("policy", "v1", "poddisruptionbudgets")
PODS = GroupVersionResource("", "v1", "pods")


class DisruptionController:
    """A Reconciler; keys are budgets."""

    name = "disruption-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._discovery = needs.discovery
        self._recorder = needs.recorder.by(self.name)
        self._budgets = needs.informers.of(BUDGETS)
        self._pods = needs.informers.of(PODS)
        self.interests = (Interest(self._budgets), Interest(self._pods, self._of_pod))

    def _of_pod(self, pod: Object) -> Iterable[Key]:
        meta = pod["metadata"]
        for budget in self._budgets.cache.list(meta["namespace"]):
            if _selector(budget).matches(meta.get("labels")):
                yield Key(meta["namespace"], budget["metadata"]["name"])

    async def reconcile(self, key: Key) -> float | None:
        budget = self._budgets.cache.get(key.name, key.namespace)
        if budget is None or "deletionTimestamp" in budget["metadata"]:
            return None
        matching = _selector(budget)
        all_pods = self._pods.cache.list(key.namespace)
        pods = [each for each in all_pods if _is_live(each) and matching.matches(each["metadata"].get("labels"))]
        now = self._clock.now()
        try:
            counted = plan.count(budget, pods, await self._expected(budget, pods), now)
        except (_Unscaled, ValueError) as error:
            self._recorder.event(
                budget,
                "CalculateExpectedPodCountFailed",
                f"Failed to calculate the number of expected pods: {error}",
                type="Warning",
            )
            await self._write(budget, plan.failure(budget, str(error), now))
            return None
        new = plan.status(budget, counted, now)
        if new is not None:
            await self._write(budget, new)
        return plan.next_look(counted, now)

    async def _write(self, budget: Object, status: Object) -> None:
        """With the version it was read at: an eviction that was allowed meanwhile must not be forgotten."""
        if status == budget.get("status"):
            return
        await self._client.update(
            BUDGETS, {**budget, "status": status}, budget["metadata"]["namespace"], subresource="status"
        )

    async def _expected(self, budget: Object, pods: Sequence[Object]) -> int:
        """How many pods their owners mean to have; each owner counts once."""
        spec = budget["spec"]
        if spec.get("maxUnavailable") is None and isinstance(spec.get("minAvailable"), int | None):
            return len(pods)
        total = 0
        seen: set[str] = set()
        for pod in pods:
            owner = next(
                (each for each in pod["metadata"].get("ownerReferences") or () if each.get("controller")), None
            )
            if owner is None:
                raise _Unscaled(f"found no controller ref for pod {pod['metadata']['name']!r}")
            if owner["uid"] not in seen:
                seen.add(owner["uid"])
                total += await self._scale(owner, budget["metadata"]["namespace"])
        return total

    async def _scale(self, owner: Object, namespace: str) -> int:
        version = GroupVersion.parse(owner["apiVersion"])
        for each in await self._discovery.resources():
            if each.resource.group == version.group and each.kind == owner["kind"]:
                resource = each.resource
                break
        else:
            raise _Unscaled(f"{owner['kind']} {owner['name']!r} is of no kind that is served")
        try:
            found = await self._client.get(resource, owner["name"], namespace, "scale")
        except StatusError as error:
            if error.code == 404:
                raise _Unscaled(f"{owner['kind']} {owner['name']!r} has no scale") from error
            raise
        return int(found["spec"].get("replicas", 0))


class _Unscaled(Exception):
    """It cannot be known how many pods there ought to be."""


def _selector(budget: Object) -> LabelSelector:
    return of_object(budget["spec"].get("selector"))


def _is_live(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
