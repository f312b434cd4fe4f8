"""Why a pod does not run, in the kubelet's and the scheduler's words: status, events, what kubectl shows of them.

The words are those of Kubernetes 1.37: pkg/kubelet/kuberuntime (kuberuntime_manager.go, kuberuntime_container.go),
pkg/kubelet/images, pkg/kubelet/prober, pkg/volume/*, pkg/scheduler (types.go, FitError). What only the machine knows
(addresses, why a registry did not answer) is not compared.
"""

import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conformance.kube.faultlab import FaultLab, fault_lab
from tests.unit.kube.kubectl import kubectls

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not kubectls(), reason="there is no kubectl"),
]
SECONDS = 120.0
SLEEP = ["sleep", "1000"]
NODE = "the-node"
"""Stands for the only one there is."""
REMAINS = "{.status.conditions[?(@.type=='NamespaceContentRemaining')].status}"
GONE = "127.0.0.1:1/none:1"
NAME = r"{name}_default\([0-9a-f-]{36}\)"


@dataclass(frozen=True)
class Case:
    """``spec`` of the pod, ``container`` of its one container. ``shown``: in kubectl's column STATUS. ``state``: of the
    container, kind, reason and message. ``events``: type, reason and message. ``condition``: type, reason and message
    of one that is False. All are patterns of the whole text; ``{name}`` is the pod's."""

    shown: str
    container: Mapping[str, Any]
    spec: Mapping[str, Any] | None = None
    state: tuple[str, str, str] = ("", "", "")
    events: tuple[tuple[str, str, str], ...] = ()
    condition: tuple[str, str, str] = ("", "", "")


def mounted(source: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"volumes": [{"name": "v", **source}]}


MOUNTS = {"command": SLEEP, "volumeMounts": [{"name": "v", "mountPath": "/v"}]}


def unmounted(source: Mapping[str, Any], why: str) -> Case:
    said = f'MountVolume.SetUp failed for volume "v" : {why}'
    return Case(
        "ContainerCreating", MOUNTS, mounted(source), ("waiting", "ContainerCreating", ""),
        (("Warning", "FailedMount", said),), ("Ready", "ContainersNotReady", r"containers with unready status: \[c\]"),
    )  # fmt: skip


def unconfigured(container: Mapping[str, Any], why: str) -> Case:
    return Case(
        "CreateContainerConfigError", {"command": SLEEP, **container}, None,
        ("waiting", "CreateContainerConfigError", why), (("Warning", "Failed", f"Error: {why}"),),
    )  # fmt: skip


def unready(container: Mapping[str, Any], why: str, kind: str = "Readiness") -> Case:
    return Case(
        "Running", {"command": SLEEP, **container}, None, ("running", "", ""),
        (("Warning", "Unhealthy", f"{kind} probe failed: {why}"),),
        ("ContainersReady", "ContainersNotReady", r"containers with unready status: \[c\]"),
    )  # fmt: skip


def unscheduled(container: Mapping[str, Any], spec: Mapping[str, Any] | None, why: str) -> Case:
    said = rf"0/1 nodes are available: {why}\. .*preemption: 0/1 nodes are available: .*"
    return Case(
        "Pending", {"command": SLEEP, **container}, spec, events=(("Warning", "FailedScheduling", said),),
        condition=("PodScheduled", "Unschedulable", said),
    )  # fmt: skip


def env_of(kind: str, **reference: str) -> Mapping[str, Any]:
    return {"env": [{"name": "A", "valueFrom": {kind: reference}}]}


CASES = {
    "crash": Case(
        "CrashLoopBackOff|Error", {"command": ["sh", "-c", "exit 7"]}, None,
        ("waiting", "CrashLoopBackOff", rf"back-off \d+s restarting failed container=c pod={NAME}"),
        (
            ("Warning", "BackOff", rf"Back-off restarting failed container c in pod {NAME}"),
            ("Normal", "Pulled", r'Container image "demo:1" already present on machine.*'),
            ("Normal", "Created", "Container created"), ("Normal", "Started", "Container started"),
        ),
    ),
    "init": Case(
        "Init:(CrashLoopBackOff|Error)", {"command": SLEEP},
        {"initContainers": [{"name": "i", "image": "demo:1", "command": ["false"]}]},
        ("waiting", "PodInitializing", ""),
        (("Warning", "BackOff", rf"Back-off restarting failed container i in pod {NAME}"),),
        ("Initialized", "ContainersNotInitialized", r"containers with incomplete status: \[i\]"),
    ),
    "image": Case(
        "ImagePullBackOff|ErrImagePull", {"image": GONE}, None,
        ("waiting", "ImagePullBackOff", f'Back-off pulling image "{GONE}": ErrImagePull: .+'),
        (
            ("Normal", "Pulling", f'Pulling image "{GONE}"'),
            ("Warning", "Failed", f'Failed to pull image "{GONE}": .+'), ("Warning", "Failed", "Error: ErrImagePull"),
            ("Normal", "BackOff", f'Back-off pulling image "{GONE}"'), ("Warning", "Failed", "Error: ImagePullBackOff"),
        ),
    ),
    "never": Case(
        "ErrImageNeverPull", {"image": "none:1", "imagePullPolicy": "Never"}, None,
        ("waiting", "ErrImageNeverPull", 'Container image "none:1" is not present with pull policy of Never'),
        (
            ("Warning", "ErrImageNeverPull", 'Container image "none:1" is not present with pull policy of Never'),
            ("Warning", "Failed", "Error: ErrImageNeverPull"),
        ),
    ),
    "malformed": Case(
        "InvalidImageName", {"image": "a:b:c"}, None,
        (
            "waiting", "InvalidImageName",
            'Failed to apply default image tag "a:b:c": couldn\'t parse image name "a:b:c": invalid reference format',
        ),
        (
            ("Warning", "InspectFailed", 'Failed to apply default image tag "a:b:c": .+'),
            ("Warning", "Failed", "Error: InvalidImageName"),
        ),
    ),
    "pullsecret": Case(
        "Running", {"command": SLEEP}, {"imagePullSecrets": [{"name": "nothing"}]},
        events=((
            "Warning", "FailedToRetrieveImagePullSecret",
            r"Unable to retrieve some image pull secrets \(nothing\); attempting to pull the image may not succeed\.",
        ),),
    ),
    "env-map": unconfigured(env_of("configMapKeyRef", name="nothing", key="k"), 'configmap "nothing" not found'),
    "env-secret": unconfigured(env_of("secretKeyRef", name="nothing", key="k"), 'secret "nothing" not found'),
    "env-key": unconfigured(
        env_of("configMapKeyRef", name="there", key="k"), "couldn't find key k in ConfigMap default/there"
    ),
    "env-secret-key": unconfigured(
        env_of("secretKeyRef", name="there", key="k"), "couldn't find key k in Secret default/there"
    ),
    "envfrom": unconfigured({"envFrom": [{"secretRef": {"name": "nothing"}}]}, 'secret "nothing" not found'),
    "root": unconfigured(
        {"securityContext": {"runAsNonRoot": True}},
        rf'container has runAsNonRoot and image will run as root \(pod: "{NAME}", container: c\)',
    ),
    "command": Case(
        "RunContainerError|CrashLoopBackOff|StartError", {"command": ["nowhere"]}, None,
        ("waiting", "RunContainerError|CrashLoopBackOff", ".+"),
        (("Warning", "Failed", r'Error: .*exec: "nowhere": executable file not found in \$PATH.*'),),
    ),
    "memory": Case(
        "OOMKilled|CrashLoopBackOff", {"command": ["tail", "/dev/zero"], "resources": {"limits": {"memory": "16Mi"}}},
        {"restartPolicy": "Never"}, ("terminated", "OOMKilled", ".*"),
        condition=("Ready", "PodFailed", ""),
    ),
    "deadline": Case(
        "DeadlineExceeded|Error|Completed", {"command": SLEEP},
        {"activeDeadlineSeconds": 10, "terminationGracePeriodSeconds": 1},
        events=(
            ("Normal", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"),
            ("Normal", "Killing", "Stopping container c"),
        ),
    ),
    "ready-http": unready(
        {"command": ["httpd", "-f", "-p", "8080", "-h", "/etc"],
         "readinessProbe": {"httpGet": {"path": "/none", "port": 8080}, "periodSeconds": 1, "initialDelaySeconds": 1}},
        "HTTP probe failed with statuscode: 404",
    ),
    "ready-refused": unready(
        {"readinessProbe": {"httpGet": {"port": 81, "path": "/a"}, "periodSeconds": 1}},
        r'Get "http://[0-9.]+:81/a": dial tcp [0-9.]+:81: connect: connection refused',
    ),
    "ready-tcp": unready(
        {"readinessProbe": {"tcpSocket": {"port": 81}, "periodSeconds": 1}},
        r"dial tcp [0-9.]+:81: connect: connection refused",
    ),
    "ready-exec": unready(
        {"readinessProbe": {"exec": {"command": ["cat", "/none"]}, "periodSeconds": 1}},
        r"cat: can't open '/none': No such file or directory\n?",
    ),
    "ready-late": unready(
        {"readinessProbe": {"exec": {"command": ["sleep", "7"]}, "periodSeconds": 1}},
        'command timed out: "sleep 7" timed out after 1s',
    ),
    "startup": unready(
        {"startupProbe": {"exec": {"command": ["sh", "-c", "echo no; false"]}, "periodSeconds": 1,
                          "failureThreshold": 100}},
        r"no\n?", "Startup",
    ),
    "live": Case(
        "Running|CrashLoopBackOff|Error",
        {"command": SLEEP,
         "livenessProbe": {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}},
        {"terminationGracePeriodSeconds": 1},
        events=(
            ("Warning", "Unhealthy", "Liveness probe failed: "),
            ("Normal", "Killing", "Container c failed liveness probe, will be restarted"),
        ),
    ),
    "map": unmounted({"configMap": {"name": "nothing"}}, 'configmap "nothing" not found'),
    "secret": unmounted({"secret": {"secretName": "nothing"}}, 'secret "nothing" not found'),
    "map-key": unmounted(
        {"configMap": {"name": "there", "items": [{"key": "k", "path": "k"}]}},
        "configmap references non-existent config key: k",
    ),
    "secret-key": unmounted(
        {"secret": {"secretName": "there", "items": [{"key": "k", "path": "k"}]}},
        "references non-existent secret key: k",
    ),
    "projected": unmounted(
        {"projected": {"sources": [{"configMap": {"name": "nothing"}}]}}, 'configmap "nothing" not found'
    ),
    "host": unmounted(
        {"hostPath": {"path": "/etc/passwd", "type": "Directory"}},
        "hostPath type check failed: /etc/passwd is not a directory",
    ),
    "host-file": unmounted(
        {"hostPath": {"path": "/etc", "type": "File"}}, "hostPath type check failed: /etc is not a file"
    ),
    "host-socket": unmounted(
        {"hostPath": {"path": "/nowhere", "type": "Socket"}},
        "hostPath type check failed: /nowhere is not a socket file",
    ),
    "git": unmounted(
        {"gitRepo": {"repository": "/etc"}}, "git-repo volume plugin has been disabled; .+"
    ),
    "claim": unscheduled(
        MOUNTS, mounted({"persistentVolumeClaim": {"claimName": "nothing"}}),
        'persistentvolumeclaim "nothing" not found',
    ),
    "unbound": unscheduled(
        MOUNTS, mounted({"persistentVolumeClaim": {"claimName": "unbound"}}),
        "pod has unbound immediate PersistentVolumeClaims",
    ),
    "local": Case(
        "ContainerCreating", MOUNTS, mounted({"persistentVolumeClaim": {"claimName": "local"}}),
        events=((
            "Warning", "FailedMount",
            'MountVolume.NewMounter initialization failed for volume "local" : path "/nowhere/at/all" does not exist',
        ),),
    ),
    "unscheduled-claim": Case(
        "ContainerCreating", MOUNTS, {**mounted({"persistentVolumeClaim": {"claimName": "unbound"}}), "nodeName": NODE},
        events=((
            "Warning", "FailedMount",
            r"Unable to attach or mount volumes: unmounted volumes=\[v\], unattached volumes=\[\], failed to process "
            r"volumes=\[v\]: error processing PVC default/unbound: PVC is not bound",
        ),),
    ),
    "big": unscheduled({"resources": {"requests": {"cpu": "1000"}}}, None, "1 Insufficient cpu"),
    "elsewhere": unscheduled(
        {}, {"nodeSelector": {"no": "where"}}, r"1 node\(s\) didn't match Pod's node affinity/selector"
    ),
}  # fmt: skip
OTHERS = """
{apiVersion: v1, kind: ConfigMap, metadata: {name: there}}
---
{apiVersion: v1, kind: Secret, metadata: {name: there}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: unbound}
spec: {storageClassName: "", accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: local}
spec: {storageClassName: own, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: local}
spec:
  storageClassName: own
  accessModes: [ReadWriteOnce]
  capacity: {storage: 1Mi}
  local: {path: /nowhere/at/all}
  nodeAffinity:
    required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: Exists}]}]}
"""


def pod(name: str, case: Case) -> Any:
    container = {"name": "c", "image": "demo:1", **case.container}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0, **(case.spec or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultLab]:
    """All at once: they wait side by side."""
    with fault_lab(tmp_path_factory.mktemp("home")) as made:
        made.kubectl("apply", "-f", "-", stdin=OTHERS)
        whole = {"apiVersion": "v1", "kind": "List", "items": [pod(name, case) for name, case in CASES.items()]}
        (node,) = made.kubectl("get", "nodes", "-o", "name").split()
        made.kubectl("create", "-f", "-", stdin=json.dumps(whole).replace(NODE, node.partition("/")[2]))
        yield made
        made.kubectl("delete", "pods", "--all", "--now")


@pytest.mark.parametrize("name", CASES)
def test_the_reason_is_in_status_and_events(lab: FaultLab, name: str) -> None:
    case, end = CASES[name], time.monotonic() + SECONDS
    left = ["nothing was looked at"]
    while left and time.monotonic() < end:
        left = _missing(lab, name, case)
        time.sleep(0.2 if left else 0)
    assert not left, f"{left}\n{lab.kubectl.run('describe', 'pod', name).stdout}"
    described = lab.kubectl("describe", "pod", name)
    for kind, reason, _ in case.events:
        assert re.search(rf"{kind} +{reason} ", described), described


def _missing(lab: FaultLab, name: str, case: Case) -> list[str]:
    """What is not said (yet)."""
    found: list[str] = []
    status = json.loads(lab.kubectl("get", "pod", name, "-o", "json"))["status"]
    about = f"--field-selector=involvedObject.name={name}"
    events = json.loads(lab.kubectl("get", "events", about, "-o", "json"))["items"]
    said = [(each["type"], each["reason"], each["message"]) for each in events]
    for wanted in case.events:
        if not any(_fits(wanted, each, name) for each in said):
            found.append(f"no event {wanted} in {said}")
    kind, *words = case.state
    states = [_state(each["state"]) for each in status.get("containerStatuses") or ()]
    if kind and not any(one == kind and _fits(tuple(words), rest, name) for one, *rest in states):
        found.append(f"no state {case.state} in {states}")
    conditions = [
        (each["type"], each.get("reason", ""), each.get("message", ""))
        for each in status.get("conditions") or () if each["status"] == "False"
    ]  # fmt: skip
    if case.condition[0] and not any(_fits(case.condition, each, name) for each in conditions):
        found.append(f"no condition {case.condition} in {conditions}")
    shown = lab.kubectl("get", "pod", name, "--no-headers").split()[2]
    return found if re.fullmatch(case.shown, shown) else [*found, f"shown as {shown}"]


def _state(state: Any) -> tuple[str, str, str]:
    ((kind, words),) = state.items()
    return kind, words.get("reason", ""), words.get("message", "")


def _fits(wanted: Any, said: Any, name: str) -> bool:
    pairs = zip(wanted, said, strict=True)
    return all(re.fullmatch(one.replace("{name}", re.escape(name)), other, re.DOTALL) for one, other in pairs)


def test_k18_policies_hold_while_the_namespace_ends(lab: FaultLab) -> None:
    """K18 (CVE-2024-7598): its pods take their time, and nobody else reaches them until they are gone."""
    kubectl = lab.kubectl
    serve = "trap 'until [ -e /tmp/go ]; do sleep 0.1; done; exit 0' TERM; httpd -f -p 8080 -h /etc & "
    serve += "while :; do wait; done"
    shut = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "shut"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }  # fmt: skip
    slow = pod("slow", Case("", {"command": ["sh", "-c", serve]}, {"terminationGracePeriodSeconds": 100}))
    kubectl("create", "namespace", "ending")
    kubectl.until("default", "get", "serviceaccounts", "-n", "ending")
    kubectl("create", "-n", "ending", "-f", "-", stdin=json.dumps(slow))
    kubectl("run", "asker", "--image=demo:1", "--", *SLEEP)
    kubectl("wait", "-n", "ending", "--for=condition=Ready", "pod/slow", "--timeout=100s")
    kubectl("wait", "--for=condition=Ready", "pod/asker", "--timeout=100s")
    address = kubectl("get", "pod", "slow", "-n", "ending", "-o", "jsonpath={.status.podIP}")
    once = f"echo | nc -w 1 {address} 8080 > /dev/null && echo reached || echo shut"
    kubectl.until("reached", "exec", "asker", "--", "sh", "-c", once)
    kubectl("create", "-n", "ending", "-f", "-", stdin=json.dumps(shut))
    kubectl.until("shut", "exec", "asker", "--", "sh", "-c", once)
    kubectl("delete", "namespace", "ending", "--wait=false")

    def is_shut() -> bool:
        """And whether the pod is there still."""
        assert "reached" not in kubectl("exec", "asker", "--", "sh", "-c", once)
        policies = kubectl("get", "networkpolicies", "-n", "ending", "-o", "name")
        is_there = "slow" in kubectl("get", "pods", "-n", "ending", "-o", "name")
        assert "shut" in policies or not is_there  # asked for first: while there is the pod, there is the policy
        return is_there

    kubectl.until("True", "get", "namespace", "ending", "-o", f"jsonpath={REMAINS}")
    assert is_shut() and is_shut()
    kubectl("exec", "-n", "ending", "slow", "--", "touch", "/tmp/go")
    while "ending" in kubectl("get", "namespaces", "-o", "name"):
        is_shut()
