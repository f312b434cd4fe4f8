"""What the documentation of the official Python client shows (kubernetes-client/python, ``examples``), on pods that
run: deployments, jobs, commands, logs, ports, labels of nodes, watches, informers."""

import contextlib
import datetime
import hashlib
import http.client
import io
import random
import socket
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wherry
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.whole import IMAGE, Commands

kubernetes = pytest.importorskip("kubernetes")
from kubernetes import client, config, utils, watch  # noqa: E402
from kubernetes.client.rest import ApiException  # noqa: E402
from kubernetes.informer import informer  # noqa: E402
from kubernetes.stream import portforward, stream  # noqa: E402
from kubernetes.utils import metrics, quantity, retry  # noqa: E402

LISTENS = client.V1Probe(tcp_socket=client.V1TCPSocketAction(port=8080), period_seconds=1)
SERVER = "mkdir /tmp/w; hostname > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"


@pytest.fixture(scope="module")
def api(whole: wherry.Cluster) -> Iterator[Any]:
    made = config.new_client_from_config(str(whole.kubeconfig))
    yield made
    made.close()


@pytest.fixture
def core(api: Any) -> Any:
    return client.CoreV1Api(api)


def pod_spec(script: str, **more: Any) -> Any:
    container = client.V1Container(name="c", image=IMAGE, command=["sh", "-c", script], **more)
    return client.V1PodSpec(containers=[container], termination_grace_period_seconds=1)


def running_pod(core: Any, namespace: str, name: str, script: str, **more: Any) -> Any:
    """Made, and waited for by a watch."""
    meta = client.V1ObjectMeta(name=name, labels={"app": name})
    core.create_namespaced_pod(namespace, client.V1Pod(metadata=meta, spec=pod_spec(script, **more)))
    for event in watch.Watch().stream(
        core.list_namespaced_pod, namespace, field_selector=f"metadata.name={name}", timeout_seconds=120
    ):
        conditions = event["object"].status.conditions or []
        if any(each.type == "Ready" and each.status == "True" for each in conditions):
            return event["object"]
    raise AssertionError("never ready")


def deployment(name: str, **environment: str) -> Any:
    labels = {"app": name}
    spec = pod_spec(SERVER, env=[client.V1EnvVar(name=key, value=value) for key, value in environment.items()])
    template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels=labels), spec=spec)
    selector = client.V1LabelSelector(match_labels=labels)
    return client.V1Deployment(
        metadata=client.V1ObjectMeta(name=name),
        spec=client.V1DeploymentSpec(replicas=2, selector=selector, template=template),
    )


def test_a_deployment_is_made_updated_restarted_and_deleted(api: Any, core: Any, inside: Commands) -> None:
    apps, here = client.AppsV1Api(api), inside.namespace

    def rolled_out(revision: str) -> bool:
        found = apps.read_namespaced_deployment("web", here)
        seen = (found.metadata.annotations or {}).get("deployment.kubernetes.io/revision")
        status = found.status
        done = status.observed_generation == found.metadata.generation and status.available_replicas == 2
        return bool(seen == revision and done and status.updated_replicas == 2 and status.replicas == 2)

    made = apps.create_namespaced_deployment(here, deployment("web"))
    wait_until(lambda: rolled_out("1"), "the first")
    made = apps.read_namespaced_deployment("web", here)
    made.spec.template.spec.containers[0].env = [client.V1EnvVar(name="VERSION", value="2")]
    apps.patch_namespaced_deployment("web", here, made)
    wait_until(lambda: rolled_out("2"), "the second")
    now = datetime.datetime.now(datetime.UTC).isoformat()
    note = {"kubectl.kubernetes.io/restartedAt": now}
    apps.patch_namespaced_deployment("web", here, {"spec": {"template": {"metadata": {"annotations": note}}}})
    wait_until(lambda: rolled_out("3"), "the third")
    sets = apps.list_namespaced_replica_set(here, label_selector="app=web").items
    assert sorted(each.status.replicas for each in sets) == [0, 0, 2]
    options = client.V1DeleteOptions(propagation_policy="Foreground", grace_period_seconds=1)
    apps.delete_namespaced_deployment("web", here, body=options)
    wait_until(lambda: not core.list_namespaced_pod(here).items, "all have gone")


def test_a_conflict_is_tried_again(core: Any, inside: Commands) -> None:
    here = inside.namespace
    core.create_namespaced_config_map(here, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="c"), data={"n": "0"}))
    stale = core.read_namespaced_config_map("c", here)
    core.patch_namespaced_config_map("c", here, {"data": {"n": "1"}})
    tried = []

    def add() -> Any:
        found = core.read_namespaced_config_map("c", here) if tried else stale
        tried.append(1)
        found.data["n"] = str(int(found.data["n"]) + 10)
        return core.replace_namespaced_config_map("c", here, found)

    assert retry.retry_on_conflict(add).data == {"n": "11"} and len(tried) == 2


def test_a_job_runs_to_its_end(api: Any, core: Any, inside: Commands) -> None:
    batch, here = client.BatchV1Api(api), inside.namespace
    spec = pod_spec("echo computed; exit 0")
    spec.restart_policy = "Never"
    template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels={"app": "pi"}), spec=spec)
    job = client.V1Job(
        metadata=client.V1ObjectMeta(name="pi"), spec=client.V1JobSpec(template=template, backoff_limit=4)
    )
    batch.create_namespaced_job(here, job)
    wait_until(lambda: batch.read_namespaced_job_status("pi", here).status.completion_time, "the job")
    found = batch.read_namespaced_job_status("pi", here).status
    assert found.succeeded == 1 and found.completion_time >= found.start_time
    assert {each.type for each in found.conditions} == {"SuccessCriteriaMet", "Complete"}
    [pod] = core.list_namespaced_pod(here, label_selector="job-name=pi").items
    assert pod.status.phase == "Succeeded"
    assert core.read_namespaced_pod_log(pod.metadata.name, here) == "computed\n"
    batch.delete_namespaced_job("pi", here, body=client.V1DeleteOptions(propagation_policy="Background"))
    wait_until(lambda: not core.list_namespaced_pod(here).items, "its pod has gone")


def test_commands_in_a_pod(core: Any, inside: Commands) -> None:
    here = inside.namespace
    running_pod(core, here, "box", "exec sleep 1000")
    execute = core.connect_get_namespaced_pod_exec
    words = ["sh", "-c", "echo to stdout; echo to stderr >&2"]
    flags = {"stderr": True, "stdin": False, "stdout": True, "tty": False}
    said = stream(execute, "box", here, command=words, **flags)
    assert sorted(said.splitlines()) == ["to stderr", "to stdout"]
    talk = stream(execute, "box", here, command=["sh"], **{**flags, "stdin": True}, _preload_content=False)
    talk.write_stdin("echo I am $(hostname)\n")
    assert talk.readline_stdout(timeout=120) == "I am box"
    talk.write_stdin("echo wrong >&2\n")
    assert talk.readline_stderr(timeout=120) == "wrong"
    talk.write_stdin("exit 3\n")
    talk.run_forever(timeout=120)
    assert talk.returncode == 3
    talk.close()
    terminal = stream(
        execute, "box", here, command=["sh", "-c", "stty size; exit"], _preload_content=False,
        stderr=False, stdin=True, stdout=True, tty=True,
    )  # fmt: skip
    terminal.write_channel(4, '{"Width": 97, "Height": 33}')
    terminal.run_forever(timeout=120)
    assert terminal.returncode == 0
    with pytest.raises(ApiException) as none:
        stream(execute, "nobody", here, command=["sh"], **flags)
    assert none.value.status in (0, 404) and "404" in str(none.value)


def test_a_file_is_sent_to_a_pod(core: Any, inside: Commands) -> None:
    """As many programs do it: to the standard input of tar, whose end is that of the connection."""
    here = inside.namespace
    running_pod(core, here, "box", "exec sleep 1000")
    execute = core.connect_get_namespaced_pod_exec
    content = random.Random(1).randbytes(3_000_000)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("sent")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    talk = stream(
        execute, "box", here, command=["tar", "xf", "-", "-C", "/tmp"], _preload_content=False,
        stderr=True, stdin=True, stdout=True, tty=False,
    )  # fmt: skip
    packed = archive.getvalue()
    for at in range(0, len(packed), 100_000):
        talk.write_stdin(packed[at : at + 100_000])
    talk.close()
    inside.until(hashlib.sha256(content).hexdigest(), "exec", "box", "--", "sha256sum", "/tmp/sent")


def test_binary_output_of_a_command(core: Any, inside: Commands) -> None:
    here = inside.namespace
    running_pod(core, here, "box", "exec sleep 1000")
    words = ["sh", "-c", 'i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %03o $i)"; i=$((i+1)); done']
    talk = stream(
        core.connect_get_namespaced_pod_exec, "box", here, command=words, binary=True, _preload_content=False,
        stderr=True, stdin=False, stdout=True, tty=False,
    )  # fmt: skip
    talk.run_forever(timeout=120)
    assert talk.read_stdout() == bytes(range(256))


def test_logs_followed_while_they_are_written(core: Any, inside: Commands) -> None:
    here = inside.namespace
    running_pod(core, here, "talker", "for i in 1 2 3; do echo line $i; sleep 0.2; done; exec sleep 1000")
    seen = []
    for line in watch.Watch().stream(core.read_namespaced_pod_log, "talker", here, follow=True):
        seen.append(line)
        if len(seen) == 3:
            break
    assert seen == ["line 1", "line 2", "line 3"]
    assert core.read_namespaced_pod_log("talker", here, tail_lines=1) == "line 3\n"
    raw = core.read_namespaced_pod_log("talker", here, follow=True, timestamps=True, _preload_content=False)
    line = next(iter(raw.stream(4096))).decode()
    raw.close()
    assert datetime.datetime.fromisoformat(line.split()[0][:26]).year >= 2020 and line.split(None, 1)[1].startswith("l")


def test_a_port_of_a_pod(core: Any, inside: Commands) -> None:
    here = inside.namespace
    running_pod(core, here, "web", SERVER, readiness_probe=LISTENS)

    forward = portforward(core.connect_get_namespaced_pod_portforward, "web", here, ports="8080")
    with contextlib.closing(forward.socket(8080)) as connection:
        connection.setblocking(True)
        connection.settimeout(120)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, answer.read()) == (200, b"web\n")
    assert forward.error(8080) is None
    refused = portforward(core.connect_get_namespaced_pod_portforward, "web", here, ports="8081")
    with contextlib.closing(refused.socket(8081)) as connection:
        connection.settimeout(120)
        assert connection.recv(1) == b""
    wait_until(lambda: refused.error(8081), "what went wrong is told")
    assert "8081" in refused.error(8081)


def test_labels_of_nodes(core: Any) -> None:
    [node] = core.list_node().items
    name = node.metadata.name
    changed = core.patch_node(name, {"metadata": {"labels": {"tests.example/a": "b", "tests.example/c": "d"}}})
    assert changed.metadata.labels["tests.example/a"] == "b"
    gone = {"metadata": {"labels": {"tests.example/a": None, "tests.example/c": None}}}
    assert "tests.example/a" not in core.patch_node(name, gone).metadata.labels


def test_namespaces_and_pods_are_watched(core: Any, inside: Commands) -> None:
    name = f"{inside.namespace}-other"
    begin = core.list_namespace().metadata.resource_version
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
    stream_of = watch.Watch()
    seen = []
    for event in stream_of.stream(core.list_namespace, resource_version=begin, timeout_seconds=120):
        if event["object"].metadata.name == name:
            seen.append((event["type"], event["object"].status.phase))
            if len(seen) == 1:
                core.delete_namespace(name)
            if event["type"] == "DELETED":
                stream_of.stop()
    assert seen[0] == ("ADDED", "Active") and seen[-1] == ("DELETED", "Terminating"), seen


def test_an_informer_keeps_a_copy(core: Any, inside: Commands) -> None:
    here, happened = inside.namespace, threading.Event()
    gone: list[str] = []
    kept = informer.SharedInformer(core.list_namespaced_pod, namespace=here, label_selector="app=seen")
    kept.add_event_handler(informer.ADDED, lambda _: happened.set())
    kept.add_event_handler(informer.DELETED, lambda pod: gone.append(pod.metadata.name))
    kept.start()
    try:
        running_pod(core, here, "seen", "exec sleep 1000")
        assert happened.wait(120)

        def is_running() -> bool:
            return [each.status.phase for each in kept.cache.list()] == ["Running"]

        wait_until(is_running, "the copy says so, too")
        core.delete_namespaced_pod("seen", here)
        wait_until(lambda: gone == ["seen"], "its end is told")
        wait_until(lambda: kept.cache.list() == [], "it is no longer kept")
    finally:
        threading.Thread(target=core.create_namespaced_pod, args=(here, poke())).start()  # a watch ends with an event
        kept.stop()


def poke() -> Any:
    meta = client.V1ObjectMeta(name="poke", labels={"app": "seen"})
    return client.V1Pod(metadata=meta, spec=pod_spec("exec sleep 1000"))


def test_manifests_as_files_directories_and_dictionaries(api: Any, core: Any, inside: Commands, tmp_path: Path) -> None:
    here = inside.namespace
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }  # fmt: skip
    utils.create_from_dict(api, service, namespace=here, apply=True)
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n")
    (tmp_path / "b.yaml").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: b}\nstringData: {y: '2'}\n")
    utils.create_from_directory(api, str(tmp_path), namespace=here)
    utils.create_from_dict(
        api, {**service, "spec": {**service["spec"], "type": "NodePort"}}, namespace=here, apply=True
    )
    assert core.read_namespaced_service("web", here).spec.type == "NodePort"
    assert core.read_namespaced_config_map("a", here).data == {"x": "1"}
    assert core.read_namespaced_secret("b", here).data == {"y": "Mg=="}


def test_an_ingress_and_an_autoscaler_are_kept(api: Any, inside: Commands) -> None:
    here = inside.namespace
    backend = client.V1IngressBackend(
        service=client.V1IngressServiceBackend(name="web", port=client.V1ServiceBackendPort(number=80))
    )
    path = client.V1HTTPIngressPath(path="/", path_type="Exact", backend=backend)
    rule = client.V1IngressRule(host="web.example", http=client.V1HTTPIngressRuleValue(paths=[path]))
    networking = client.NetworkingV1Api(api)
    ingress = client.V1Ingress(metadata=client.V1ObjectMeta(name="web"), spec=client.V1IngressSpec(rules=[rule]))
    assert networking.create_namespaced_ingress(here, ingress).spec.rules[0].http.paths[0].path_type == "Exact"
    target = client.V2CrossVersionObjectReference(api_version="apps/v1", kind="Deployment", name="web")
    measure = client.V2MetricSpec(
        type="Resource",
        resource=client.V2ResourceMetricSource(
            name="cpu", target=client.V2MetricTarget(type="Utilization", average_utilization=50)
        ),
    )
    spec = client.V2HorizontalPodAutoscalerSpec(max_replicas=3, scale_target_ref=target, metrics=[measure])
    scaler = client.V2HorizontalPodAutoscaler(metadata=client.V1ObjectMeta(name="web"), spec=spec)
    autoscaling = client.AutoscalingV2Api(api)
    autoscaling.create_namespaced_horizontal_pod_autoscaler(here, scaler)

    def conditions() -> dict[str, str]:
        found = autoscaling.read_namespaced_horizontal_pod_autoscaler("web", here).status.conditions or []
        return {each.type: each.reason for each in found}

    wait_until(lambda: conditions().get("AbleToScale") == "FailedGetScale", "that there is no such deployment")


def test_figures_of_pods_and_nodes(api: Any, core: Any, inside: Commands) -> None:
    running_pod(core, inside.namespace, "busy", "while true; do :; done")
    wait_until(lambda: metrics.get_pods_metrics(api, inside.namespace)["items"], "figures of the pod")
    [found] = metrics.get_pods_metrics(api, inside.namespace, "app=busy")["items"]
    assert quantity.parse_quantity(found["containers"][0]["usage"]["memory"]) > 0
    [node] = wait_until(lambda: metrics.get_nodes_metrics(api)["items"], "figures of the node")
    assert quantity.parse_quantity(node["usage"]["cpu"]) > 0


def test_names_of_services_reach_pods_by_a_patched_socket(core: Any, inside: Commands) -> None:
    """As the documentation's last example does: whoever connects to NAME.NAMESPACE is led there by a forwarded port."""
    here = inside.namespace
    running_pod(core, here, "web", SERVER, readiness_probe=LISTENS)
    original = socket.create_connection

    def create_connection(address: tuple[str, int], *rest: Any, **more: Any) -> Any:
        name, _, namespace = address[0].partition(".")
        if namespace != f"{here}.kubernetes":
            return original(address, *rest, **more)
        forward = portforward(core.connect_get_namespaced_pod_portforward, name, here, ports=str(address[1]))
        return forward.socket(address[1])

    socket.create_connection = create_connection
    try:
        connection = http.client.HTTPConnection(f"web.{here}.kubernetes", 8080, timeout=120)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"web\n"
        connection.close()
    finally:
        socket.create_connection = original
