"""Commands, logs and ports of pods that run: kr8s, lightkube and the official client's asynchronous half."""

import io
import json
import urllib.request
from collections.abc import AsyncIterator
from typing import Any

import pytest

import wherry
from tests.conformance.kube.whole import IMAGE, Commands
from tests.ports import quiet_port

SERVER = "mkdir /tmp/w; hostname > /tmp/w/index.html; for i in 1 2 3; do echo line $i; done; "
SERVER += "exec httpd -f -p 8080 -h /tmp/w"


def manifest(name: str) -> dict[str, Any]:
    container = {
        "name": "c", "image": IMAGE, "command": ["sh", "-c", SERVER], "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
    }  # fmt: skip
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:Kubernetes version .* is not supported")
def test_kr8s(whole: wherry.Cluster, inside: Commands) -> None:
    kr8s = pytest.importorskip("kr8s")
    from kr8s.objects import Pod, Service

    api = kr8s.api(kubeconfig=str(whole.kubeconfig), namespace=inside.namespace)
    pod = Pod(manifest("web"), namespace=inside.namespace, api=api)
    pod.create()
    pod.wait("condition=Ready", timeout=120)
    assert list(pod.logs()) == ["line 1", "line 2", "line 3"]
    followed = pod.logs(follow=True)
    assert [next(followed), next(followed)] == ["line 1", "line 2"]
    done = pod.exec(
        ["sh", "-c", "hostname; echo wrong >&2"], timeout=120
    )  # its stdin needs a protocol it never asks for
    assert (done.returncode, done.stdout, done.stderr) == (0, b"web\n", b"wrong\n")
    assert pod.exec(["sh", "-c", "exit 4"], check=False).returncode == 4
    with pod.portforward(8080, local_port=quiet_port()) as port:
        for _ in range(3):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=120) as response:
                assert response.read() == b"web\n"
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }  # fmt: skip
    served = Service(service, namespace=inside.namespace, api=api)
    served.create()
    inside.until("web", "get", "endpointslices")
    assert [each.name for each in served.ready_pods()] == ["web"]
    assert served.proxy_http_get("/", port=80).text == "web\n"
    pod.delete()
    pod.wait("delete", timeout=120)


def test_lightkube(whole: wherry.Cluster, inside: Commands) -> None:
    pytest.importorskip("lightkube")
    import httpx2
    from lightkube import ApiError, Client, KubeConfig, codecs
    from lightkube.resources.core_v1 import Pod

    config = KubeConfig.from_file(whole.kubeconfig).get()
    client = Client(config, namespace=inside.namespace, timeout=httpx2.Timeout(120))  # its own are ten seconds
    [pod] = codecs.load_all_yaml(json.dumps(manifest("web")))
    client.create(pod)
    client.wait(Pod, "web", for_conditions=["Ready"])
    assert list(client.log("web", tail_lines=2)) == ["line 2\n", "line 3\n"]
    followed = client.log("web", follow=True, newlines=False)
    assert [next(followed) for _ in range(3)] == ["line 1", "line 2", "line 3"]
    done = client.exec(
        "web", command=["sh", "-c", "cat; echo wrong >&2; exit 5"], stdin="given", stdout=True, stderr=True
    )
    assert (done.stdout, done.stderr, done.exit_code) == ("given", "wrong\n", 5)
    big, written = bytes(range(256)) * 4000, io.BytesIO()
    client.exec("web", command=["cat"], stdin=io.BytesIO(big), stdout=written, timeout=120)
    assert written.getvalue() == big
    with pytest.raises(ApiError, match="container nope is not valid for pod web"):
        list(client.log("web", container="nope"))
    client.delete(Pod, "web")


@pytest.fixture
async def api(whole: wherry.Cluster) -> AsyncIterator[Any]:
    pytest.importorskip("kubernetes.aio")
    from kubernetes.aio import client, config

    configuration = client.Configuration()
    await config.load_kube_config(str(whole.kubeconfig), client_configuration=configuration)
    async with client.ApiClient(configuration) as made:
        yield made


async def test_the_asynchronous_client(api: Any, inside: Commands) -> None:
    from kubernetes.aio import client, utils, watch
    from kubernetes.aio.stream import WsApiClient

    core, here = client.CoreV1Api(api), inside.namespace
    await utils.create_from_dict(api, manifest("web"), namespace=here)
    ready = ""
    async with watch.Watch().stream(core.list_namespaced_pod, here, timeout_seconds=120) as events:
        async for event in events:
            conditions = event["object"].status.conditions or []
            if any(each.type == "Ready" and each.status == "True" for each in conditions):
                ready = event["object"].metadata.name
                break
    assert ready == "web"
    assert await core.read_namespaced_pod_log("web", here, tail_lines=1) == "line 3\n"
    async with WsApiClient(api.configuration) as streams:
        pods = client.CoreV1Api(streams)
        flags = {"stderr": True, "stdin": False, "stdout": True, "tty": False}
        assert await pods.connect_get_namespaced_pod_exec("web", here, command=["hostname"], **flags) == "web\n"
        execute = pods.connect_get_namespaced_pod_exec_without_preload_content
        asked = await execute("web", here, command=["sh", "-c", "exit 6"], **flags)
        status = ""
        async with asked as socket:
            async for message in socket:
                if message.data[:1] == b"\x03":
                    status = message.data[1:].decode()
        assert WsApiClient.parse_error_data(status) == 6
    await core.delete_namespaced_pod("web", here, grace_period_seconds=0)
