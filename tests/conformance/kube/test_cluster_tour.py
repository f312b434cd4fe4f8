"""The README's tour of the cluster, typed as it stands there; and clusters in tests, as it says."""

import base64
import json
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import wherry
from tests.conformance.kube.whole import IMAGE, WHERRY, Commands
from tests.kernel import census
from wherry.engine.instance import Instance
from wherry.kit.errors import Unavailable

ROOT = Path(__file__).resolve().parents[3]
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl")


def blocks() -> list[str]:
    return re.findall(r"^```shell\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
def root() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="wherry-tour-"))
    directory.chmod(0o755)
    yield directory / "instance"
    shutil.rmtree(directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@needs_kubectl
def test_the_tour_of_the_cluster_goes_as_the_readme_says(root: Path) -> None:
    foreign = ("WHERRY_", "DOCKER_", "KUBE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment |= {"WHERRY_ROOT": str(root), "PATH": f"{ROOT / '.venv' / 'bin'}:{environment['PATH']}"}
    environment["HOME"] = str(root.parent)
    script = "\n".join(blocks())
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    subprocess.run([ROOT / ".venv/bin/wherry", "down"], env=environment, check=False, capture_output=True, timeout=120)
    told = f"{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, told
    assert done.stdout.count('deployment "hello" successfully rolled out') == 3, told
    answers = re.findall(r"^Hello, from hello-\S+, version (\d)$", done.stdout, re.MULTILINE)
    assert answers == ["1", "1", "2"], told
    assert re.search(r"hello-\S+ +\d/1 +Running +1 \(\d+s ago\)", done.stdout), told
    assert "127.0.0.1:1/nothing" in done.stdout.partition("pod/stuck condition met")[2].partition('pod "stuck" ')[0], (
        told
    )
    found = census.take(Instance.at(root))
    left = replace(found, files=frozenset()).since(census.Census())  # stopped containers stay, as docker's do
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@needs_kubectl
def test_a_cluster_lasts_as_long_as_its_block() -> None:
    with wherry.Cluster() as cluster:
        root = cluster.root
        environment = {**os.environ, **cluster.environment, "HOME": str(root)}
        said = subprocess.run(
            ["kubectl", "get", "namespace", "default", "-o", "name"],
            env=environment, capture_output=True, text=True, check=True, timeout=120,
        ).stdout  # fmt: skip
        assert said == "namespace/default\n"
        ping = subprocess.run(["docker", "version"], env=environment, capture_output=True, check=False, timeout=120)
        assert ping.returncode == 0
    assert not root.exists()
    with pytest.raises(RuntimeError, match="not running"):
        _ = cluster.kubeconfig


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_node_is_there_when_the_cluster_is() -> None:
    """Whoever asks first finds it Ready; three times, because it was there a moment later before."""
    for _ in range(3):
        with wherry.Cluster() as cluster:
            nodes = asked(cluster, "/api/v1/nodes")["items"]
            ready = [
                each["status"] for node in nodes for each in node["status"]["conditions"] if each["type"] == "Ready"
            ]
            assert ready == ["True"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_what_cannot_be_ended_is_kept_for_who_can() -> None:
    cluster = wherry.Cluster()
    cluster.start()
    root = cluster.root
    try:
        (root / "wherry.toml").write_text("nonsense = 1\n")
        with pytest.raises(Unavailable, match=f"nonsense.*; {root} is kept, and `wherry --root {root} down`"):
            cluster.stop()
        cluster.stop()  # that was all there is to say
        assert (root / "kubeconfig").exists()
    finally:
        (root / "wherry.toml").unlink()
        subprocess.run([WHERRY, "--root", root, "down"], check=True, capture_output=True, timeout=120)
    shutil.rmtree(root)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_of_one_that_never_began_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(Unavailable, match="wherry up failed: wherry: No such option"):
        wherry.Cluster(arguments=("--nonsense",)).start()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@needs_kubectl
def test_what_ran_before_a_cluster_went_down_is_not_said_to_run(root: Path) -> None:
    with wherry.Cluster(root=root) as cluster:
        command = [WHERRY, "--root", root, "image", "bootstrap", "--tag", IMAGE, "busybox"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        kubectl = Commands(cluster, root)
        script = "trap 'exit 0' TERM; sleep 1000 & wait"
        kubectl("create", "deployment", "many", f"--image={IMAGE}", "--replicas=12", "--", "sh", "-c", script)
        kubectl("rollout", "status", "deployment", "many")
        before = statuses(cluster)
        assert len(before) == 12
    with wherry.Cluster(root=root) as cluster:
        now = statuses(cluster)
        assert now.keys() == before.keys()
        assert not [name for name, each in now.items() if (each["containerID"], each["ready"]) == (
            before[name]["containerID"], True,
        )]  # fmt: skip


def statuses(cluster: wherry.Cluster) -> dict[str, Any]:
    """Of the container of each pod."""
    pods = asked(cluster, "/api/v1/namespaces/default/pods")["items"]
    return {pod["metadata"]["name"]: pod["status"]["containerStatuses"][0] for pod in pods}


def asked(cluster: wherry.Cluster, path: str) -> Any:
    """At once: kubectl takes its time to begin."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    address, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    pair = cluster.root / "pair.pem"
    pair.write_bytes(b"".join(base64.b64decode(user[f"client-{what}-data"]) for what in ("certificate", "key")))
    tls = ssl.create_default_context(cadata=base64.b64decode(address["certificate-authority-data"]).decode())
    tls.load_cert_chain(pair)
    with urllib.request.urlopen(address["server"] + path, context=tls, timeout=120) as answer:
        return json.load(answer)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_fixture_sets_what_clients_read(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os, pathlib

        def test_it(wherry_cluster):
            assert os.environ["KUBECONFIG"] == str(wherry_cluster.kubeconfig)
            assert pathlib.Path(os.environ["KUBECONFIG"]).exists()
            assert os.environ["DOCKER_HOST"] == wherry_cluster.docker_host

        def test_it_is_the_same_one(wherry_cluster):
            assert wherry_cluster.root.exists()
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=2)
