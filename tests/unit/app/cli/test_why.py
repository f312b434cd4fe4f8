"""``why`` on the command line, with the real API server."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.kube.client.serving import serving
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.pki.kubeconfig import Access, document, text
from wherry.kube.pki.model import ADMIN

Wherry = Callable[..., Any]
NODES, PODS, SERVICES = (GroupVersionResource("", "v1", name) for name in ("nodes", "pods", "services"))
ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
SPEC: Object = {"containers": [{"name": "c", "image": "demo:1", "resources": {"requests": {"cpu": "3"}}}]}


async def _serve(place: Path, ready: threading.Event, ending: threading.Event) -> None:
    async with serving(place / "pki") as served:
        client = served.local
        status = {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "10"}}
        made = await client.create(
            NODES, {"metadata": {"name": "n"}, "apiVersion": "v1", "kind": "Node", "status": status}
        )
        made["spec"].pop("taints")
        await client.update(NODES, made)
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        await client.create(ACCOUNTS, account, "default")
        await client.create(
            PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": SPEC}, "default"
        )
        ports = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": ports}
        await client.create(SERVICES, service, "default")
        pair = served.pki.clients[ADMIN.file]
        hostile = {"containers": [{"name": "c", "image": "demo:1"}], "nodeName": "n"}
        made = await client.create(
            PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "hostile"}, "spec": hostile}, "default"
        )
        waiting = {"reason": "Odd\x1b]0;owned\x07", "message": "\x1b[2Jgone"}
        status = {"name": "c", "image": "demo:1", "imageID": "", "ready": False, "restartCount": 0}
        made["status"]["containerStatuses"] = [{**status, "state": {"waiting": waiting}}]
        await client.update(PODS, made, "default", subresource="status")
        access = Access(
            served.address, served.pki.authority_pem, "mine", "me", pair.certificate_pem, pair.key_pem
        )  # fmt: skip
        (place / "kubeconfig").write_text(text(document(access)))
        ready.set()
        await asyncio.to_thread(ending.wait)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """An instance whose cluster answers; it has a node, and a pod for which that is too small."""
    ready, ending = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(tmp_path, ready, ending)))
    thread.start()
    try:
        assert ready.wait(60)
        yield tmp_path
    finally:
        ending.set()
        thread.join()


WAITS = "none of 1 will do.\n  1 node with too little cpu: it asks for 3; they have at most 2 free, on n (n)\n"


def test_a_pod_is_found_however_it_is_named(wherry: Wherry, root: Path) -> None:
    ways = (["p"], ["default/p"], ["pod/p"], ["-n", "default", "p"], ["--kubeconfig", str(root / "kubeconfig"), "p"])
    for arguments in ways:
        found = wherry("--root", str(root), "why", *arguments)
        assert found.out.startswith("Pod default/p is pending.\n") and WAITS in found.out, arguments
    assert 'pods "gone" not found' in wherry("--root", str(root), "why", "gone").err
    assert 'pods "p" not found' in wherry("--root", str(root), "why", "other/p").err


def test_a_workload_or_a_service_is_asked_about_by_its_type(wherry: Wherry, root: Path) -> None:
    for what, kind in (("svc/web", "Service"), ("service/web", "Service"), ("services/web", "Service")):
        found = wherry("--root", str(root), "why", what)
        assert found.out == f"{kind} default/web:\nNo pod of namespace default has the labels app=web.\n", what
    assert 'deployments.apps "web" not found' in wherry("--root", str(root), "why", "deployment.apps/web").err
    unknown = wherry("--root", str(root), "why", "cronjob/web").err
    assert 'pods "web" not found in namespace cronjob; types that have pods are deployment, ' in unknown
    assert 'services "web" not found' in wherry("--root", str(root), "why", "-n", "other", "svc/web").err


def test_k23_what_a_node_said_of_a_pod_does_not_reach_the_terminal(wherry: Wherry, root: Path) -> None:
    shown = wherry("--root", str(root), "why", "hostile")
    assert shown.code == 0 and "Odd^[]0;owned^G: [2Jgone" in shown.out and "\x1b" not in shown.out


def test_a_cluster_that_is_down_is_told_so(wherry: Wherry, root: Path, tmp_path: Path) -> None:
    there = (root / "kubeconfig").read_text()
    (tmp_path / "stale").write_text(re.sub(r"https://[^\s\"]+", "https://127.0.0.1:1", there))
    said = wherry("why", "--kubeconfig", str(tmp_path / "stale"), "p").err
    assert "the cluster does not answer: " in said and "connection refused. Is `wherry up` running?" in said


def test_without_a_cluster_it_says_how_to_get_one(wherry: Wherry, tmp_path: Path) -> None:
    assert "no cluster in" in wherry("--root", str(tmp_path / "none"), "why", "p").err
