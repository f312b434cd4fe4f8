"""What the node does of itself: pods of its own, new limits for what runs, room, and its own end."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

import wherry
from tests.conformance import registries
from tests.conformance.kube.whole import IMAGE, NEWEST, SECONDS, WHERRY, Commands, bootstrap, nothing_left
from tests.unit.kube.kubectl import kubectls
from wherry.engine.instance import Instance

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not kubectls(), reason="there is no kubectl"),
]
Up = Callable[..., AbstractContextManager[Commands]]
ALONE = {"terminationGracePeriodSeconds": 1}
OWN = """
apiVersion: v1
kind: Pod
metadata: {name: own, labels: {is: own}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - {name: c, image: "demo:1", imagePullPolicy: Never, command: [sh, -c, "trap 'exit 0' TERM; sleep 1000 & wait"]}
"""


@contextmanager
def up(tmp_path: Path, root: Path | None = None, **settings: str) -> Iterator[Commands]:
    """A cluster with an image, and its kubectl; afterwards nothing of it is left."""
    named = {f"WHERRY_NODE_{name.upper()}": value for name, value in settings.items()}
    with wherry.Cluster(root=root, settings=named) as cluster:
        bootstrap(cluster)
        kubectl = Commands(cluster, tmp_path)
        kubectl.until(" Ready", "get", "nodes")
        kubectl.until("^default ", "get", "serviceaccounts", "--no-headers")
        instance = Instance.at(cluster.root)
        yield kubectl
    nothing_left(instance, files=root is None)


def pod(name: str, script: str = "sleep 1000", **container: Any) -> dict[str, Any]:
    made = {"name": "c", "image": IMAGE, "command": ["sh", "-c", f"trap 'exit 0' TERM; {script} & wait"], **container}
    spec = {"containers": [made], "terminationGracePeriodSeconds": 1}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def running(kubectl: Commands, *names: str) -> None:
    kubectl("wait", "--for=condition=Ready", "--timeout=100s", *(f"pod/{name}" for name in names))


def container(kubectl: Commands, name: str) -> Any:
    return kubectl.json("pod", name)["status"]["containerStatuses"][0]


def condition(of: Any, kind: str) -> Any:
    return next((each for each in of["status"]["conditions"] if each["type"] == kind), {})


def name_of_node(kubectl: Commands) -> str:
    return str(kubectl.json("nodes")["items"][0]["metadata"]["name"])


def root_of(kubectl: Commands) -> str:
    return kubectl.environment["KUBECONFIG"].removesuffix("/kubeconfig")


def memory_of_group(kubectl: Commands, path: str) -> int:
    """The limit of a cgroup below the instance's, in bytes."""
    top, parent = Path("/sys/fs/cgroup"), Instance.at(Path(root_of(kubectl))).cgroup_parent.strip("/")
    found = [*top.glob(f"memory/{parent}/{path}/memory.limit_in_bytes"), *top.glob(f"{parent}/{path}/memory.max")]
    return int(found[0].read_text())


def wherry_command(kubectl: Commands, *arguments: str) -> str:
    command = [WHERRY, "--root", root_of(kubectl), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def said_of(kubectl: Commands, *arguments: str) -> str:
    """The same, if anybody answers."""
    command = [WHERRY, "--root", root_of(kubectl), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout


def pid_of(kubectl: Commands, role: str) -> int:
    found = re.search(rf"^{role} +(\d+)", wherry_command(kubectl, "status"), re.M)
    assert found
    return int(found[1])


def wait_for(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_pods_of_the_machines_own(tmp_path: Path) -> None:
    directory = tmp_path / "manifests"
    directory.mkdir()
    with up(tmp_path, static_pods=str(directory)) as kubectl:
        node = kubectl.json("nodes")["items"][0]["metadata"]
        name = f"own-{node['name']}"
        (directory / "own.yaml").write_text(OWN)
        kubectl.until("Running", "get", "pod", name)
        mirror = kubectl.json("pod", name)["metadata"]
        assert mirror["annotations"]["kubernetes.io/config.source"] == "file"
        assert (
            mirror["annotations"]["kubernetes.io/config.mirror"] == mirror["annotations"]["kubernetes.io/config.hash"]
        )
        assert (mirror["ownerReferences"][0]["kind"], mirror["ownerReferences"][0]["uid"]) == ("Node", node["uid"])
        before = container(kubectl, name)["containerID"]
        assert kubectl("exec", name, "--", "echo", "inside") == "inside\n"
        assert kubectl("delete", "pod", name).startswith(f'pod "{name}" deleted')
        kubectl.until(
            f"^(?!{mirror['uid']})[0-9a-f-]+ Running",
            "get",
            "pod",
            name,
            "-o",
            "jsonpath={.metadata.uid} {.status.phase}",
        )
        os.kill(pid_of(kubectl, "node"), signal.SIGKILL)
        kubectl.until("inside", "exec", name, "--", "echo", "inside")
        assert container(kubectl, name)["containerID"] == before
        control = pid_of(kubectl, "control")
        os.kill(control, signal.SIGSTOP)  # nobody answers any more
        try:
            os.kill(pid_of(kubectl, "node"), signal.SIGKILL)
            (directory / "other.yaml").write_text(OWN.replace("name: own", "name: other"))
            wait_for(lambda: "other-" in said_of(kubectl, "ps", "--format", "{{.Names}}"))
        finally:
            os.kill(control, signal.SIGCONT)
        kubectl.until("Running", "get", "pod", name.replace("own-", "other-"))
        assert container(kubectl, name)["containerID"] == before
        (directory / "other.yaml").unlink()
        (directory / "bad.yaml").write_text(OWN.replace("name: c,", "name: C,").replace("name: own", "name: bad"))
        said = kubectl.until("InvalidManifest", "get", "events", "--field-selector=involvedObject.kind=Node")
        assert "bad.yaml: invalid pod: [spec.containers[0].name: Invalid value" in said
        (directory / "own.yaml").write_text(OWN.replace("1000", "2000"))
        kubectl.until("sleep 2000", "get", "pod", name, "-o", "jsonpath={.spec.containers[0].command}")
        kubectl.until("true", "get", "pod", name, "-o", "jsonpath={.status.containerStatuses[0].ready}")
        assert container(kubectl, name)["containerID"] != before
        (directory / "own.yaml").unlink()
        kubectl.until("^$", "get", "pods", "-l", "is=own", "-o", "name")


@pytest.mark.skipif(NEWEST < (1, 32), reason="this kubectl has no resize")
def test_what_runs_gets_other_limits(tmp_path: Path) -> None:
    resources = {"requests": {"cpu": "100m", "memory": "32Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}}
    restarting = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    with up(tmp_path, reserved="cpu=500m,memory=256Mi") as kubectl:
        node = kubectl.json("nodes")["items"][0]["status"]
        assert int(node["capacity"]["cpu"]) * 1000 - 500 == int(node["allocatable"]["cpu"].removesuffix("m"))
        shown = kubectl("get", "--raw", f"/api/v1/nodes/{name_of_node(kubectl)}/proxy/configz")
        assert json.loads(shown)["kubeletconfig"]["systemReserved"] == {"cpu": "500m", "memory": "256Mi"}
        kubectl.apply(pod("plain", resources=resources), pod("again", resources=resources, resizePolicy=restarting))
        running(kubectl, "plain", "again")
        whole = int(node["capacity"]["memory"].removesuffix("Ki")) << 10
        assert memory_of_group(kubectl, "kubepods") == whole - (256 << 20)
        before = {name: container(kubectl, name)["containerID"] for name in ("plain", "again")}
        for name in before:
            resize(kubectl, name, {"requests": {"memory": "48Mi"}, "limits": {"cpu": "300m", "memory": "96Mi"}})
            kubectl.until("96Mi", "get", "pod", name, "-o", "jsonpath={.status.containerStatuses[0].resources.limits}")
        assert limits(kubectl, "plain") == (96 << 20, 30_000)
        uid = kubectl.json("pod", "plain")["metadata"]["uid"]
        assert memory_of_group(kubectl, f"kubepods/*/pod{uid}") == 96 << 20
        found = container(kubectl, "plain")
        assert (found["containerID"], found["restartCount"]) == (before["plain"], 0)
        assert found["resources"]["requests"] == {"cpu": "100m", "memory": "48Mi"}
        assert found["allocatedResources"] == {"cpu": "100m", "memory": "48Mi"}
        kubectl.until(
            "^1 true", "get", "pod", "again", "-o", "jsonpath={.status.containerStatuses[0]['restartCount','ready']}"
        )
        assert container(kubectl, "again")["containerID"] != before["again"]
        assert limits(kubectl, "again") == (96 << 20, 30_000)
        resize(kubectl, "plain", {"requests": {"cpu": "900"}, "limits": {"cpu": "900"}})
        kubectl.until("Infeasible", "get", "pod", "plain", "-o", "jsonpath={.status.conditions}")
        pending = condition(kubectl.json("pod", "plain"), "PodResizePending")
        assert (pending["status"], pending["reason"]) == ("True", "Infeasible")
        assert pending["message"].startswith("Node didn't have enough capacity: cpu, requested: 900000, capacity: ")
        assert limits(kubectl, "plain") == (96 << 20, 30_000)
        resize(kubectl, "plain", {"requests": {"cpu": "100m"}, "limits": {"cpu": "250m"}})
        kubectl.until("250m", "get", "pod", "plain", "-o", "jsonpath={.status.containerStatuses[0].resources.limits}")
        assert limits(kubectl, "plain") == (96 << 20, 25_000)
        assert not condition(kubectl.json("pod", "plain"), "PodResizePending")


def resize(kubectl: Commands, name: str, resources: dict[str, Any]) -> None:
    patch = str({"spec": {"containers": [{"name": "c", "resources": resources}]}}).replace("'", '"')
    kubectl("patch", "pod", name, "--subresource", "resize", "--patch", patch)


def limits(kubectl: Commands, name: str) -> tuple[int, int]:
    """What the kernel has: memory in bytes, CPU quota in microseconds."""
    first = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max"
    second = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.cfs_quota_us"
    said = kubectl("exec", name, "--", "sh", "-c", f"{second} 2>/dev/null || {first}").split()
    return int(said[0]), int(said[1])


@contextmanager
def begun_again(kubectl: Commands, **settings: str) -> Iterator[None]:
    """The daemon with other settings, over the containers that go on."""
    named = {f"WHERRY_NODE_{name.upper()}": value for name, value in settings.items()}
    command, environment = [WHERRY, "--root", root_of(kubectl)], {**os.environ, **named}
    subprocess.run([*command, "down", "--keep-containers"], check=True, capture_output=True, timeout=120)
    subprocess.run([*command, "up", "--detach"], check=True, capture_output=True, timeout=120, env=environment)
    kubectl.until("Running", "get", "pods")
    yield


def images(kubectl: Commands) -> set[str]:
    return set(wherry_command(kubectl, "images", "--format", "{{.Repository}}:{{.Tag}}").split())


def test_a_node_without_room_lets_images_and_pods_go(tmp_path: Path) -> None:
    asks = {"requests": {"memory": "64Mi"}}
    greedy = "x=$(head -c 20000000 /dev/zero | tr '\\0' x); sleep 1000"
    with up(tmp_path) as kubectl, registries.Lone(tmp_path / "registry") as registry:
        pulled, kept = (f"127.0.0.1:{registry.port}/{name}:1" for name in ("pulled", "kept"))
        for image in (pulled, kept):
            (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nLABEL is={image}\n")
            wherry_command(kubectl, "build", "--progress", "quiet", "--tag", image, str(tmp_path))
            wherry_command(kubectl, "push", image)
            wherry_command(kubectl, "rmi", image)
        kubectl.apply(pod("modest", resources=asks), pod("greedy", greedy), pod("gone", image=pulled))
        kubectl.apply(pod("kept", image=kept, resources={"requests": {"memory": "256Mi"}}))
        running(kubectl, "modest", "greedy", "gone", "kept")
        kubectl("delete", "pod", "gone")
        full = {"eviction_hard": "memory.available<99%,nodefs.available<100%", "image_gc_age": "0"}
        with begun_again(kubectl, **full):
            states = "jsonpath={range .items[*]}{.metadata.name}={.status.phase}:{.status.reason} {end}"
            first = kubectl.until("Evicted", "get", "pods", "-o", states).split()
            assert first == ["greedy=Failed:Evicted", "kept=Running:", "modest=Running:"]  # others follow
            wait_for(lambda: pulled not in images(kubectl))
            assert {kept, IMAGE} <= images(kubectl)
            found = kubectl.json("pod", "greedy")
            assert re.match(
                r"The node was low on resource: memory\. Threshold quantity: \d+\w*, available: \d+\w*\. "
                r"Container c was using \d+\w*, request is 0, has larger consumption of memory\. ",
                found["status"]["message"],
            )
            assert condition(found, "DisruptionTarget")["reason"] == "TerminationByKubelet"
            node = kubectl.json("nodes")["items"][0]
            assert {kind: condition(node, kind)["reason"] for kind in ("MemoryPressure", "DiskPressure")} == {
                "MemoryPressure": "KubeletHasInsufficientMemory", "DiskPressure": "KubeletHasDiskPressure",
            }  # fmt: skip
            for kind in ("memory", "disk"):
                kubectl.until(f"io/{kind}-pressure", "get", "nodes", "-o", "jsonpath={.items[0].spec.taints}")
            for said in ("Attempting to reclaim memory", "status is now: NodeHasDiskPressure"):
                kubectl.until(said, "get", "events", "--field-selector=involvedObject.kind=Node")
            kubectl.apply(pod("late"))
            kubectl.until("untolerated taint", "get", "events", "--field-selector=reason=FailedScheduling")


def test_events_tell_of_the_node(tmp_path: Path) -> None:
    with up(tmp_path) as kubectl:
        name = name_of_node(kubectl)

        def told() -> list[str]:
            found = kubectl.json("events", "--field-selector=involvedObject.kind=Node")["items"]
            return [f"{each['source']['component']}: {each['reason']}" for each in found]

        begun = {"kubelet: Starting", "kubelet: NodeAllocatableEnforced"}
        begun |= {f"kubelet: NodeHas{what}" for what in ("SufficientMemory", "NoDiskPressure", "SufficientPID")}
        wait_for(lambda: set(told()) == {*begun, "kubelet: NodeReady", "node-controller: RegisteredNode"})
        described = kubectl("describe", "node", name)
        for line in (
            rf"Normal +RegisteredNode +\w+ +node-controller +Node {name} event: Registered Node {name} in Controller",
            rf"Normal +NodeHasNoDiskPressure +\w+ +kubelet +Node {name} status is now: NodeHasNoDiskPressure",
            r"Normal +NodeAllocatableEnforced +\w+ +kubelet +Updated Node Allocatable limit across pods",
            r"Normal +Starting +\w+ +kubelet +Starting kubelet\.",
        ):
            assert re.search(line, described), described
        kubectl("cordon", name)
        kubectl.until("status is now: NodeNotSchedulable", "describe", "node", name)
        kubectl("uncordon", name)
        kubectl.until("status is now: NodeSchedulable", "describe", "node", name)
        os.kill(pid_of(kubectl, "node"), signal.SIGKILL)
        wait_for(lambda: all(told().count(each) == 2 for each in begun))
        assert [told().count(each) for each in ("kubelet: NodeReady", "node-controller: RegisteredNode")] == [1, 1]


def test_a_soft_threshold_lets_pods_end(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    made = pod("slow", volumeMounts=[{"name": "notes", "mountPath": "/notes"}])
    made["spec"]["volumes"] = [{"name": "notes", "hostPath": {"path": str(notes)}}]
    made["spec"]["terminationGracePeriodSeconds"] = 60
    made["spec"]["containers"][0]["command"][2] = (
        "trap 'echo asked >> /notes/slow; sleep 5; echo done >> /notes/slow; exit 0' TERM; sleep 1000 & wait"
    )
    soft = {"eviction_soft": "memory.available<99%", "eviction_soft_grace": "memory.available=5s"}
    with up(tmp_path, **soft, eviction_max_pod_grace="30", eviction_minimum_reclaim="memory.available=1Mi") as kubectl:
        kubectl.apply(made)
        running(kubectl, "slow")
        name = name_of_node(kubectl)
        shown = json.loads(kubectl("get", "--raw", f"/api/v1/nodes/{name}/proxy/configz"))["kubeletconfig"]
        assert {each: shown[each] for each in shown if re.match("eviction[SM]", each)} == {
            "evictionSoft": {"memory.available": "99%"}, "evictionSoftGracePeriod": {"memory.available": "5s"},
            "evictionMaxPodGracePeriod": 30, "evictionMinimumReclaim": {"memory.available": "1Mi"},
        }  # fmt: skip
        kubectl.until("Evicted", "get", "pod", "slow", "-o", "jsonpath={.status.reason}")
        assert (notes / "slow").read_text().split() == ["asked", "done"]  # a hard one leaves two seconds
        found, node = kubectl.json("pod", "slow"), kubectl.json("nodes")["items"][0]
        assert found["status"]["message"].startswith("The node was low on resource: memory. Threshold quantity: ")
        assert condition(found, "DisruptionTarget")["reason"] == "TerminationByKubelet"
        pressure, killed = condition(node, "MemoryPressure"), kubectl.json("events")["items"]
        assert (pressure["status"], pressure["reason"]) == ("True", "KubeletHasInsufficientMemory")
        told = next(each["firstTimestamp"] for each in killed if each["reason"] == "Evicted")
        assert pressure["lastTransitionTime"] < told  # shown before anybody had to go


@pytest.mark.parametrize("grace", ["0", "10"], ids=["for now", "for good"])
def test_down_ends_pods_as_pods_end(tmp_path: Path, grace: str) -> None:
    root, notes = tmp_path / "root", tmp_path / "notes"
    notes.mkdir()
    made = pod("web")
    made["spec"]["containers"][0]["command"][2] = "trap 'echo asked >> /notes/web; exit 0' TERM; sleep 1000 & wait"
    made["spec"]["containers"][0]["lifecycle"] = {
        "preStop": {"exec": {"command": ["sh", "-c", "echo hook >> /notes/web"]}}
    }
    made["spec"]["containers"][0]["volumeMounts"] = [{"name": "notes", "mountPath": "/notes"}]
    made["spec"]["volumes"] = [{"name": "notes", "hostPath": {"path": str(notes)}}]
    with up(tmp_path, root, shutdown_grace=grace) as kubectl:
        kubectl.apply(made)
        running(kubectl, "web")
        uid = kubectl.json("pod", "web")["metadata"]["uid"]
    assert (notes / "web").read_text().split() == ["hook", "asked"]
    with up(tmp_path, root, shutdown_grace=grace) as kubectl:
        if grace == "0":
            kubectl.until(
                "^1 true", "get", "pod", "web", "-o", "jsonpath={.status.containerStatuses[0]['restartCount','ready']}"
            )
            assert kubectl.json("pod", "web")["metadata"]["uid"] == uid
        else:
            found = kubectl.json("pod", "web")
            assert [found["status"].get(name) for name in ("phase", "reason", "message")] == [
                "Failed", "Terminated", "Pod was terminated in response to imminent node shutdown.",
            ]  # fmt: skip
            assert condition(found, "DisruptionTarget")["reason"] == "TerminationByKubelet"


def test_who_is_deleted_is_asked_first(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    mount = {"volumeMounts": [{"name": "notes", "mountPath": "/notes"}]}
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo hook >> /notes/polite"]}}}
    polite, stubborn = pod("polite", lifecycle=hook, **mount), pod("stubborn")
    polite["spec"]["containers"][0]["command"][2] = "trap 'echo asked >> /notes/polite; exit 5' TERM; sleep 1000 & wait"
    polite["spec"]["volumes"] = [{"name": "notes", "hostPath": {"path": str(notes)}}]
    stubborn["spec"]["containers"][0]["command"][2] = "trap '' TERM; sleep 1000 & wait; sleep 1000"
    stubborn["spec"]["containers"][0]["lifecycle"] = {"preStop": {"sleep": {"seconds": 1}}}
    for each in (polite, stubborn):
        each["metadata"]["finalizers"] = ["example.org/keep"]
    with up(tmp_path) as kubectl:
        kubectl.apply(polite, stubborn)
        running(kubectl, "polite", "stubborn")
        kubectl("delete", "pod", "polite", "stubborn", "--wait=false")
        for name, code in (("polite", 5), ("stubborn", 137)):
            state = "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}"
            kubectl.until(f"^{code}$", "get", "pod", name, "-o", state)
            assert kubectl.json("pod", name)["status"]["phase"] == "Failed"
            kubectl("patch", "pod", name, "--type=json", "-p", '[{"op": "remove", "path": "/metadata/finalizers"}]')
        kubectl.until("^$", "get", "pods", "-o", "name")
    assert (notes / "polite").read_text().split() == ["hook", "asked"]
