"""The Kubernetes API beside its floors: a server that only sends bytes, a store alone."""

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import bodies, control, crowds, storing
from benchmarks.control import ACCOUNT, Control
from benchmarks.footprint import pss_bytes
from benchmarks.measure import Contest, Sample, in_turn
from benchmarks.report import Goal, Row
from benchmarks.starts import Stage

CONNECTIONS = 64
_SECONDS = 4
_PODS = crowds.PODS
_WATCHERS, _CHANGES = 100, 2000
_CONFIG = {"metadata": {"generateName": "bench-"}, "data": {"content": "y" * 1700}}
_PATH = f"/api/v1/namespaces/{ACCOUNT}"


def against_floors(stage: Stage) -> list[Row]:
    """All rows; one control process for most of them."""
    rows = [of_start(stage)]
    with control.running(stage.directory / "api") as server:
        time.sleep(1)
        rows.append(_absolute("api-memory", "control, idle, PSS", "MB", [pss_bytes(server.process.pid) / 1e6], 80))
        rows += _gets(stage, server)
        rows += _single(server)
        rows.append(bodies.row(server))
        rows += _many_pods(stage, server)
        rows += _watches(stage, server)
    return rows + _creates(stage)


def of_start(stage: Stage) -> Row:
    """Fresh directories: keys are made, too."""
    taken = []
    for number in range(6):
        root = stage.directory / f"start-{number}"
        root.mkdir()
        server = control.start(root)
        taken.append(server.ready_ms)
        control.stop(server)
        shutil.rmtree(root)
    return _absolute("api-start", "control from exec to /readyz, on nothing", "ms", taken[1:], 600)


def _absolute(name: str, what: str, unit: str, values: list[float], limit: float, *notes: str) -> Row:
    return Row(name, what, unit, Sample(tuple(values)), goal=Goal(limit, is_ratio=False), notes=notes)


@contextmanager
def _bare(server: Control, file: Path | None = None) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.bareserver", str(server.root / "cluster/pki/apiserver.pem")]
    process = subprocess.Popen([*command, *([str(file)] if file else [])], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"https://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def _wrk(server: Control, url: str, script: Path | None = None) -> float:
    """Microseconds a request, over some seconds, with 64 connections kept alive."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{_SECONDS}", "-H", f"Authorization: Bearer {server.token}"]
    command += ["-s", str(script)] if script else []
    said = subprocess.run([*command, url], capture_output=True, text=True, check=True, timeout=60).stdout
    if "Non-2xx" in said:
        raise RuntimeError(f"refused: {said}")
    found = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    assert found is not None, said
    return 1e6 / float(found[1])


def _gets(stage: Stage, server: Control) -> list[Row]:
    if shutil.which("wrk") is None:
        return [Row("api-get", "GET of an object", "us", missing="wrk is not there")]
    server.request("POST", f"{_PATH}/configmaps", {**_CONFIG, "metadata": {"name": "one"}})
    with _bare(server) as bare:
        ours, floor = in_turn(
            Contest(lambda: _wrk(server, f"{server.address}{_PATH}/configmaps/one")),
            Contest(lambda: _wrk(server, bare)),
            rounds=3,
            warm_ups=1,
        )
    what = f"GET of an object, {CONNECTIONS} connections kept alive, TLS"
    return [Row("api-get", what, "us", ours, floor, "aiohttp's hello", Goal(2))]


def _creates(stage: Stage) -> list[Row]:
    if shutil.which("wrk") is None:
        return [Row("api-create", "durable creates", "us", missing="wrk is not there")]
    script = stage.directory / "create.lua"
    script.write_text(
        f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [[{json.dumps(_CONFIG)}]]\n'
    )

    made = [_SECONDS * 8000]

    def create() -> float:
        """On a server without any, as the store has none: each makes the next one dearer."""
        root = stage.directory / f"creates-{time.time_ns()}"
        with control.running(root) as server:
            time.sleep(1)
            taken = _wrk(server, f"{server.address}{_PATH}/configmaps", script)
        shutil.rmtree(root)
        made[:] = [int(_SECONDS * 1e6 / taken)]
        return taken

    def store_alone() -> float:
        directory = stage.directory / f"store-{time.time_ns()}"
        limits = map(str, (CONNECTIONS, _SECONDS, *made))
        command = [sys.executable, "-m", "benchmarks.storeload", str(directory), *limits]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        shutil.rmtree(directory)
        return float(said)

    contest = Contest(create)
    ours, floor = in_turn(contest, Contest(store_alone), 7, 1)  # both processors: whoever else is there is felt
    what = f"durable create of 2 KB, {CONNECTIONS} clients, TLS"
    rows = [Row("api-create", what, "us", ours, floor, "as many into our store", Goal(1 / 0.3))]
    with storing.etcd_alone(stage.directory / "etcd") as etcd:
        if etcd is None:
            return [*rows, Row("api-create-etcd", what, "us", peer_name="etcd", missing=storing.NO_ETCD)]
        ours, theirs = in_turn(contest, etcd, 3, 1)
    return [*rows, Row("api-create-etcd", what, "us", ours, theirs, "etcd 3.4 alone", Goal(1 / 0.3))]


def _single(server: Control) -> list[Row]:
    """One client, one connection."""
    connection = server.connect()

    def sent(method: str, path: str, body: Any, content_type: str) -> None:
        connection.request(method, path, json.dumps(body), {"Content-Type": content_type})
        response = connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {content[:300]!r}")

    def timed(work: Callable[[int], None]) -> list[float]:
        for number in range(10):
            work(number)
        taken = []
        for number in range(10, 110):
            began = time.perf_counter()
            work(number)
            taken.append((time.perf_counter() - began) * 1000)
        return taken

    deployment = _deployment()
    path = f"/apis/apps/v1/namespaces/{ACCOUNT}/deployments/web"

    def apply(number: int) -> None:
        deployment["spec"]["replicas"] = number
        sent("PATCH", f"{path}?fieldManager=bench&force=true", deployment, "application/apply-patch+yaml")

    def merge(number: int) -> None:
        container = {"name": "app", "image": f"registry.example.com/app:{number}"}
        patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
        sent("PATCH", path, patch, "application/strategic-merge-patch+json")

    _define(server)

    def custom(number: int) -> None:
        spec = {f"field{index}": f"value {index}" for index in range(200)}
        body = {"apiVersion": "example.com/v1", "kind": "Wide", "metadata": {"name": f"wide-{number}"}, "spec": spec}
        sent("POST", f"/apis/example.com/v1/namespaces/{ACCOUNT}/wides", body, "application/json")

    return [
        _absolute("api-apply", "server-side apply of a Deployment", "ms", timed(apply), 3),
        _absolute("api-merge", "strategic merge patch of a Deployment", "ms", timed(merge), 3),
        _absolute("api-custom", "create of a custom resource with 200 fields", "ms", timed(custom), 3),
    ]


def _deployment() -> dict[str, Any]:
    labels = {"app": "bench"}
    template = {"metadata": {"labels": labels}, "spec": control.pod("x")["spec"]}
    # Paused: what is measured is the API, not controllers that make pods of it.
    spec = {"replicas": 1, "paused": True, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def _define(server: Control) -> None:
    fields = {f"field{index}": {"type": "string", "maxLength": 100} for index in range(200)}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "wides", "singular": "wide", "kind": "Wide", "listKind": "WideList"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    body = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "wides.example.com"}, "spec": spec}  # fmt: skip
    server.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            server.request("GET", f"/apis/example.com/v1/namespaces/{ACCOUNT}/wides")
            return
        except RuntimeError:
            time.sleep(0.02)
    raise RuntimeError("the custom resource is not served")


def _many_pods(stage: Stage, server: Control) -> list[Row]:
    crowds.send(server, map(crowds.alike, range(_PODS)))
    listed = server.request("GET", f"{_PATH}/pods")
    if len(listed["items"]) != _PODS:
        raise RuntimeError(f"{len(listed['items'])} pods of {_PODS}")
    file = stage.directory / "pods.json"
    file.write_text(json.dumps(listed))
    with _bare(server, file) as bare:
        ours, floor = in_turn(
            Contest(lambda: _fetched(server, f"{server.address}{_PATH}/pods")),
            Contest(lambda: _fetched(server, f"{bare}/file")),
            rounds=5,
            warm_ups=1,
        )
    return [Row("api-list", f"list of {_PODS:,} pods", "ms", ours, floor, "the same bytes", Goal(2))]


def _fetched(server: Control, url: str) -> float:
    """Milliseconds until the last byte, by curl, under another name: for curl's the API writes lines for people."""
    command = ["curl", "-sk", "-A", "bench", "-o", "/dev/null", "-w", "%{time_total}"]
    command += ["-H", f"Authorization: Bearer {server.token}", url]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout) * 1000


@contextmanager
def _watching(server: Control, url: str, lines: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "benchmarks.watchers", str(server.root / "cluster/pki/ca.crt"), url]
    process = subprocess.Popen([*command, server.token, str(_WATCHERS), str(lines)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the watches did not begin")
        yield process
    finally:
        process.kill()
        process.wait()


def _result(process: "subprocess.Popen[str]") -> tuple[float, float]:
    assert process.stdout is not None
    elapsed, delay = process.stdout.readline().split()
    return float(elapsed) * 1000, float(delay)


def _watches(stage: Stage, server: Control) -> list[Row]:
    server.request("POST", "/api/v1/namespaces", {"metadata": {"name": "watched"}})
    path = "/api/v1/namespaces/watched/secrets"
    url = f"{server.address}{path}?watch=true&resourceVersion={_revision(server, path)}"

    def change(count: int, pause: float = 0.0) -> None:
        connection = server.connect()
        for _ in range(count):
            metadata = {"generateName": "s-", "annotations": {"at": f"{time.time():.6f}"}}
            body = json.dumps({"metadata": metadata, "data": {"x": "eXl5" * 60}})
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            connection.getresponse().read()
            if pause:
                time.sleep(pause)

    with _watching(server, url, _CHANGES) as process:
        threads = [threading.Thread(target=change, args=(_CHANGES // 8,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        elapsed, _ = _result(process)
        for thread in threads:
            thread.join()
    file = stage.directory / "lines.json"
    items = server.request("GET", path)["items"][:_CHANGES]
    file.write_text(
        "".join(json.dumps({"type": "ADDED", "object": item}, separators=(",", ":")) + "\n" for item in items)
    )
    with _bare(server, file) as bare, _watching(server, f"{bare}/lines", _CHANGES) as process:
        threading.Thread(target=_fetched, args=(server, f"{bare}/go")).start()
        bare_elapsed, _ = _result(process)
    url = f"{server.address}{path}?watch=true&resourceVersion={_revision(server, path)}"
    with _watching(server, url, 600) as process:
        change(600, 1 / 200)
        _, delay = _result(process)
    thousands = _WATCHERS * _CHANGES / 1000
    ours, floor = Sample((elapsed / thousands,)), Sample((bare_elapsed / thousands,))
    what = f"{_WATCHERS} watchers, {_CHANGES:,} changes: 1,000 deliveries"
    return [
        Row("api-watch", what, "ms", ours, floor, "a bare loop", Goal(1 / 0.4)),
        _absolute("api-delay", "99th percentile of a change's delay, some 200 a second", "ms", [delay], 50),
    ]


def _revision(server: Control, path: str) -> str:
    return str(server.request("GET", f"{path}?limit=1")["metadata"]["resourceVersion"])
