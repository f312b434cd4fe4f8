"""Looks at an autoscaler every fifteen seconds, and makes its target as large as it should be."""

from collections.abc import Iterable

import msgspec

from wherry.kube.client.model import PatchType
from wherry.kube.controllers.autoscaling import measured
from wherry.kube.controllers.autoscaling.behavior import Limits, Past, follow, limits
from wherry.kube.controllers.autoscaling.plan import NoMetrics, Proposal, Target, combined, propose
from wherry.kube.controllers.autoscaling.status import Scaled, Status
from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.machinery import quantity, selectors
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

AUTOSCALERS = GroupVersionResource("autoscaling", "v2", "horizontalpodautoscalers")
PODS = GroupVersionResource("", "v1", "pods")
METRICS = GroupVersionResource("metrics.k8s.io", "v1beta1", "pods")
_LOOK_SECONDS = 15.0
"""kube-controller-manager --horizontal-pod-autoscaler-sync-period."""


class _Scale(msgspec.Struct, frozen=True):
    resource: GroupVersionResource
    replicas: int
    selector: str
    tolerances: tuple[float, float]


class Autoscaling:
    """A Reconciler by autoscaler."""

    name = "horizontal-pod-autoscaler-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._discovery = needs.discovery
        self._recorder = needs.recorder.by("horizontal-pod-autoscaler")
        self._autoscalers = needs.informers.of(AUTOSCALERS)
        self._pods = needs.informers.of(PODS)
        self._pasts: dict[Key, Past] = {}
        self.interests = (Interest(self._autoscalers, self._changed),)
        self._looked: dict[Key, object] = {}
        """The generation that was looked at: our own status is no reason to look again."""

    def _changed(self, autoscaler: Object) -> Iterable[Key]:
        meta = autoscaler["metadata"]
        key = Key(meta["namespace"], meta["name"])
        return () if self._looked.get(key) == (meta.get("uid"), meta.get("generation")) else (key,)

    async def reconcile(self, key: Key) -> float | None:
        autoscaler = self._autoscalers.cache.get(key.name, key.namespace)
        if autoscaler is None or "deletionTimestamp" in autoscaler["metadata"]:
            self._pasts.pop(key, None)
            self._looked.pop(key, None)
            return None
        meta = autoscaler["metadata"]
        self._looked[key] = (meta.get("uid"), meta.get("generation"))
        status = Status(autoscaler, self._clock.now())
        try:
            await self._look(key, autoscaler, status)
        finally:
            if status.is_changed:
                await self._client.patch(
                    AUTOSCALERS, key.name, status.patch(), key.namespace, type=PatchType.MERGE, subresource="status"
                )
        return _LOOK_SECONDS

    async def _look(self, key: Key, autoscaler: Object, status: Status) -> None:
        spec, now = autoscaler["spec"], self._clock.monotonic()
        allowed = limits(spec)
        try:
            scale = await self._scale(key, spec["scaleTargetRef"], allowed)
        except (StatusError, NoMetrics) as error:
            self._warn(autoscaler, "FailedGetScale", str(error))
            status.set("AbleToScale", False, "FailedGetScale", _unable(error))
            return
        status.set(
            "AbleToScale", True, "SucceededGetScale", "the HPA controller was able to get the target's current scale"
        )
        past = self._pasts.setdefault(key, Past([(now, scale.replicas)]))
        past.prune(now)
        if not scale.replicas and allowed.minimum:
            status.set("ScalingActive", False, "ScalingDisabled", _DISABLED)
            status.scaled(Scaled(0, 0))
            return
        calm = ("ReadyForNewScale", "recommended size matches current size")
        if not allowed.minimum <= scale.replicas <= allowed.maximum:
            is_many = scale.replicas > allowed.maximum
            wanted = allowed.maximum if is_many else allowed.minimum
            reason = f"Current number of replicas {'above Spec.Max' if is_many else 'below Spec.Min'}Replicas"
        else:
            try:
                recommended, reason = await self._recommended(key, autoscaler, scale, status)
            except NoMetrics:
                status.scaled(Scaled(scale.replicas, scale.replicas))
                return
            step = follow(scale.replicas, recommended, allowed, past, now)
            wanted, (limit, why) = step.replicas, step.limited
            message = why or "the desired count is within the acceptable range"
            status.set("ScalingLimited", bool(limit), limit or "DesiredWithinRange", message)
            calm = step.steadied if any(step.steadied) else calm
        if wanted != scale.replicas:
            await self._rescale(key, autoscaler, scale, wanted, reason, status)
            past.scaled.append((now, wanted - scale.replicas))
        else:
            status.set("AbleToScale", True, *calm)
        status.scaled(Scaled(scale.replicas, wanted), has_changed=wanted != scale.replicas)

    async def _scale(self, key: Key, reference: Object, allowed: Limits) -> _Scale:
        group = reference.get("apiVersion", "v1").rpartition("/")[0]
        for each in await self._discovery.resources():
            if (each.resource.group, each.kind) == (group, reference["kind"]):
                found = await self._client.get(each.resource, reference["name"], key.namespace, "scale")
                break
        else:
            raise NoMetrics(f'no matches for kind "{reference["kind"]}" in group "{group}"')
        selector = (found.get("status") or {}).get("selector") or ""
        tolerances = allowed.down.tolerance, allowed.up.tolerance
        return _Scale(each.resource, int(found["spec"].get("replicas") or 0), selector, tolerances)

    async def _recommended(self, key: Key, autoscaler: Object, scale: _Scale, status: Status) -> tuple[int, str]:
        """Raises NoMetrics; the condition ScalingActive says why."""
        if not scale.selector:
            message = "the HPA target's scale is missing a selector"
            self._warn(autoscaler, "SelectorRequired", message)
            status.set("ScalingActive", False, "InvalidSelector", message)
            raise NoMetrics(message)
        labels = selectors.parse_labels(scale.selector)
        pods = [
            pod for pod in self._pods.cache.list(key.namespace) if labels.matches(pod["metadata"].get("labels") or {})
        ]
        metrics = autoscaler["spec"].get("metrics") or ()
        found = [await self._tried(key, autoscaler, metric, scale, pods) for metric in metrics]
        status.measured(metrics, found)
        try:
            recommended = combined(scale.replicas, found)
        except NoMetrics as error:
            count, first = sum(isinstance(each, NoMetrics) for each in found), found.index(error)
            status.set("ScalingActive", False, _failure(metrics[first]), f"{_NOT_COMPUTED}: {error}")
            said = f"invalid metrics ({count} invalid out of {len(found)}), first error is: "
            self._warn(autoscaler, "FailedComputeMetricsReplicas", f"{said}{_of_value(metrics[first])}{error}")
            raise
        best = [isinstance(each, Proposal) and each.replicas == recommended for each in found].index(True)
        name = _name(metrics[best])
        said = f"the HPA was able to successfully calculate a replica count from {name}"
        status.set("ScalingActive", True, "ValidMetricFound", said)
        return recommended, f"{name} above target" if recommended > scale.replicas else "All metrics below target"

    async def _tried(
        self, key: Key, autoscaler: Object, metric: Object, scale: _Scale, pods: list[Object]
    ) -> Proposal | NoMetrics:
        """It is told of at once when nothing is found."""
        try:
            return await self._propose(key, metric, scale, pods)
        except (NoMetrics, StatusError) as error:
            failure = NoMetrics(f"{_of_share(metric)}{error}")
            self._warn(autoscaler, _failure(metric), str(failure))
            return failure

    async def _propose(self, key: Key, metric: Object, scale: _Scale, pods: list[Object]) -> Proposal:
        source = metric.get({"Resource": "resource", "ContainerResource": "containerResource"}.get(metric["type"], ""))
        if source is None:
            raise NoMetrics(f"metrics of type {metric['type']} need an API that is not served here")
        resource, container = source["name"], source.get("container", "")
        usage = await self._client.list(METRICS, key.namespace, labels=scale.selector)
        found = measured.samples(usage.items, resource, container)
        if not found:
            raise NoMetrics(
                f"unable to get metrics for resource {resource}: no metrics returned from resource metrics API"
            )
        target = _target(source["target"])
        fleet = measured.fleet(pods, found, resource, self._clock.now())
        alive = [pod for pod in pods if pod["metadata"]["name"] in fleet.ready | fleet.unready | fleet.missing]
        requests = measured.requests(alive, resource, container) if target.utilization is not None else {}
        values = {name: each.value for name, each in found.items()}
        return propose(scale.replicas, values, requests, fleet, target, scale.tolerances)

    async def _rescale(
        self, key: Key, autoscaler: Object, scale: _Scale, wanted: int, reason: str, status: Status
    ) -> None:
        name = autoscaler["spec"]["scaleTargetRef"]["name"]
        change = {"spec": {"replicas": wanted}}
        try:
            await self._client.patch(
                scale.resource, name, change, key.namespace, type=PatchType.MERGE, subresource="scale"
            )
        except StatusError as error:
            self._warn(autoscaler, "FailedRescale", f"New size: {wanted}; reason: {reason}; error: {error}")
            message = f"the HPA controller was unable to update the target scale: {error}"
            status.set("AbleToScale", False, "FailedUpdateScale", message)
            raise
        self._recorder.event(autoscaler, "SuccessfulRescale", f"New size: {wanted}; reason: {reason}")
        message = f"the HPA controller was able to update the target scale to {wanted}"
        status.set("AbleToScale", True, "SucceededRescale", message)

    def _warn(self, autoscaler: Object, reason: str, message: str) -> None:
        self._recorder.event(autoscaler, reason, message, type="Warning")


_NOT_COMPUTED = "the HPA was unable to compute the replica count"
_DISABLED = "scaling is disabled since the replica count of the target is zero"


def _unable(error: Exception) -> str:
    return f"the HPA controller was unable to get the target's current scale: {error}"


def _target(target: Object) -> Target:
    if target.get("averageUtilization") is not None:
        return Target(utilization=target["averageUtilization"])
    given = target.get("averageValue")
    if given is None:
        raise NoMetrics("invalid resource metric source: neither an average utilization nor an average value was set")
    return Target(average=quantity.parse(given).milli)


def _source(metric: Object) -> Object:
    """Empty for what is not served here."""
    found: Object = metric.get("containerResource" if metric["type"] == "ContainerResource" else "resource") or {}
    return found


def _is_share(metric: Object) -> bool:
    return (_source(metric).get("target") or {}).get("averageUtilization") is not None


def _name(metric: Object) -> str:
    kind = "container resource" if metric["type"] == "ContainerResource" else "resource"
    name = f"{_source(metric)['name']} {kind}"
    return f"{name} utilization (percentage of request)" if _is_share(metric) else name


def _failure(metric: Object) -> str:
    return f"FailedGet{metric['type']}Metric"


def _of_share(metric: Object) -> str:
    """What did not work, before why."""
    source = _source(metric)
    return f"failed to get {source['name']} {'utilization' if _is_share(metric) else 'usage'}: " if source else ""


def _of_value(metric: Object) -> str:
    source = _source(metric)
    kind = "container" if metric["type"] == "ContainerResource" else "resource"
    return f"failed to get {source['name']} {kind} metric value: " if source else ""
