from tests.unit.kube.apiserver.admission.asking import admitted, create, needs, pod, refused
from wherry.kube.apiserver.admission.runtimeclass import RuntimeClass
from wherry.kube.machinery.model import Object


def runtime_class(**more: object) -> Object:
    return {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "sandboxed"}, **more}


OVERHEAD = {"podFixed": {"cpu": "250m", "memory": "64Mi"}}
ZONE = {"nodeSelector": {"sandbox": "yes"}, "tolerations": [{"key": "sandbox", "operator": "Exists"}]}


async def test_a_pod_takes_its_class_overhead_and_scheduling() -> None:
    plugin = RuntimeClass(needs(runtime_class(overhead=OVERHEAD, scheduling=ZONE)))
    made = await admitted(plugin, create(pod(runtimeClassName="sandboxed", nodeSelector={"a": "b"})))
    assert made["spec"]["overhead"] == OVERHEAD["podFixed"]
    assert made["spec"]["nodeSelector"] == {"a": "b", "sandbox": "yes"}
    assert made["spec"]["tolerations"] == ZONE["tolerations"]


async def test_an_overhead_must_be_the_class_own() -> None:
    plugin = RuntimeClass(needs(runtime_class(overhead=OVERHEAD)))
    same = {"cpu": "0.25", "memory": "65536Ki"}
    await admitted(plugin, create(pod(runtimeClassName="sandboxed", overhead=same)))
    error = await refused(plugin, create(pod(runtimeClassName="sandboxed", overhead={"cpu": "1"})))
    assert "Pod's Overhead doesn't match RuntimeClass's defined Overhead" in str(error)
    error = await refused(plugin, create(pod(overhead={"cpu": "1"})))
    assert "Pod Overhead set without corresponding RuntimeClass defined Overhead" in str(error)


async def test_an_unknown_class_or_a_conflicting_selector_is_refused() -> None:
    error = await refused(RuntimeClass(needs()), create(pod(runtimeClassName="none")))
    assert str(error) == 'pods "web" is forbidden: pod rejected: RuntimeClass "none" not found'
    plugin = RuntimeClass(needs(runtime_class(scheduling=ZONE)))
    await refused(plugin, create(pod(runtimeClassName="sandboxed", nodeSelector={"sandbox": "no"})))


async def test_a_class_younger_than_the_cache_is_found() -> None:
    await admitted(RuntimeClass(needs(behind=(runtime_class(),))), create(pod(runtimeClassName="sandboxed")))
