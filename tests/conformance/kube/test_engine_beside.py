"""Docker's half beside a cluster's: one engine, whose containers and pods see each other and do not mind each other."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import wherry
from tests.conformance.kube.whole import EXAMPLES, IMAGE, Commands, image

pytestmark = pytest.mark.skipif(shutil.which("docker") is None, reason="needs the docker CLI")
SERVER = "mkdir /tmp/w; echo $0 > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"


class Docker:
    """The docker CLI on the cluster's engine."""

    def __init__(self, cluster: wherry.Cluster, home: Path) -> None:
        self._environment = {**os.environ, **cluster.environment, "DOCKER_CONFIG": str(home)}

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            ["docker", *arguments], env=self._environment, capture_output=True, text=True, timeout=120, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"docker {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()


@pytest.fixture
def docker(whole: wherry.Cluster, tmp_path: Path) -> Docker:
    return Docker(whole, tmp_path)


def test_containers_and_pods_reach_each_other(docker: Docker, inside: Commands) -> None:
    inside("run", "pod", f"--image={IMAGE}", "--port=8080", "--expose", "--", "sh", "-c", SERVER, "a pod")
    inside("wait", "--for=condition=Ready", "pod/pod", "--timeout=100s")
    name = docker("run", "-d", "--rm", IMAGE, "sh", "-c", SERVER, "a container")
    try:
        address = docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", name)
        asked = f"http://{address}:8080/"
        inside.until("^a container$", "exec", "pod", "--", "wget", "-qO-", asked)
        for kind in ("pod", "service"):
            path = "{.status.podIP}" if kind == "pod" else "{.spec.clusterIP}"
            address = inside("get", kind, "pod", "-o", f"jsonpath={path}")
            assert docker("run", "--rm", IMAGE, "wget", "-qO-", f"http://{address}:8080/") == "a pod"
    finally:
        docker("kill", name)


def test_containers_of_pods_are_docker_s_to_see_and_the_cluster_s_to_mend(docker: Docker, inside: Commands) -> None:
    inside("create", "deployment", "web", f"--image={IMAGE}", "--", "sleep", "1000")
    inside("rollout", "status", "deployment/web", "--timeout=100s")
    pod = inside("get", "pods", "-o", "jsonpath={.items[0].metadata.name}")
    label = f"label=io.kubernetes.pod.name={pod}"
    first = docker("ps", "-q", "--no-trunc", "--filter", label)
    assert (
        json.loads(docker("inspect", first))[0]["Config"]["Labels"]["io.kubernetes.pod.namespace"] == inside.namespace
    )
    docker("rm", "--force", first)
    inside.until(r"web-\S+ +1/1 +Running +1 ", "get", "pods")
    second = docker("ps", "-q", "--no-trunc", "--filter", label)
    assert re.fullmatch(r"[0-9a-f]{64}", second) and second != first


def test_what_docker_builds_is_a_pod_s_image_at_once(
    whole: wherry.Cluster, docker: Docker, inside: Commands, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN echo built > /note\nCMD cat /note; sleep 1000\n")
    image(whole, "mine:1", tmp_path)
    inside("run", "mine", "--image=mine:1")
    inside.until("^built$", "logs", "mine")
    assert "mine:1" in docker("images", "--format", "{{.Repository}}:{{.Tag}}")
    image(whole, "hello:1", EXAMPLES / "hello")
    inside.apply(EXAMPLES / "hello" / "hello.yaml")
    inside("rollout", "status", "deployment/hello", "--timeout=100s")
