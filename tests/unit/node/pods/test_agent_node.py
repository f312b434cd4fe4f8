"""The node itself: how it is registered, what it refuses, whom it puts out, whom it gives more."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.unit.node.pods.rig import NODE, Client, Rig, container, pod
from wherry.kit.errors import Unavailable
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.node.pods.machine.keeping import LEASE_NAMESPACE, LEASES
from wherry.node.pods.machine.nodes import NODES
from wherry.node.pods.runtime import Usage
from wherry.node.pods.view import PODS


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def node(rig: Rig) -> Object:
    found = rig.client.find(NODES, NODE)
    assert found is not None
    return found


def condition(rig: Rig, kind: str) -> Object:
    return next(each for each in node(rig)["status"]["conditions"] if each["type"] == kind)


# Node and lease


async def test_the_node_registers_itself(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.client.find(NODES, NODE))
        found = node(rig)
    assert found["metadata"]["labels"]["kubernetes.io/hostname"] == NODE
    assert found["metadata"]["labels"]["kubernetes.io/os"] == "linux"
    status = found["status"]
    assert status["addresses"] == [
        {"type": "InternalIP", "address": "192.0.2.1"}, {"type": "Hostname", "address": NODE},
    ]  # fmt: skip
    assert (status["capacity"]["cpu"], status["capacity"]["memory"], status["capacity"]["pods"]) == (
        "32", "256Gi", "110",
    )  # fmt: skip
    assert status["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 10250
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False", "Ready": "True",
    }  # fmt: skip
    assert condition(rig, "Ready")["reason"] == "KubeletReady"


async def test_it_is_known_when_the_api_shows_it_as_it_is(rig: Rig) -> None:
    """Not before its pods are here, nor before its own status is."""
    rig.client.fault = lambda call: Unavailable("no") if call.resource.resource == "nodes" else None
    async with rig.running():
        known = asyncio.create_task(rig.agent.known())
        await rig.settle(5)
        assert rig.agent.ready.is_set() and not known.done()
        rig.client.fault = lambda call: None
        await rig.until(known.done, 10)
        assert condition(rig, "Ready")["status"] == "True"


async def test_a_storm_of_statuses_does_not_hold_up_the_lease(rig: Rig) -> None:
    """Whoever writes to the API for pods waits; the node has a way of its own."""
    patch = rig.client.patch
    storm = asyncio.Event()

    async def busy(resource: GroupVersionResource, *given: Any, **named: Any) -> Object:
        await storm.wait()
        return await patch(resource, *given, **named)

    heart = Client(rig.clock)
    rig.parts["heart"] = heart
    rig.client.patch = busy  # type: ignore[method-assign]
    async with rig.running(pod()):
        await rig.settle(100)
        lease = heart.find(LEASES, NODE, LEASE_NAMESPACE)
        assert lease is not None
        assert lease["spec"]["renewTime"] > "2026-01-01T00:01:20"
        assert heart.find(NODES, NODE) is not None
        assert rig.client.find(NODES, NODE) is None
        assert {call.resource.resource for call in heart.calls} == {"nodes", "leases"}
        assert not rig.is_ready()
        storm.set()
        await rig.until(rig.is_ready, 3)


async def test_a_new_node_is_two_writes(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.client.find(LEASES, NODE, LEASE_NAMESPACE))
        await rig.settle(1)
        made = [(call.verb, call.resource.resource) for call in rig.client.calls if call.resource.resource != "events"]
        assert made == [("create", "nodes"), ("create", "leases")]


async def test_a_lease_that_a_node_of_that_name_has_left_behind_is_taken(rig: Rig) -> None:
    left: Object = {"name": NODE, "namespace": LEASE_NAMESPACE}
    rig.client.put({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": left, "spec": {}})
    async with rig.running():
        await rig.until(lambda: (rig.client.find(LEASES, NODE, LEASE_NAMESPACE) or {})["spec"].get("renewTime"))


async def test_its_lease_is_renewed_and_its_status_left_alone(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.client.find(LEASES, NODE, LEASE_NAMESPACE))
        await rig.settle(1)
        writes = len(rig.client.calls)
        await rig.settle(60)
        made = [(call.verb, call.resource.resource) for call in rig.client.calls[writes:]]
        assert made == [("update", "leases")] * 6
        lease = rig.client.find(LEASES, NODE, LEASE_NAMESPACE)
        assert lease is not None
        assert lease["spec"]["leaseDurationSeconds"] == 40
        assert lease["spec"]["renewTime"] == "2026-01-01T00:01:00.000000Z"
        assert lease["metadata"]["ownerReferences"][0]["uid"] == node(rig)["metadata"]["uid"]
        await rig.settle(250)
        assert condition(rig, "Ready")["lastHeartbeatTime"] == "2026-01-01T00:05:00Z"


async def test_a_node_that_is_known_is_taken_over(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.client.find(NODES, NODE))
    known = node(rig)
    known["metadata"]["labels"] = {"mine": "yes"}
    known["spec"] = {"unschedulable": True}
    rig.client.put(known)
    async with rig.running():
        await rig.until(lambda: "kubernetes.io/hostname" in node(rig)["metadata"]["labels"])
        assert node(rig)["metadata"]["labels"]["mine"] == "yes"
        assert node(rig)["spec"] == {"unschedulable": True}


async def test_a_node_that_somebody_deleted_comes_back(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.client.find(NODES, NODE))
        await rig.client.delete(NODES, NODE)
        await rig.until(lambda: rig.client.find(NODES, NODE), 310)


async def test_an_api_that_is_not_there_yet_is_waited_for(rig: Rig) -> None:
    rig.client.fault = lambda call: Unavailable("connection refused")
    async with rig.running(wait=False):
        await rig.settle(3)
        rig.client.fault = lambda call: None
        await rig.until(lambda: rig.client.find(NODES, NODE), 60)
        await rig.until(rig.agent.ready.is_set, 60)


# Whom it takes


def with_requests(name: str, **requests: str) -> Object:
    return pod(name, container(resources={"requests": requests}))


async def test_what_does_not_fit_is_refused(rig: Rig) -> None:
    async with rig.running(with_requests("a", cpu="20")):
        await rig.until(lambda: rig.is_ready("a"))
        rig.client.put(with_requests("b", cpu="20"))
        await rig.until(lambda: rig.status("b").get("phase") == "Failed")
        assert rig.status("b")["reason"] == "OutOfcpu"
        assert rig.status("b")["message"] == (
            "Pod was rejected: Node didn't have enough resource: cpu, requested: 20000, used: 20000, capacity: 32000"
        )
        await rig.client.delete(PODS, "b", "default")
        await rig.until(lambda: rig.pod("b") is None)
    assert len(rig.calls("start_sandbox")) == 1


async def test_a_label_and_a_taint_that_somebody_changed_just_now_count(rig: Rig) -> None:
    """The node has reported, and will not again for minutes."""
    async with rig.running():
        await rig.until(lambda: rig.client.find(NODES, NODE))
        await rig.settle(1)
        known = node(rig)
        known["metadata"]["labels"]["disk"] = "fast"
        rig.client.put(known)
        rig.client.put(pod("a", nodeSelector={"disk": "fast"}))
        await rig.until(lambda: rig.is_ready("a"))
        rig.client.put({**node(rig), "spec": {"taints": [{"key": "gone", "effect": "NoExecute"}]}})
        rig.client.put(pod("b", nodeSelector={"disk": "slow"}))
        await rig.until(lambda: rig.status("b").get("reason") == "NodeAffinity")
        rig.client.put({**node(rig), "spec": {}})
        rig.client.put(pod("c"))
        await rig.until(lambda: rig.is_ready("c"))


async def test_a_port_of_the_node_is_given_once(rig: Rig) -> None:
    port = container(ports=[{"containerPort": 80, "hostPort": 8080, "protocol": "TCP"}])
    async with rig.running(pod("a", port)):
        await rig.until(lambda: rig.is_ready("a"))
        (sandbox,) = rig.runtime.sandboxes()
        assert [(each.host_port, each.container_port) for each in sandbox.spec.ports] == [(8080, 80)]
        rig.client.put(pod("b", port))
        await rig.until(lambda: rig.status("b").get("reason") == "NodePorts")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"nodeSelector": {"disk": "fast"}}, "NodeAffinity"),
        ({"os": {"name": "windows"}}, "PodOSNotSupported"),
        ({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}, "SysctlForbidden"),
        ({"securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}}, "AppArmor"),
    ],
)
async def test_what_this_node_is_not_made_for_is_refused(rig: Rig, spec: Object, reason: str) -> None:
    async with rig.running(pod("web", container(), **spec)):
        await rig.until(lambda: rig.status().get("phase") == "Failed")
        assert rig.status()["reason"] == reason
        assert rig.said(reason)


async def test_who_is_here_is_not_refused_after_a_restart(rig: Rig) -> None:
    async with rig.running(with_requests("a", cpu="20"), with_requests("z", cpu="10")):
        await rig.until(lambda: rig.is_ready("a") and rig.is_ready("z"))
    rig.machine.whole = type(rig.machine.whole)(cpus=16)
    async with rig.running():
        await rig.settle(5)
        assert rig.is_ready("a")
        assert rig.is_ready("z")


# Pressure


async def test_under_pressure_the_least_important_goes(rig: Rig) -> None:
    small, large = with_requests("asks", memory="1Gi"), pod("takes", container())
    async with rig.running(small, large):
        await rig.until(lambda: rig.is_ready("asks") and rig.is_ready("takes"))
        rig.machine.lacks = {"memory_available_bytes": 50 << 20}
        await rig.until(lambda: rig.status("takes").get("phase") == "Failed", 11)
        rig.machine.lacks = {}
        assert rig.status("takes")["reason"] == "Evicted"
        assert rig.status("takes")["message"] == (
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container web was using "
            "1Mi, request is 0, has larger consumption of memory. "
        )
        target = rig.condition("DisruptionTarget", "takes")
        assert (target["status"], target["reason"]) == ("True", "TerminationByKubelet")
        assert condition(rig, "MemoryPressure")["reason"] == "KubeletHasInsufficientMemory"
        await rig.settle(30)
        assert rig.is_ready("asks")
        rig.client.put(pod("late"))
        await rig.until(lambda: rig.status("late").get("reason") == "Evicted")
        assert rig.status("late")["message"] == "Pod was rejected: The node had condition: [MemoryPressure]. "
        await rig.until(lambda: condition(rig, "MemoryPressure")["status"] == "False", 320)


async def test_a_critical_pod_stays(rig: Rig) -> None:
    async with rig.running(pod("web", container(), priority=2_000_000_000)):
        await rig.until(rig.is_ready)
        rig.machine.lacks = {"memory_available_bytes": 0}
        await rig.settle(30)
        assert rig.is_ready()


async def test_a_directory_has_its_limit(rig: Rig) -> None:
    volume = {"name": "v", "emptyDir": {"sizeLimit": "1Mi"}}
    async with rig.running(pod("web", container(volumeMounts=[{"name": "v", "mountPath": "/v"}]), volumes=[volume])):
        await rig.until(rig.is_ready)
        mount = rig.runtime.specs[rig.run_of()].mounts[0]
        (Path(mount.source) / "large").write_bytes(b"x" * (2 << 20))
        await rig.until(lambda: rig.status().get("reason") == "Evicted", 70)
        assert rig.status()["message"] == 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '


# Resizing


def resources(cpu: str, memory: str = "64Mi") -> Object:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu, "memory": memory}}


async def test_a_container_is_given_more_while_it_runs(rig: Rig) -> None:
    async with rig.running(pod("web", container(resources=resources("1")))):
        await rig.until(rig.is_ready)
        assert rig.container()["resources"] == resources("1")
        rig.update(containers=[container(resources=resources("2", "128Mi"))])
        await rig.until(lambda: rig.container()["resources"] == resources("2", "128Mi"), 1)
        limits = rig.runtime.limits[rig.run_of()]
        assert (limits.cpu_quota_us, limits.memory_bytes) == (200_000, 128 << 20)
        assert not rig.condition("PodResizeInProgress")
        assert rig.container()["restartCount"] == 0
    calls = len(rig.calls("set_limits"))
    async with rig.running():
        await rig.settle(3)
    assert len(rig.calls("set_limits")) == calls


async def test_no_container_is_given_less_than_it_uses(rig: Rig) -> None:
    usage = Usage(0, 100 << 20, 0)
    rig.runtime.usage = lambda container: usage  # type: ignore[method-assign]
    async with rig.running(pod("web", container(resources=resources("1", "128Mi")))):
        await rig.until(rig.is_ready)
        rig.update(containers=[container(resources=resources("1", "64Mi"))])
        await rig.until(lambda: rig.condition("PodResizeInProgress").get("reason") == "Error", 2)
        assert rig.condition("PodResizeInProgress")["message"] == (
            f'attempting to set container "web" memory limit ({64 << 20}) below current usage ({100 << 20})'
        )
        assert not rig.calls("set_limits")
        usage = Usage(0, 10 << 20, 0)
        await rig.until(lambda: rig.container()["resources"] == resources("1", "64Mi"), 10)
        assert not rig.condition("PodResizeInProgress")


async def test_what_the_node_has_not_is_waited_for(rig: Rig) -> None:
    async with rig.running(pod("web", container(resources=resources("1"))), with_requests("other", cpu="20")):
        await rig.until(lambda: rig.is_ready() and rig.is_ready("other"))
        rig.update(containers=[container(resources=resources("16"))])
        await rig.until(lambda: rig.condition("PodResizePending").get("reason") == "Deferred", 1)
        await rig.client.delete(PODS, "other", "default")
        await rig.until(lambda: rig.container()["resources"] == resources("16"), 2)
        assert not rig.condition("PodResizePending")
        rig.update(containers=[container(resources=resources("64"))])
        await rig.until(lambda: rig.condition("PodResizePending").get("reason") == "Infeasible", 1)
        assert rig.is_ready()


async def test_a_container_may_want_to_start_anew_for_it(rig: Rig) -> None:
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    async with rig.running(pod("web", container(resources=resources("1"), resizePolicy=policy))):
        await rig.until(rig.is_ready)
        assert not rig.calls("set_sandbox_limits")
        rig.update(containers=[container(resources=resources("2", "128Mi"), resizePolicy=policy)])
        await rig.until(lambda: rig.container()["restartCount"] == 1 and rig.is_ready(), 1)
        assert rig.runtime.specs[rig.run_of()].limits.memory_bytes == 128 << 20
        rig.update(containers=[container(resources=resources("1", "64Mi"), resizePolicy=policy)])
        await rig.until(lambda: rig.container()["restartCount"] == 2 and rig.is_ready(), 20)
    order = [call[0] for call in rig.calls("set_sandbox_limits", "start_container")]
    whole = "set_sandbox_limits"  # which no part may have more than
    assert order == ["start_container", whole, "start_container", "start_container", whole]
    assert "Container web resize requires restart, will be restarted" in rig.said("Killing")
