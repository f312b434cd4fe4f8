"""The agent on the engine: pods that really run."""

import asyncio
import os
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kernel.agentbench import AgentBench, running, shell
from tests.kernel.podbench import IMAGE
from tests.unit.node.pods.rig import container
from wherry.kube.machinery.model import Object
from wherry.node.pods.view import PODS


@pytest.fixture
async def node() -> AsyncIterator[AgentBench]:
    node = await AgentBench().up()
    try:
        yield node
    finally:
        left = await node.close()
    assert not left, "left behind:\n" + "\n".join(left)


def config_map(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


FOREVER = "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"


async def test_a_pod_runs_is_ready_and_goes(node: AgentBench) -> None:
    node.client.put(running())
    await node.until(node.is_ready)
    status = node.status()
    assert status["podIP"] in await node.inside("ip address")
    assert await node.inside("hostname") == "web\n"
    await node.client.delete(PODS, "web", "default")
    await node.until(lambda: node.client.find(PODS, "web", "default") is None)
    assert not node.bench.pods.sandboxes()
    assert not (node.directory / "uid-web").exists()


async def test_a_daemons_end_disturbs_no_pod(node: AgentBench) -> None:
    node.client.put(running())
    await node.until(node.is_ready)
    before = node.container()
    await node.again()
    await node.until(lambda: node.agent.places())
    assert node.container() == before
    assert await node.inside("echo still here") == "still here\n"


async def test_root_of_a_pod_is_nobody_here(node: AgentBench) -> None:
    volumes: list[Object] = [
        {"name": "v", "emptyDir": {}},
        {"name": "m", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    ]
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "m", "mountPath": "/m"}]
    node.client.put(running("web", shell(FOREVER, volumeMounts=mounts), volumes=volumes))
    await node.until(node.is_ready)
    (run,) = node.bench.pods.containers()
    assert os.stat(f"/proc/{run.pid}").st_uid >= 65536
    await node.inside("echo data > /v/file && id -u && stat -c %u /v/file")
    kept = node.directory / "uid-web/volumes/v/file"
    assert (kept.read_text(), kept.stat().st_uid) == ("data\n", 0)
    said = await node.inside("dd if=/dev/zero of=/m/large bs=1k count=2000 2>&1 || true")
    assert "No space left on device" in said


async def test_files_from_objects_are_there_and_follow_them(node: AgentBench) -> None:
    node.client.put(config_map("m", a="1", **{"ca.crt": "c"}))
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}}
    node.client.put({**secret, "data": {"password": b64encode(b"word").decode()}})
    projected = {
        "projected": {
            "sources": [
                {"serviceAccountToken": {"path": "token"}},
                {"secret": {"name": "s"}},
                {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}},
            ]
        }
    }
    volumes: list[Object] = [{"name": "c", "configMap": {"name": "m"}}, {"name": "p", **projected}]
    mounts = [{"name": "c", "mountPath": "/etc/c"}, {"name": "p", "mountPath": "/etc/p"}]
    sub = {"name": "c", "mountPath": "/one/a", "subPath": "a"}
    web = shell(FOREVER, volumeMounts=[*mounts, sub], securityContext={"runAsUser": 1000})
    node.client.put(running("web", web, volumes=volumes, securityContext={"fsGroup": 2000}))
    await node.until(node.is_ready)
    assert await node.inside("cat /etc/c/a /one/a /etc/p/password /etc/p/name /etc/p/token") == "11wordwebtoken-1"
    assert "2000" in await node.inside("id -G")
    assert await node.inside("touch /etc/c/x 2>&1 || true") == "touch: /etc/c/x: Read-only file system\n"
    node.client.put(config_map("m", a="2"))
    async with asyncio.timeout(60):
        while await node.inside("cat /etc/c/a") != "2":  # noqa: ASYNC110  # seen inside
            await asyncio.sleep(0.01)
    assert await node.inside("cat /etc/c/a /one/a") == "21"


async def test_init_containers_sidecars_and_last_words(node: AgentBench) -> None:
    volumes: list[Object] = [{"name": "v", "emptyDir": {}}]
    mount = [{"name": "v", "mountPath": "/v"}]
    first = shell("echo ready > /v/state", "first", volumeMounts=mount)
    probe = {"exec": {"command": ["cat", "/v/state"]}, "periodSeconds": 1, "failureThreshold": 30}
    side = shell(FOREVER, "side", restartPolicy="Always", volumeMounts=mount, startupProbe=probe)
    job = shell("cat /v/state; echo 'all done' > /dev/termination-log; exit 3", volumeMounts=mount)
    made = running("web", job, initContainers=[first, side], volumes=volumes, restartPolicy="Never")
    node.client.put(made)
    await node.until(lambda: node.status().get("phase") == "Failed")
    ended = node.container()["state"]["terminated"]
    assert (ended["exitCode"], ended["message"]) == (3, "all done\n")
    assert node.container("side")["state"]["terminated"]["exitCode"] == 0
    assert node.log() == "ready\n"


async def test_probes_reach_the_pod(node: AgentBench) -> None:
    serve = "mkdir -p /www && echo ok > /www/health; trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait $!"
    get = {
        "httpGet": {"path": "/health", "port": "http"},
        "periodSeconds": 1,
        "timeoutSeconds": 1,
        "failureThreshold": 1,
    }
    tcp = {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "timeoutSeconds": 1, "failureThreshold": 30}
    ports = [{"name": "http", "containerPort": 8080}]
    web = shell(serve, ports=ports, readinessProbe=get, startupProbe=tcp)
    node.client.put(running("web", web))
    await node.until(node.is_ready)
    await node.inside("mv /www/health /www/away")
    await node.until(lambda: not node.is_ready())
    assert "Readiness probe failed: HTTP probe failed with statuscode: 404" in node.said("Unhealthy")
    await node.inside("mv /www/away /www/health")
    await node.until(node.is_ready)


async def test_a_crash_loop_backs_off_and_says_so(node: AgentBench) -> None:
    node.client.put(running("web", shell("echo failing; exit 1")))
    await node.until(
        lambda: (node.container().get("state") or {}).get("waiting", {}).get("reason") == "CrashLoopBackOff"
    )
    assert node.container()["lastState"]["terminated"]["exitCode"] == 1
    assert node.container()["restartCount"] == 1
    place = node.agent.place("default", "web")
    assert place is not None
    assert Path(place.containers["web"].previous_log).exists()


async def test_a_command_that_is_not_there(node: AgentBench) -> None:
    node.client.put(running("web", container(image=IMAGE, command=["no-such-command"])))
    await node.until(
        lambda: "waiting" in (node.container().get("state") or {}) and node.container()["restartCount"] > 0
    )
    assert any("no-such-command" in each for each in node.said("Failed"))


async def test_a_job_gives_its_network_back_and_keeps_its_log(node: AgentBench) -> None:
    node.client.put(running("web", shell("echo done"), restartPolicy="Never"))
    await node.until(lambda: node.status().get("phase") == "Succeeded")
    await node.until(lambda: not node.bench.pods.sandboxes()[0].ready)
    assert node.log() == "done\n"
    await node.again()
    await node.until(lambda: node.agent.places())
    assert node.status()["phase"] == "Succeeded"
    assert node.log() == "done\n"


async def test_more_is_given_to_what_runs(node: AgentBench) -> None:
    def resources(memory: str) -> Object:
        return {"requests": {"memory": memory, "cpu": "100m"}, "limits": {"memory": memory, "cpu": "100m"}}

    node.client.put(running("web", shell(FOREVER, resources=resources("64Mi"))))
    await node.until(node.is_ready)
    (run,) = node.bench.pods.containers()
    found = node.client.find(PODS, "web", "default")
    assert found is not None
    found["spec"]["containers"][0]["resources"] = resources("128Mi")
    node.client.put(found)
    await node.until(lambda: node.container()["resources"] == resources("128Mi"))
    assert node.container()["restartCount"] == 0
    assert node.bench.limits(f"kubepods/guaranteed/poduid-web/{run.id}").memory_bytes == 128 << 20


async def test_last_words_cannot_fill_the_disk(node: AgentBench) -> None:
    script = "dd if=/dev/zero of=/dev/termination-log bs=1M count=200 2>&1; " + FOREVER
    node.client.put(running("web", shell(script)))
    await node.until(node.is_ready)
    await node.until(lambda: "No space left on device" in node.log())
    (file,) = (node.directory / "messages" / "uid-web").iterdir()
    await node.until(lambda: file.stat().st_blocks == 0)


async def test_pods_come_and_go_while_the_daemon_does_too(node: AgentBench) -> None:
    """Begun, ended and replaced at any moment of a daemon's life: in the end there is what there should be."""
    for round in range(4):
        for each in range(3):
            node.client.put(running(f"p{round}-{each}", shell(FOREVER), terminationGracePeriodSeconds=2))
        await asyncio.sleep(0.03 * round)
        if round:
            for each in range(3):
                await node.client.delete(PODS, f"p{round - 1}-{each}", "default")
        await asyncio.sleep(0.02 * round)
        await node.again()
    await node.until(lambda: all(node.is_ready(f"p3-{each}") for each in range(3)))
    await node.until(lambda: len(node.client.all(PODS)) == 3)
    await node.until(lambda: len(node.bench.pods.sandboxes()) == 3)
    assert len(node.bench.pods.containers()) == 3
    assert all(node.container(pod=f"p3-{each}")["restartCount"] == 0 for each in range(3))
