from tests.unit.kube.apiserver.admission.asking import admitted, create, needs, pod, refused, update
from wherry.kube.apiserver.admission.limitranger import LimitRanger
from wherry.kube.machinery.model import Object


def limit_range(*limits: Object, name: str = "limits") -> Object:
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": meta, "spec": {"limits": list(limits)}}


DEFAULTS = {
    "type": "Container",
    "default": {"cpu": "500m", "memory": "1Gi"},
    "defaultRequest": {"cpu": "100m"},
}


async def test_containers_that_name_no_amount_are_given_one_and_it_is_noted() -> None:
    containers = [{"name": "a"}, {"name": "b", "resources": {"limits": {"cpu": "1"}}}]
    made = await admitted(
        LimitRanger(needs(limit_range(DEFAULTS))), create(pod(containers=containers, initContainers=[{"name": "i"}]))
    )
    first, second = made["spec"]["containers"]
    assert first["resources"] == {"requests": {"cpu": "100m"}, "limits": {"cpu": "500m", "memory": "1Gi"}}
    assert second["resources"] == {"requests": {"cpu": "100m"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    assert made["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: cpu request for container a; cpu, memory limit for container a; "
        "cpu request for container b; memory limit for container b; "
        "cpu request for init container i; cpu, memory limit for init container i"
    )


async def test_a_pod_that_names_all_stays_as_it_is() -> None:
    resources = {"requests": {"cpu": "1"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    given = pod(containers=[{"name": "a", "resources": resources}])
    made = await admitted(LimitRanger(needs(limit_range(DEFAULTS))), create(given))
    assert "annotations" not in made["metadata"] and made["spec"]["containers"][0]["resources"] == resources


async def test_every_complaint_is_told_once() -> None:
    plugin = LimitRanger(needs(limit_range({"type": "Container", "max": {"cpu": "1", "memory": "1Gi"}})))
    error = await refused(plugin, create(pod(containers=[{"name": "a"}, {"name": "b"}])))
    assert str(error) == (
        'pods "web" is forbidden: [maximum cpu usage per Container is 1.  No limit is specified, '
        "maximum memory usage per Container is 1Gi.  No limit is specified]"
    )


async def test_init_containers_are_bound_too() -> None:
    plugin = LimitRanger(needs(limit_range({"type": "Container", "max": {"cpu": "1"}})))
    fine, large = {"limits": {"cpu": "1"}}, {"limits": {"cpu": "2"}}
    spec = {"containers": [{"name": "a", "resources": fine}]}
    await admitted(plugin, create(pod(**spec)))
    await refused(plugin, create(pod(**spec, initContainers=[{"name": "i", "resources": large}])))


async def test_a_pod_is_bound_by_the_sum_of_its_containers() -> None:
    plugin = LimitRanger(needs(limit_range({"type": "Pod", "max": {"cpu": "1"}})))
    half = {"name": "a", "resources": {"limits": {"cpu": "600m"}}}
    await admitted(plugin, create(pod(containers=[half])))
    error = await refused(plugin, create(pod(containers=[half, half])))
    assert "maximum cpu usage per Pod is 1, but limit is 1200m" in str(error)


def claim(size: str) -> Object:
    meta = {"name": "data", "namespace": "default"}
    spec = {"resources": {"requests": {"storage": size}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}


async def test_claims_are_bound_when_made_and_when_they_grow() -> None:
    item = {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "10Gi"}}
    plugin = LimitRanger(needs(limit_range(item)))
    await admitted(plugin, create(claim("5Gi")))
    assert "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi" in str(
        await refused(plugin, create(claim("1Mi")))
    )
    await refused(plugin, update(claim("20Gi"), claim("5Gi")))


async def test_only_a_resize_of_a_pod_is_looked_at() -> None:
    plugin = LimitRanger(needs(limit_range({"type": "Container", "max": {"cpu": "1"}}, DEFAULTS)))
    large = pod(containers=[{"name": "a", "resources": {"limits": {"cpu": "2"}}}])
    await admitted(plugin, update(large, large))
    await refused(plugin, update(large, large, subresource="resize"))
    assert "annotations" not in large["metadata"], "a resize is given no defaults"
