"""Sizes, a full disk, and more idle clients than descriptors (CHECKS K35, K34, A10)."""

import contextlib
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import Web

MEBIBYTE = 1 << 20
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture
def boxes(web: Web, namespace: str) -> Iterator[str]:
    """The path of a kind that may hold anything."""
    plural = f"b{namespace.replace('-', '')}es"
    definition = manifests.definition(plural, "Box")
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    definition["spec"]["versions"] = [version]
    web.post(DEFINITIONS, definition).ok()
    path = f"/apis/tests.example/v1/namespaces/{namespace}/{plural}"
    wait_until(lambda: web.get(path).code == 200, "the kind is served")
    yield path
    web.delete(f"{DEFINITIONS}/{plural}.tests.example")


def test_objects_have_a_greatest_size(web: Web, boxes: str) -> None:
    """K35: what etcd would not take is refused by every store."""
    web.post(boxes, {"metadata": {"name": "fits"}, "x": "y" * MEBIBYTE}).ok()
    for size in (int(1.6 * MEBIBYTE), 3 * MEBIBYTE - 300, 3 * MEBIBYTE + 1):
        refused = web.post(boxes, {"metadata": {"name": "large"}, "x": "y" * size}).refused(
            413, "RequestEntityTooLarge"
        )
        assert refused["message"].startswith("Request entity too large: ")
    assert web.get(f"{boxes}/large").code == 404


def test_objects_do_not_grow_by_patches(web: Web, boxes: str) -> None:
    made = web.post(boxes, {"metadata": {"name": "a"}, "x": "y" * MEBIBYTE}).ok()
    web.patch(f"{boxes}/a", {"z": "y" * MEBIBYTE}).refused(413, "RequestEntityTooLarge")
    assert web.get(f"{boxes}/a").ok() == made
    assert web.delete(f"{boxes}/a").ok()["status"] == "Success"


def test_configuration_and_annotations_have_smaller_ones(web: Web, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    refused = web.post(path, manifests.configmap("a", x="y" * (MEBIBYTE + 1))).refused(422, "Invalid")
    assert refused["message"] == 'ConfigMap "a" is invalid: []: Too long: may not be more than 1048576 bytes'
    meta = {"name": "a", "annotations": {"x": "y" * (MEBIBYTE // 4 + 1)}}
    refused = web.post(path, {"metadata": meta}).refused(422, "Invalid")
    assert refused["message"] == (
        'ConfigMap "a" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes'
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Thirty megabytes."""
    path = tmp_path / "disk"
    path.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=30m", "none", path], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"cannot mount: {made.stderr.decode()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_full_disk_refuses_writes_and_nothing_else(small_disk: Path) -> None:
    """K35: reads and watches go on, what is refused is not there, and it goes on when there is room again."""
    control = Control(small_disk / "root")
    web = control.web()
    path = "/api/v1/namespaces/default/configmaps"
    try:
        web.post(path, manifests.configmap("first")).ok()
        filler = small_disk / "filler"
        with filler.open("wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(os.urandom(MEBIBYTE // 4))
        written, refused = 0, None
        while refused is None and written < 60:
            answer = web.post(path, manifests.configmap(f"c{written}", x=os.urandom(MEBIBYTE // 4).hex()))
            if answer.code == 201:
                written += 1
            else:
                refused = answer.json
        assert refused is not None and refused["code"] in (500, 503, 507), refused
        assert refused["kind"] == "Status" and refused["message"]
        assert web.get(f"{path}/c{written}").code == 404
        with web.watch(f"{path}?resourceVersion=0") as watch:
            assert watch.next()["type"] == "ADDED"
        assert web.get("/livez").code == 200 and len(web.get("/api/v1/namespaces").ok()["items"]) == 4
        # Deleting needs little, and is let through; or there is room again.
        filler.unlink()
        wait_until(
            lambda: web.post(path, manifests.configmap("after", x="y")).code in (201, 409), "writes are taken again"
        )
        for number in range(written):
            assert web.get(f"{path}/c{number}").code == 200
    finally:
        web.close()
        control.stop()


def test_idle_clients_keep_nobody_out(tmp_path: Path) -> None:
    """A10: four hundred descriptors, and more clients who ask once and stay, who ask half, who do not ask at all."""
    control = Control(tmp_path / "control", descriptors=400)
    context = ssl.create_default_context(cafile=str(control.authority))
    try:
        for request in (b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /version HTTP/1.1\r\nHost:", b""):
            with contextlib.ExitStack() as stack:
                for number in range(480):
                    plain = socket.create_connection((control.host, control.port), 120)
                    client = stack.enter_context(context.wrap_socket(plain, server_hostname=control.host))
                    with contextlib.suppress(OSError):
                        client.sendall(request)
                    if number % 40 == 39:
                        others = control.web()
                        assert others.get("/api/v1/namespaces").code == 200
                        others.close()
        wait_until(lambda: len(os.listdir(f"/proc/{control.pid}/fd")) < 300, "they are let go")
    finally:
        control.stop()
    assert "Traceback" not in control.said, control.said[-4000:]
