"""``wherry simulate`` beside a real node: what a user of kubectl sees of nodes that run nothing."""

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import wherry
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.whole import IMAGE, WHERRY, Commands

NODES, REPLICAS = 20, 200
HERE = {"nodeSelector": {"pool": "sim"}, "tolerations": [{"key": "pool", "operator": "Exists"}]}
SPREAD = {
    "topologyKey": "kubernetes.io/hostname", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule",
    "nodeTaintsPolicy": "Honor", "labelSelector": {"matchLabels": {"app": "web"}},
}  # fmt: skip
CONTAINER = {"name": "c", "image": "registry.example.com/web:1", "resources": {"requests": {"cpu": "100m"}}}


def pod(name: str, **annotations: str) -> dict[str, Any]:
    meta = {"name": name, "labels": {"app": name}, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [CONTAINER], **HERE}}


def web() -> dict[str, Any]:
    template = pod("web")
    template["spec"]["topologySpreadConstraints"] = [SPREAD]
    selector = {"matchLabels": {"app": "web"}}
    spec = {
        "replicas": REPLICAS,
        "selector": selector,
        "template": {key: template[key] for key in ("metadata", "spec")},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def job() -> dict[str, Any]:
    spec: dict[str, Any] = {"template": {"spec": {"containers": [CONTAINER], "restartPolicy": "Never", **HERE}}}
    spec |= {"completions": 5, "parallelism": 5}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"}, "spec": spec}


def db() -> dict[str, Any]:
    template = pod("db")
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    template["spec"]["containers"] = [{**CONTAINER, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]
    spec = {
        "replicas": 3,
        "serviceName": "db",
        "selector": {"matchLabels": {"app": "db"}},
        "template": {key: template[key] for key in ("metadata", "spec")},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
    }
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": spec}


@contextmanager
def simulated(cluster: wherry.Cluster, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Entered when all nodes are ready."""
    command = [WHERRY, "--root", str(cluster.root), "simulate", "--nodes", str(NODES), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"{NODES} nodes ready after ")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def places(kubectl: Commands) -> Counter[str]:
    """Of the pods of the Deployment that are ready: how many on each node."""
    return Counter(
        each["spec"]["nodeName"]
        for each in kubectl.json("pods", "-l", "app=web")["items"]
        if any(condition["type"] == "Ready" and condition["status"] == "True" for condition in _conditions(each))
    )


def everywhere(kubectl: Commands) -> Counter[str] | None:
    """The same, when all are ready."""
    found = places(kubectl)
    return found if found.total() == REPLICAS else None


def _conditions(pod: dict[str, Any]) -> list[dict[str, str]]:
    return (pod.get("status") or {}).get("conditions") or []


@pytest.mark.timeout(240)
def test_simulated_nodes_from_the_first_to_the_last(whole: wherry.Cluster, inside: Commands) -> None:
    inside("run", "real", f"--image={IMAGE}", "--command", "--", "sleep", "3600")
    inside("wait", "pod/real", "--for=condition=Ready", "--timeout=100s")
    real = inside.json("pod", "real")
    with simulated(whole, "--zones", "4", "--label", "pool=sim", "--taint", "pool=sim:NoSchedule") as process:
        _has_nodes(inside, real["spec"]["nodeName"])
        _spreads(inside)
        _is_drained(inside)
        _does_as_it_is_told(inside)
        _keeps_nothing(inside)
        _is_left_alone(inside)
        process.send_signal(signal.SIGTERM)
        said, complaints = process.communicate(timeout=120)
    assert (process.returncode, complaints) == (0, "")
    assert "nodes and 201 pods are gone" in said  # 200 of the Deployment, and one that restarts
    assert inside("get", "nodes", "-o", "name").split() == [f"node/{real['spec']['nodeName']}"]
    assert not [each for each in inside.json("pods")["items"] if str(each["spec"].get("nodeName")).startswith("sim-")]
    leases = ("get", "leases", "-n", "kube-node-lease", "-o", "name", "--no-headers")
    inside.until(f"^[^\n]*/{real['spec']['nodeName']}\n$", *leases)  # the others go with their nodes
    after = inside.json("pod", "real")
    assert after["metadata"]["uid"] == real["metadata"]["uid"]
    assert after["status"]["containerStatuses"] == real["status"]["containerStatuses"]


def _has_nodes(kubectl: Commands, real: str) -> None:
    rows = kubectl.table("get", "nodes", "-L", "type,topology.kubernetes.io/zone")
    assert {each["NAME"] for each in rows} == {real, *(f"sim-{number}" for number in range(NODES))}
    assert {each["STATUS"] for each in rows} == {"Ready"}
    assert Counter(each["ZONE"] for each in rows if each["TYPE"] == "simulated") == {f"zone-{n}": 5 for n in range(4)}


def _spreads(kubectl: Commands) -> None:
    kubectl.apply(web())
    kubectl("rollout", "status", "deployment/web", "--timeout=100s")
    assert set(places(kubectl).values()) == {REPLICAS // NODES}
    addresses = {each["status"]["podIP"] for each in kubectl.json("pods", "-l", "app=web")["items"]}
    assert len(addresses) == REPLICAS


def _is_drained(kubectl: Commands) -> None:
    """Its pods come up elsewhere; deleted, it stays away."""
    kubectl("drain", "sim-3", "--ignore-daemonsets", "--timeout=100s")
    found = wait_until(lambda: everywhere(kubectl), "all of them are up again")
    assert "sim-3" not in found
    assert set(found.values()) == {10, 11}
    kubectl("delete", "node", "sim-3")
    kubectl("uncordon", "sim-4")
    assert "sim-3" not in kubectl("get", "nodes", "-o", "name")


def _does_as_it_is_told(kubectl: Commands) -> None:
    kubectl.apply(job(), pod("crash", **{"fake.wherry.dev/exit-code": "3", "fake.wherry.dev/run-seconds": "0.2"}))
    kubectl("wait", "job/work", "--for=condition=complete", "--timeout=100s")
    kubectl.until("CrashLoopBackOff", "get", "pod", "crash")
    ended = kubectl.json("pod", "crash")["status"]["containerStatuses"][0]["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (3, "Error")
    kubectl("delete", "job", "work")
    kubectl.until("^$", "get", "pods", "-l", "job-name=work", "-o", "name")


def _keeps_nothing(kubectl: Commands) -> None:
    """Claims get volumes all the same, on the nodes that their pods were given to, and these go with them."""
    kubectl.apply(db())
    kubectl("rollout", "status", "statefulset/db", "--timeout=100s")
    pods = {
        each["metadata"]["name"]: each["spec"]["nodeName"] for each in kubectl.json("pods", "-l", "app=db")["items"]
    }
    claims = {each["metadata"]["name"]: each["spec"]["volumeName"] for each in kubectl.json("pvc")["items"]}
    places = {each["metadata"]["name"]: _place(each) for each in kubectl.json("pv")["items"]}
    assert {name.removeprefix("data-"): places[volume] for name, volume in claims.items()} == pods
    kubectl("delete", "statefulset", "db")
    kubectl("delete", "pvc", "--all", "--timeout=100s")
    kubectl.until("^$", "get", "pv", "-o", "name")


def _place(volume: dict[str, Any]) -> str:
    (term,) = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    name: str = term["matchExpressions"][0]["values"][0]
    return name


def _is_left_alone(kubectl: Commands) -> None:
    """Nobody asks it for logs, and nothing comes in by it."""
    name = kubectl.json("pods", "-l", "app=web")["items"][0]["metadata"]["name"]
    assert "has no API" in kubectl.fails("logs", name)
    kubectl("expose", "deployment/web", "--port=80", "--type=LoadBalancer")
    kubectl.until(r"\d", "get", "service", "web", "-o", "jsonpath={.status.loadBalancer.ingress}")
    service = kubectl.json("service", "web")
    assert len(service["status"]["loadBalancer"]["ingress"]) == 1

    def endpoints() -> int:
        slices = kubectl.json("endpointslices", "-l", "kubernetes.io/service-name=web")["items"]
        return sum(len(each["endpoints"] or ()) for each in slices)

    wait_until(lambda: endpoints() == REPLICAS, "all of them are behind it")
