"""Pods of many kinds on a real cluster, all at once: what each sees of itself, and how it ends (the kubelet's own
conformance: test/e2e/common/node). The tables are in podcases.py and podrights.py."""

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wherry
from tests.conformance.kube import podcases, podrights
from tests.conformance.kube.podcases import Case
from tests.conformance.kube.whole import IMAGE, SECONDS, SOON, Commands, bootstrap, nothing_left
from tests.unit.kube.kubectl import kubectls
from wherry.engine.instance import Instance

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not kubectls(), reason="there is no kubectl"),
]
CASES = [*podcases.ALL, *podrights.ALL]
NO_MKDIR = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}],
}
Found = dict[str, podcases.Object]


@pytest.fixture(scope="module")
def cluster() -> Iterator[wherry.Cluster]:
    with wherry.Cluster(settings={**SOON, "WHERRY_NODE_UNSAFE_SYSCTLS": "net.core.*"}) as made:
        bootstrap(made)
        profile = made.root / "seccomp/none/mkdir.json"
        profile.parent.mkdir(parents=True)
        profile.write_text(json.dumps(NO_MKDIR))
        instance = Instance.at(made.root)
        podcases.TEMPORARY.mkdir()
        try:
            yield made
        finally:
            shutil.rmtree(podcases.TEMPORARY)
    nothing_left(instance)


@pytest.fixture(scope="module")
def kubectl(cluster: wherry.Cluster, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    made = Commands(cluster, tmp_path_factory.mktemp("home"))
    made.until(" Ready", "get", "nodes")
    made.until("^default ", "get", "serviceaccounts", "--no-headers")
    return made


@pytest.fixture(scope="module")
def pods(kubectl: Commands) -> Found:
    """All of them, when they have come to what they should, or never come there."""
    kubectl.apply(*podcases.OBJECTS)
    kubectl.apply(*(case.manifest for case in CASES))
    end = time.monotonic() + SECONDS
    while True:
        found = {each["metadata"]["name"]: each for each in kubectl.json("pods")["items"]}
        if time.monotonic() > end or not any(wrong(found[case.name], case) for case in CASES):
            return found
        time.sleep(0.2)


def words(pod: podcases.Object) -> str:
    """What its status says, in one line: ``REASON: MESSAGE``."""
    status = pod["status"]
    found = [f"{status.get('reason', '')}: {status.get('message', '')}"]
    for container in status.get("containerStatuses") or ():
        for state in container["state"].values():
            found.append(f"{state.get('reason', '')}: {state.get('message', '')}")
    return "\n".join(found)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_sees_what_it_should(pods: Found, case: Case) -> None:
    assert not wrong(pods[case.name], case)


def wrong(pod: podcases.Object, case: Case) -> str:
    """What is said of a pod that has not, or not yet, come to what it should."""
    if pod["status"]["phase"] != case.ends or (case.says and not re.search(case.says, words(pod))):
        return f"{pod['status']['phase']}: {words(pod)}"
    if not case.sees:
        return ""
    ended = next(each for each in pod["status"]["containerStatuses"] if each["name"] == "c")
    said = str(ended["state"]["terminated"].get("message", ""))
    seen = dict(line.partition("=")[::2] for line in said.splitlines())
    others = [name for name, wanted in case.sees.items() if not re.fullmatch(wanted, seen.get(name, ""))]
    return f"{others} in {said}" if others else ""


def running(kubectl: Commands, name: str, container: podcases.Object, **spec: Any) -> None:
    """A pod that stays, ready."""
    usual = {"name": "c", "image": IMAGE, "command": ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]}
    whole = {"terminationGracePeriodSeconds": 1, **spec, "containers": [{**usual, **container}]}
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": whole})


def test_a_config_map_changes_all_at_once(kubectl: Commands) -> None:
    def made(value: str) -> podcases.Object:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "moving"},
            "data": {"a": value, "b": value},
        }

    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "v", "mountPath": "/one", "subPath": "a"}]
    variable = {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "moving", "key": "a"}}}
    kubectl.apply(made("1"))
    running(
        kubectl, "moving", {"volumeMounts": mounts, "env": [variable]},
        volumes=[{"name": "v", "configMap": {"name": "moving"}}],
    )  # fmt: skip
    kubectl("wait", "--for=condition=Ready", "pod/moving", "--timeout=100s")
    inside = ["exec", "moving", "--", "sh", "-c", "cat /v/a /v/b; readlink /v/a; readlink /v/..data; cat /one; echo $A"]
    before = kubectl(*inside).split()
    assert before == ["11..data/a", before[1], "11"]
    kubectl.apply(made("2"))
    after = kubectl.until("^22", *inside).split()
    assert after[1] != before[1], "another directory took the place of the first"
    assert after[2] == "11", "what is no volume stays as it was"


def test_a_container_that_starts_slowly_is_left_alone_until_it_has(kubectl: Commands) -> None:
    probes = {
        "startupProbe": {"exec": {"command": ["test", "-f", "/tmp/up"]}, "periodSeconds": 1, "failureThreshold": 1000},
        "livenessProbe": {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1},
    }
    running(kubectl, "slow", probes)
    kubectl.until("Startup probe failed", "get", "events", "--field-selector=involvedObject.name=slow")
    found = kubectl.json("pod", "slow")["status"]["containerStatuses"][0]
    assert (found["started"], found["ready"], found["restartCount"]) == (False, False, 0)
    kubectl("exec", "slow", "--", "touch", "/tmp/up")
    said = kubectl.until("failed liveness probe", "get", "events", "--field-selector=involvedObject.name=slow")
    assert "Container c failed liveness probe, will be restarted" in said
    kubectl.until("^1$", "get", "pod", "slow", "-o", "jsonpath={.status.containerStatuses[0].restartCount}")


def test_a_helper_sees_whom_it_helps(kubectl: Commands) -> None:
    running(kubectl, "helped", {})
    kubectl("wait", "--for=condition=Ready", "pod/helped", "--timeout=100s")
    look = ["--image", IMAGE, "--target=c", "--container=helper", "--", "sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline"]
    kubectl("debug", "helped", *look)
    kubectl.until("terminated", "get", "pod", "helped", "-o", "jsonpath={.status.ephemeralContainerStatuses[0].state}")
    assert "sleep 1000" in kubectl("logs", "helped", "-c", "helper")


def test_a_pod_that_wants_another_runtime_is_not_run_by_this_one(kubectl: Commands) -> None:
    running(kubectl, "elsewhere", {}, runtimeClassName="other")
    said = kubectl.until("FailedCreatePodSandBox", "get", "events", "--field-selector=involvedObject.name=elsewhere")
    assert 'no runtime for "gvisor" is configured' in said
    assert kubectl.json("pod", "elsewhere")["status"]["phase"] == "Pending"
    kubectl("delete", "pod", "elsewhere", "--now")


def test_a_pod_has_its_overhead(kubectl: Commands) -> None:
    limits = {"memory": "32Mi", "cpu": "100m"}
    running(kubectl, "heavy", {"resources": {"limits": limits}}, runtimeClassName="heavy")
    kubectl("wait", "--for=condition=Ready", "pod/heavy", "--timeout=100s")
    found = kubectl.json("pod", "heavy")
    assert found["spec"]["overhead"] == {"cpu": "10m", "memory": "16Mi"}
    name = f"*/pod{found['metadata']['uid']}"
    groups = [*Path("/sys/fs/cgroup").glob(f"memory/wherry-*/kubepods/{name}/memory.limit_in_bytes")]
    groups += Path("/sys/fs/cgroup").glob(f"wherry-*/kubepods/{name}/memory.max")
    assert [group.read_text().strip() for group in groups] == [str(48 << 20)]


def test_a_label_that_somebody_has_just_put_on_the_node_counts(kubectl: Commands) -> None:
    """The scheduler knows it at once; the node would not report for minutes."""
    node = kubectl.json("nodes")["items"][0]["metadata"]["name"]
    kubectl("label", "node", node, "disk=fast")
    running(kubectl, "picky", {}, nodeSelector={"disk": "fast"})
    kubectl("wait", "--for=condition=Ready", "pod/picky", "--timeout=100s")
