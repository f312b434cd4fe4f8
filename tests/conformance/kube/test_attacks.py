"""What is sent to break the server: it is refused with a reason, the server does not grow, and goes on.

(CHECKS A06, A10; K10 to K12, K16, K34, K35)
"""

import contextlib
import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import APPLY, JSON, JSON_PATCH, MERGE, STRATEGIC, YAML, Web

MEBIBYTE = 1 << 20
GROWTH = 64 * MEBIBYTE
CANARY = "/tmp/wherry-test-attacks-canary"
RBAC = "rbac.authorization.k8s.io"
EVERYTHING = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
_ANCHORS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
_CONFIGMAP = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bomb"},"data":%s}'

BODIES: dict[str, tuple[str, bytes]] = {
    "anchors": (YAML, ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\n" + _ANCHORS).encode()),
    "a tag of Python": (YAML, f"!!python/object/apply:os.system ['touch {CANARY}']".encode()),
    "a tag below": (YAML, f"kind: ConfigMap\ndata: !!python/object/apply:os.system ['touch {CANARY}']".encode()),
    "arrays in arrays": (JSON, (_CONFIGMAP % ("[" * 100_000 + "]" * 100_000)).encode()),
    "objects in objects": (JSON, (_CONFIGMAP % ('{"a":' * 100_000 + "1" + "}" * 100_000)).encode()),
    "lists in lists of YAML": (YAML, b"data: " + b"[" * 50_000),
    "a key of ten megabytes": (JSON, (_CONFIGMAP % ('{"%s":"x"}' % ("k" * 10_000_000))).encode()),
    "a byte more than three mebibytes": (JSON, (_CONFIGMAP % "{}").encode().ljust(3 * MEBIBYTE + 1)),
    "a number without end": (JSON, (_CONFIGMAP % '{"a":1e999999}').encode()),
    "digits": (JSON, (_CONFIGMAP % ('{"a":%s}' % ("9" * 500_000))).encode()),
    "not UTF-8": (JSON, b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\xff\xfe"}}'),
    "half of it": (JSON, b'{"apiVersion":"v1","kind":"Conf'),
    "two documents": (JSON, b'{"kind":"ConfigMap"}{"kind":"ConfigMap"}'),
    "another type": (JSON, (_CONFIGMAP % '"text"').encode()),
    "a list": (JSON, b"[1,2,3]"),
    "nothing": (JSON, b""),
    "protobuf that is none": ("application/vnd.kubernetes.protobuf", b"k8s\0" + b"\xff" * 5000),
}


@pytest.fixture
def unharmed(control: Control, web: Web) -> Iterator[None]:
    """The server is as large as before, to some megabytes, and answers."""
    before = control.resident_bytes
    yield
    assert web.get("/readyz").code == 200
    assert control.resident_bytes < before + GROWTH
    assert not Path(CANARY).exists()


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_bombs(web: Web, namespace: str, name: str) -> None:
    content_type, body = BODIES[name]
    try:
        answer = web.send("POST", f"/api/v1/namespaces/{namespace}/configmaps", body, content_type)
    except (OSError, http.client.HTTPException):
        assert len(body) > 3 * MEBIBYTE  # it was hung up on while it went on sending
        return
    assert answer.code in (400, 413, 415, 422), answer.text[:500]
    said = answer.json
    assert said["kind"] == "Status" and said["message"] and len(answer.raw) < 64 * 1024


def doubling(levels: int) -> list[dict[str, str]]:
    first = {"op": "add", "path": "/data/a", "value": "x" * 1024}
    return [first, *({"op": "copy", "from": "/data", "path": f"/data/c{n}"} for n in range(levels))]


MANAGED = {"metadata": {"managedFields": [{"manager": f"m{n}", "operation": "Update"} for n in range(50_000)]}}
PATCHES: dict[str, tuple[str, Any]] = {
    "too many operations": (JSON_PATCH, [{"op": "test", "path": "/kind", "value": "ConfigMap"}] * 10_001),
    "copies of copies": (JSON_PATCH, doubling(40)),
    "a path without end": (JSON_PATCH, [{"op": "add", "path": "/a" * 100_000, "value": 1}]),
    "managers (merge)": (MERGE, MANAGED),
    "managers (strategic)": (STRATEGIC, MANAGED),
    "managers (apply)": (APPLY, {"apiVersion": "v1", "kind": "ConfigMap", **MANAGED}),
    "a value that is too large": (MERGE, {"data": {"a": "x" * (3 * MEBIBYTE)}}),
    "directives": (STRATEGIC, {"$patch": "nonsense"}),
}


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("name", PATCHES)
def test_patches_that_are_bombs(web: Web, namespace: str, name: str) -> None:
    here = f"/api/v1/namespaces/{namespace}/configmaps"
    made = web.post(here, {"metadata": {"name": "target"}, "data": {"k": "v"}}).ok()
    content_type, patch = PATCHES[name]
    answer = web.send("PATCH", f"{here}/target?fieldManager=test&force=true", json.dumps(patch).encode(), content_type)
    assert answer.code in (400, 413, 422), f"{answer.code}: {answer.text[:500]}"
    assert web.get(f"{here}/target").ok() == made


def test_keys_that_are_there_twice_are_told_of(web: Web, namespace: str) -> None:
    here = f"/api/v1/namespaces/{namespace}/configmaps"
    body = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}'
    strict = web.send("POST", f"{here}?fieldValidation=Strict", body)
    assert strict.code == 400 and 'duplicate field "data.a"' in strict.json["message"]
    warned = web.send("POST", f"{here}?fieldValidation=Warn", body)
    assert warned.code == 201 and "duplicate field" in "".join(warned.warnings)


def definition(plural: str, group: str, scope: str) -> dict[str, Any]:
    kind = plural[:-1].title()
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group, "scope": scope, "names": {"plural": plural, "singular": plural[:-1], "kind": kind},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }  # fmt: skip


def test_an_object_is_reached_in_its_own_scope_and_group_only(web: Web, namespace: str) -> None:
    """K10: CVE-2019-11247, CVE-2022-3162."""
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    group, other = "attacks.example", "attacks.example.org"
    named = [("wides", group, "Cluster"), ("narrows", group, "Namespaced"), ("narrows", other, "Namespaced")]
    try:
        for plural, where, scope in named:
            web.post(definitions, definition(plural, where, scope)).ok()
        for plural, where, _ in named:
            wait_until(lambda where=where, plural=plural: web.get(f"/apis/{where}/v1/{plural}").code == 200, plural)
        web.post(
            f"/apis/{group}/v1/wides", {"apiVersion": f"{group}/v1", "kind": "Wide", "metadata": {"name": "w"}}
        ).ok()
        made = {"apiVersion": f"{other}/v1", "kind": "Narrow", "metadata": {"name": "n"}}
        web.post(f"/apis/{other}/v1/namespaces/{namespace}/narrows", made).ok()
        assert web.get(f"/apis/{group}/v1/namespaces/{namespace}/wides/w").code == 404
        assert web.get(f"/apis/{group}/v1/namespaces/{namespace}/wides").code == 404
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        rules = [{"apiGroups": [group], "resources": ["*"], "verbs": ["*"]}]
        web.post(f"{rbac}/roles", {"metadata": {"name": "eve"}, "rules": rules}).ok()
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "eve"}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "eve"}
        web.post(
            f"{rbac}/rolebindings", {"metadata": {"name": "eve"}, "roleRef": reference, "subjects": [subject]}
        ).ok()
        eve = {"Impersonate-User": "eve"}
        assert web.send("GET", f"/apis/{group}/v1/namespaces/{namespace}/narrows", headers=eve).code == 200
        for path in (
            f"/apis/{other}/v1/namespaces/{namespace}/narrows/n", f"/apis/{other}/v1/namespaces/{namespace}/narrows",
            f"/apis/{group}/v1/wides/w", f"/apis/{group}/v1/namespaces/{namespace}/wides/w",
            f"/apis/{group}/v1/narrows", f"/apis/{group}/v1/namespaces/{namespace}/narrows/../../../wides/w",
        ):  # fmt: skip
            assert web.send("GET", path, headers=eve).code in (400, 403, 404), path
    finally:
        for plural, where, _ in named:
            web.delete(f"{definitions}/{plural}.{where}")


def test_who_may_all_in_a_namespace_has_no_other(web: Web, namespace: str) -> None:
    """K10: a namespace's path may lead to what has no namespace, but for that namespace itself."""
    other = f"{namespace}-other"
    made = web.post("/api/v1/namespaces", {"metadata": {"name": other}}).ok()
    rbac = f"/apis/{RBAC}/v1/namespaces/{namespace}"
    web.post(f"{rbac}/roles", {"metadata": {"name": "eve"}, "rules": EVERYTHING}).ok()
    role = {"apiGroup": RBAC, "kind": "Role", "name": "eve"}
    subjects = [{"apiGroup": RBAC, "kind": "User", "name": "eve"}]
    web.post(f"{rbac}/rolebindings", {"metadata": {"name": "eve"}, "roleRef": role, "subjects": subjects}).ok()
    eve = {"Impersonate-User": "eve"}
    assert web.send("GET", f"/api/v1/namespaces/{namespace}", headers=eve).code == 200
    inside = f"/api/v1/namespaces/{namespace}/namespaces"
    for method, path, body in (
        ("GET", inside, None), ("GET", f"{inside}?watch=true&timeoutSeconds=1", None),
        ("GET", f"{inside}/{other}", None),
        ("PATCH", f"{inside}/{other}", {"metadata": {"labels": {"eve": "was-here"}}}),
        ("PUT", f"{inside}/{other}/finalize", {**made, "spec": {}}), ("GET", f"{inside}/{other}/status", None),
        ("POST", inside, {"metadata": {"name": f"{namespace}-eves"}}), ("DELETE", f"{inside}/{other}", None),
        ("GET", f"/api/v1/watch/namespaces/{namespace}/namespaces/{other}?timeoutSeconds=1", None),
        ("GET", f"{inside}/../namespaces/{other}", None), ("GET", f"/api/v1/namespaces/{namespace}/nodes", None),
    ):  # fmt: skip
        for headers in (eve, {}):
            web.send(method, path, body, MERGE if method == "PATCH" else JSON, headers).refused(404, "NotFound")
    assert web.delete(f"/api/v1/namespaces/{other}").ok()["metadata"]["labels"] == made["metadata"]["labels"]


def test_subresources_are_of_one_object_and_not_watched(web: Web, namespace: str) -> None:
    """K10's kind: it would be the whole object, of any kind, for who may watch ``*/status``."""
    here = f"/api/v1/namespaces/{namespace}"
    web.post(f"{here}/secrets", {"metadata": {"name": "s"}, "stringData": {"a": "b"}}).ok()
    web.post(f"{here}/pods", {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}).ok()
    rbac = f"/apis/{RBAC}/v1/namespaces/{namespace}"
    verbs = ["list", "watch", "create", "deletecollection"]
    rules = [{"apiGroups": [""], "resources": ["*/status", "pods/log"], "verbs": verbs}]
    web.post(f"{rbac}/roles", {"metadata": {"name": "eve"}, "rules": rules}).ok()
    role = {"apiGroup": RBAC, "kind": "Role", "name": "eve"}
    subjects = [{"apiGroup": RBAC, "kind": "User", "name": "eve"}]
    web.post(f"{rbac}/rolebindings", {"metadata": {"name": "eve"}, "roleRef": role, "subjects": subjects}).ok()
    eve = {"Impersonate-User": "eve"}
    for path in ("secrets/s/status", "pods/p/status", "pods/p/log"):
        before = f"/api/v1/watch/namespaces/{namespace}/{path}?timeoutSeconds=1"
        web.send("GET", before, headers=eve).refused(404, "NotFound")
        behind = web.send("GET", f"{here}/{path}?watch=true&timeoutSeconds=1", headers=eve)
        assert "cannot get resource" in behind.refused(403, "Forbidden")["message"]
        kind, _, subresource = path.split("/")
        for method, query in (("GET", ""), ("DELETE", ""), ("GET", "?fieldSelector=metadata.name%3Ds"), ("POST", "")):
            nameless = f"{here}/{kind}//{subresource}{query}"
            web.send(method, nameless, headers=eve).refused(404, "NotFound")


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "fe80::1", "0.0.0.0", "224.0.0.1"])
def test_endpoints_are_not_where_everybody_is_himself(web: Web, namespace: str, address: str) -> None:
    """K16: CVE-2021-25737."""
    body = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "evil"},
        "addressType": "IPv6" if ":" in address else "IPv4", "endpoints": [{"addresses": [address]}],
        "ports": [{"port": 80}],
    }  # fmt: skip
    refused = web.post(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices", body)
    refused.refused(422, "Invalid")
    subsets = [{"addresses": [{"ip": address}], "ports": [{"port": 80}]}]
    old = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "evil"}, "subsets": subsets}
    web.post(f"/api/v1/namespaces/{namespace}/endpoints", old).refused(422, "Invalid")


def test_nobody_takes_over_the_traffic_to_an_address(web: Web, namespace: str) -> None:
    """K16: CVE-2020-8554. Neither by ``externalIPs`` nor, for who may only write Services, by their status."""
    here = f"/api/v1/namespaces/{namespace}/services"
    denied = "Use of external IPs is denied by admission control"
    spec = {"ports": [{"port": 80}], "externalIPs": ["203.0.113.7"]}
    assert denied in web.post(here, {"metadata": {"name": "thief"}, "spec": spec}).refused(403, "Forbidden")["message"]
    web.post(here, {"metadata": {"name": "thief"}, "spec": {"ports": [{"port": 80}], "type": "LoadBalancer"}}).ok()
    more = {"spec": {"externalIPs": ["203.0.113.7"]}}
    assert denied in web.send("PATCH", f"{here}/thief", more, MERGE).refused(403, "Forbidden")["message"]
    binding = {
        "metadata": {"name": "eve"}, "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "eve"}],
    }  # fmt: skip
    web.post(f"/apis/{RBAC}/v1/namespaces/{namespace}/rolebindings", binding).ok()
    eve = {"Impersonate-User": "eve"}
    assert web.send("PATCH", f"{here}/thief", {"metadata": {"labels": {"a": "b"}}}, MERGE, eve).code == 200
    address = {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}}
    web.send("PATCH", f"{here}/thief/status", address, MERGE, eve).refused(403, "Forbidden")
    kept = web.send("PATCH", f"{here}/thief", address, MERGE, eve).ok()["status"]
    assert "203.0.113.7" not in str(kept), "the status is not written with the rest"


def _is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(4096) == b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True


def test_who_holds_connections_gets_no_further(tmp_path: Path) -> None:
    """A10, K34: more connections than it has descriptors, half-made and slow ones; the others are served again."""
    control = Control(tmp_path / "control", descriptors=400)
    try:
        web = control.web()
        assert web.get("/readyz").code == 200
        web.close()
        with contextlib.ExitStack() as stack:
            silent = []
            for _ in range(600):
                one = stack.enter_context(socket.socket())
                one.settimeout(1)
                with contextlib.suppress(OSError):  # the queue is full
                    one.connect((control.host, control.port))
                    silent.append(one)
            assert len(silent) > 100
            wait_until(lambda: all(_is_closed(each) for each in silent[:100]), "silent connections are closed")
        wait_until(lambda: _answers(control), "it serves others again")
        slow = _tls(control)
        slow.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n")
        begin = time.monotonic()
        while not _is_closed(slow) and time.monotonic() < begin + 90:
            slow.settimeout(5)
            with contextlib.suppress(OSError):
                slow.sendall(b"X-A: b\r\n")
            time.sleep(0.5)
        assert _is_closed(slow), "a request that never ends was waited for"
        slow.close()
        assert _answers(control)
    finally:
        control.stop()
    assert "Traceback" not in control.said, control.said[-4000:]


def _tls(control: Control) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(control.authority))
    return context.wrap_socket(socket.create_connection((control.host, control.port), 20), server_hostname=control.host)


def _answers(control: Control) -> bool:
    web = control.web()
    try:
        return web.get("/readyz").code == 200
    except OSError:
        return False
    finally:
        web.close()
