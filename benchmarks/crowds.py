"""What control needs for ten thousand pods: all alike, of a hundred Deployments, and no two alike in anything.

Each crowd is in a control of its own, with nothing else. What equal objects have in common is in memory once; the last
crowd, in which there is nothing in common, is what that must not depend on.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from random import Random
from string import ascii_lowercase
from typing import Any

from benchmarks import control
from benchmarks.control import ACCOUNT, Control
from benchmarks.footprint import pss_bytes
from benchmarks.measure import Sample
from benchmarks.report import Goal, Row
from benchmarks.starts import Stage

PODS = 10_000
_DEPLOYMENTS = 100
_MEGABYTES = 250
_SENDERS = 4
_REST_SECONDS = 3.0
_MOST_SECONDS = 300.0
_PATH = f"/api/v1/namespaces/{ACCOUNT}/pods"


def of_pods(stage: Stage) -> list[Row]:
    return [
        _row(stage, "api-pods-memory", "pods", lambda server: send(server, map(alike, range(PODS)))),
        _row(stage, "api-deployed-memory", f"pods of {_DEPLOYMENTS} Deployments", deploy),
        _row(stage, "api-various-memory", "pods all different", lambda server: send(server, map(various, range(PODS)))),
    ]


def _row(stage: Stage, name: str, what: str, make: Callable[[Control], None]) -> Row:
    """What it has when they are made, and have been listed; the figures after a restart are told beside."""
    root = stage.directory / name
    with control.running(root) as server:
        make(server)
        size = len(json.dumps(_listed(server)[PODS // 2], separators=(",", ":")))
        used = _rested(server)
    with ExitStack() as stack:
        server = control.start(root)
        stack.callback(control.stop, server)
        _listed(server)
        again = _rested(server)
    notes = (f"each {size / 1000:.1f} KB as JSON; {again:.0f} MB after a restart", "control with nothing else")
    goal = Goal(_MEGABYTES, is_ratio=False)
    return Row(name, f"control with {PODS:,} {what}, PSS", "MB", Sample((used,)), goal=goal, notes=notes)


def _rested(server: Control) -> float:
    time.sleep(_REST_SECONDS)
    return pss_bytes(server.process.pid) / 1e6


def _listed(server: Control) -> list[Any]:
    """All of them, by one list."""
    found: list[Any] = server.request("GET", _PATH)["items"]
    if len(found) != PODS:
        raise OSError(f"{len(found)} pods of {PODS}")
    return found


def send(server: Control, pods: Iterable[dict[str, Any]]) -> None:
    """Create pods by a few clients at a time."""
    bodies = [json.dumps(pod) for pod in pods]

    def some(first: int) -> None:
        connection = server.connect()
        for body in bodies[first::_SENDERS]:
            connection.request("POST", _PATH, body, {"Content-Type": "application/json"})
            connection.getresponse().read()
        connection.close()

    threads = [threading.Thread(target=some, args=(first,)) for first in range(_SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def deploy(server: Control) -> None:
    """By Deployments; each pod has a token of its own in a volume, as pods have."""
    for number in range(_DEPLOYMENTS):
        server.request("POST", f"/apis/apps/v1/namespaces/{ACCOUNT}/deployments", _deployment(number))
    deadline = time.monotonic() + _MOST_SECONDS
    while _count(server) < PODS:
        if time.monotonic() > deadline:
            raise OSError(f"{_count(server)} pods of {PODS} after {_MOST_SECONDS:.0f} s")
        time.sleep(1)


def _count(server: Control) -> int:
    page = server.request("GET", f"{_PATH}?limit=1")
    return len(page["items"]) + int(page["metadata"].get("remainingItemCount", 0))


def alike(number: int) -> dict[str, Any]:
    """The usual one: what differs are name and a label."""
    return control.pod(f"pod-{number}")


def _deployment(number: int) -> dict[str, Any]:
    app = f"app-{number}"
    pod = control.pod(app)
    pod["metadata"]["labels"] = {"app": app, "tier": "backend", "version": "v1"}
    del pod["metadata"]["name"], pod["spec"]["automountServiceAccountToken"]
    for container in pod["spec"]["containers"]:
        container["image"] = container["image"].replace("team", f"team-{number}")
    spec = {
        "replicas": PODS // _DEPLOYMENTS,
        "selector": {"matchLabels": {"app": app}},
        "template": {"metadata": pod["metadata"], "spec": pod["spec"]},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": app}, "spec": spec}


def various(number: int) -> dict[str, Any]:
    """Of the same fields as the usual one, each with something else in it. The same number gives the same pod."""
    random = Random(number)

    def word(length: int = 8) -> str:
        return "".join(random.choices(ascii_lowercase, k=length))

    def container() -> dict[str, Any]:
        port = random.randrange(1024, 60000)
        return {
            "name": word(),
            "image": f"registry.example.com/{word()}/{word()}:{random.randrange(9)}.{random.randrange(99)}",
            "ports": [{"containerPort": port, "name": word(6)}],
            "env": [{"name": word().upper(), "value": word(random.randrange(4, 30))} for _ in range(6)],
            "resources": {
                "requests": {"cpu": f"{random.randrange(1, 4000)}m", "memory": f"{random.randrange(8, 9000)}Mi"},
                "limits": {"memory": f"{random.randrange(9000, 99000)}Mi"},
            },
            "readinessProbe": {
                "httpGet": {"path": f"/{word()}", "port": port},
                "periodSeconds": random.randrange(1, 60),
            },
        }

    pod = control.pod(f"{word()}-{number}")
    pod["metadata"]["labels"] = {"app": word(), word(): word(), "version": word(3)}
    pod["metadata"]["annotations"] = {f"example.com/{word()}": word(80)}
    pod["spec"]["containers"] = [container(), container()]
    return pod
