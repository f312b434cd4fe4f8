"""What kubectl does with pods that run: on a whole cluster, with every kubectl of this machine."""

import json
import os
import re
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import wherry
from tests.conformance.kube.whole import IMAGE, SOON, Commands, bootstrap, nothing_left
from tests.unit.kube.kubectl import kubectls
from wherry.engine.instance import Instance

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not kubectls(), reason="there is no kubectl"),
]
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
        - name: web
          image: demo:1
          command: [sh, -c, 'mkdir /tmp/w; hostname > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w']
          readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wherry.Cluster]:
    with wherry.Cluster(settings=SOON) as made:
        root = made.root
        bootstrap(made)
        Commands(made, tmp_path_factory.mktemp("home")).until(" Ready", "get", "nodes")
        yield made
    nothing_left(Instance.at(root))


@pytest.fixture
def kubectl(cluster: wherry.Cluster, tmp_path: Path) -> Commands:
    return Commands(cluster, tmp_path)


@pytest.mark.parametrize("version", sorted(kubectls()), ids=lambda version: f"{version[0]}.{version[1]}")
def test_the_verbs_of_pods_that_run(cluster: wherry.Cluster, tmp_path: Path, version: tuple[int, int]) -> None:
    kubectl, name = Commands(cluster, tmp_path, version), f"pod-{version[1]}"
    script = "mkdir /tmp/w; echo page > /tmp/w/index.html; echo started; exec httpd -f -p 8080 -h /tmp/w"
    kubectl("run", name, f"--image={IMAGE}", "--", "sh", "-c", script)
    kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=100s")
    kubectl.until(r"\Astarted\n\Z", "logs", name)
    assert kubectl("exec", "-i", name, "--", "cat", stdin="hello\n") == "hello\n"
    kubectl("exec", name, "--", "sh", "-c", "exit 3", code=3)
    (tmp_path / "file").write_text("carried")
    kubectl("cp", str(tmp_path / "file"), f"{name}:/tmp/file")
    assert kubectl("exec", name, "--", "cat", "/tmp/file") == "carried"
    forwarding = subprocess.Popen(
        [kubectl.program, "port-forward", f"pod/{name}", ":8080"], env=kubectl.environment, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    with forwarding:
        assert forwarding.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+)", forwarding.stdout.readline())
        assert found
        with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/", timeout=120) as response:
            assert response.read() == b"page\n"
        forwarding.terminate()
    assert kubectl("get", "--raw", f"/api/v1/namespaces/default/pods/{name}:8080/proxy/") == "page\n"
    kubectl("debug", name, f"--image={IMAGE}", "--container=helper", "--", "sleep", "100")
    kubectl.until("running", "get", "pod", name, "-o", "jsonpath={.status.ephemeralContainerStatuses[0].state}")
    assert "Started" in kubectl("describe", "pod", name)
    kubectl("delete", "pod", name, "--grace-period=1")


def test_services_and_names(kubectl: Commands) -> None:
    kubectl("apply", "-f", "-", stdin=WEB)
    kubectl("rollout", "status", "deployment/web", "--timeout=100s")
    names = set(kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}").split())
    kubectl.until(r"^true true true$", "get", "endpointslices", "-l", "kubernetes.io/service-name=web", "-o",
                  "jsonpath={.items[*].endpoints[*].conditions.ready}")  # fmt: skip
    ask = "for i in $(seq 60); do wget -qO- http://web/; done; wget -qO- http://web.default.svc.cluster.local/"
    ask += "; nslookup -type=a kubernetes.default.svc.cluster.local | tail -3; cat /etc/resolv.conf"
    said = kubectl("run", "ask", "--rm", "-i", f"--image={IMAGE}", "--restart=Never", "--", "sh", "-c", ask)
    assert len(names) == 3 and names <= set(said.split()), said
    assert "10.96.0.1\n" in said and "nameserver 10.96.0.10" in said, said


def test_an_update_loses_no_request(kubectl: Commands) -> None:
    kubectl("apply", "-f", "-", stdin=WEB)
    kubectl("rollout", "status", "deployment/web", "--timeout=100s")
    address = kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}")
    ended, answers = threading.Event(), Counter[str]()

    def ask() -> None:
        while not ended.is_set():
            try:
                with urllib.request.urlopen(f"http://{address}/", timeout=30) as response:
                    answers[response.read().decode().strip()] += 1
            except OSError as error:
                answers[f"failed: {error}"] += 1
            time.sleep(0.005)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        kubectl("set", "env", "deployment/web", "VERSION=2")
        kubectl("rollout", "status", "deployment/web", "--timeout=100s")
        kubectl("rollout", "undo", "deployment/web")
        kubectl("rollout", "status", "deployment/web", "--timeout=100s")
        kubectl("scale", "deployment/web", "--replicas=1")
        kubectl.until(r"^1$", "get", "deployment", "web", "-o", "jsonpath={.status.replicas}")
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert not [each for each in answers if each.startswith("failed")], answers
    assert len(answers) >= 6, answers  # three pods, three others, and again


def test_whose_the_fields_are_is_said_in_upstreams_words(kubectl: Commands) -> None:
    """Tools are told to leave out what belongs to ``kube-controller-manager`` (Argo CD: managedFieldsManagers)."""
    kubectl("create", "deployment", "owned", f"--image={IMAGE}", "--", "sleep", "1000")
    kubectl("rollout", "status", "deployment/owned", "--timeout=100s")
    kubectl("run", "large", f"--image={IMAGE}", """--overrides={"spec": {"nodeSelector": {"no": "where"}}}""")
    kubectl.until("FailedScheduling", "get", "events", "--field-selector", "involvedObject.name=large")

    def managers(*which: str) -> set[tuple[str, str]]:
        found = json.loads(kubectl("get", *which, "-o", "json", "--show-managed-fields"))
        fields = found["metadata"]["managedFields"]
        return {(each["manager"], each.get("subresource", "")) for each in fields}

    pod = kubectl("get", "pods", "-l", "app=owned", "-o", "name").strip()
    assert managers("deployment", "owned") >= {("kubectl-create", ""), ("kube-controller-manager", "status")}
    assert managers(pod) == {("kube-controller-manager", ""), ("kubelet", "status")}
    assert managers("pod", "large") == {("kubectl-run", ""), ("kube-scheduler", "status")}
    assert managers("service", "kubernetes") == {("kube-apiserver", "")}
    kubectl("delete", "deployment/owned", "pod/large", "--grace-period=1")


def test_what_crashes_comes_back_and_backs_off(kubectl: Commands) -> None:
    kubectl("run", "crash", f"--image={IMAGE}", "--", "sh", "-c", "exit 7")
    kubectl.until("CrashLoopBackOff", "get", "pod", "crash")
    found = json.loads(kubectl("get", "pod", "crash", "-o", "json"))["status"]["containerStatuses"][0]
    assert found["lastState"]["terminated"]["exitCode"] == 7
    assert re.search(r"back-off \d+s restarting failed container=crash", found["state"]["waiting"]["message"])
    kubectl.until("BackOff", "get", "events", "--field-selector", "involvedObject.name=crash")
    kubectl("delete", "pod", "crash", "--grace-period=1")


def test_an_image_that_is_not_there_says_so(kubectl: Commands) -> None:
    kubectl("run", "missing", "--image=127.0.0.1:1/none:1")
    kubectl.until("ErrImagePull|ImagePullBackOff", "get", "pod", "missing")
    kubectl.until("Failed to pull image", "get", "events", "--field-selector", "involvedObject.name=missing")
    kubectl("delete", "pod", "missing", "--grace-period=1")


def test_figures(kubectl: Commands) -> None:
    kubectl("run", "busy", f"--image={IMAGE}", "--", "sh", "-c", "while true; do :; done")
    kubectl.until(r"busy +\d+m", "top", "pods")
    kubectl.until(r"\d+m +\d+% +\d+Mi", "top", "nodes")
    kubectl("delete", "pod", "busy", "--grace-period=1")


def test_a_node_is_drained_and_taken_back(kubectl: Commands) -> None:
    node = kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    kubectl("create", "deployment", "moved", f"--image={IMAGE}", "--", "sleep", "1000")
    kubectl("rollout", "status", "deployment/moved", "--timeout=100s")
    try:
        kubectl("drain", node, "--ignore-daemonsets", "--force", "--delete-emptydir-data", "--grace-period=1")
        kubectl.until("Pending", "get", "pods", "-l", "app=moved")
        kubectl.until("were unschedulable", "get", "events", "--field-selector", "reason=FailedScheduling")
    finally:
        kubectl("uncordon", node)
    kubectl("rollout", "status", "deployment/moved", "--timeout=100s")
    kubectl("delete", "deployment", "moved")
