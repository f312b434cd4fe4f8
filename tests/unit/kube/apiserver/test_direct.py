"""A direct answer says what the whole way through the server would say, or is none."""

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.unit.kube.apiserver.conftest import ACCOUNTS, DEPLOYMENTS, PODS, Place, deployment, pod
from wherry.http.direct import DirectConnection
from wherry.http.plain import RequestHead
from wherry.http.server import serve_tcp
from wherry.kube.apiserver.server import render_error
from wherry.kube.machinery.model import GroupVersionResource
from wherry.store.memory import MemoryStore

HELD = "/api/v1/namespaces/default/configmaps/held"
BUDGETS = GroupVersionResource("policy", "v1", "poddisruptionbudgets")
BINDINGS = GroupVersionResource("rbac.authorization.k8s.io", "v1", "rolebindings")
ROLES = GroupVersionResource("rbac.authorization.k8s.io", "v1", "roles")
_VARYING = re.compile(rb'"(uid|creationTimestamp|time)":"[^"]*"')


@dataclass(slots=True)
class Asking:
    """Asks the same of a server with direct answers and of one without."""

    ports: tuple[int, int]
    token: str
    direct: list[bool]

    async def ask(
        self, path: str, *headers: str, method: str = "GET", content: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Both say the same, apart from times, uids and the request's name. Code, headers, body."""
        answers = [await self.ask_one(port, path, headers, method, content) for port in self.ports]
        (code, fields, body), (other_code, other_fields, other_body) = answers
        assert code == other_code
        assert _VARYING.sub(b"", body) == _VARYING.sub(b"", other_body)
        assert set(fields) == set(other_fields)
        for varying in ("Date", "Audit-Id"):
            fields.pop(varying, None)
            other_fields.pop(varying, None)
        assert fields == other_fields
        return code, fields, body

    async def ask_one(
        self, port: int, path: str, headers: tuple[str, ...], method: str = "GET", content: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        lines = [f"{method} {path} HTTP/1.1", "Host: x", *headers]
        if self.token and not any(each.startswith("Authorization") for each in headers):
            lines.append(f"Authorization: Bearer {self.token}")
        if content:
            lines.append(f"Content-Length: {len(content)}")
        writer.write("\r\n".join([*lines, "", ""]).encode(errors="surrogateescape") + content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(fields["Content-Length"])) if method != "HEAD" else b""
        writer.close()
        return int(head[0].split()[1]), fields, body


@pytest.fixture
async def asking(place: Place) -> AsyncIterator[Asking]:
    async with _asking(place) as asking:
        yield asking


@asynccontextmanager
async def _asking(place: Place) -> AsyncIterator[Asking]:
    await place.config("held", a="b")
    verbs = ["get", "list", "create", "update", "patch", "delete", "deletecollection"]
    rules = [{"apiGroups": ["", "apps"], "resources": ["*"], "verbs": verbs}]
    await place.client.create(ROLES, {"metadata": {"name": "reader"}, "rules": rules}, "default")
    subjects = [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    binding = {"metadata": {"name": "reader"}, "subjects": subjects, "roleRef": reference}
    await place.client.create(BINDINGS, binding, "default")
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    made = await place.client.create(ACCOUNTS, request, "default", name="default", subresource="token")
    http = place.server.http
    answered: list[bool] = []

    def direct(head: RequestHead, body: bytes, connection: DirectConnection) -> Any:
        answer = http.direct(head, body, connection)
        answered.append(answer is not None)
        return answer

    async with (
        await serve_tcp(http.handle, "127.0.0.1", 0, render_error, direct=direct) as fast,
        await serve_tcp(http.handle, "127.0.0.1", 0, render_error) as whole,
    ):
        yield Asking((fast.port, whole.port), made["status"]["token"], answered)


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "application/json, */*"])
async def test_an_object_is_answered_at_once(asking: Asking, accept: str) -> None:
    code, headers, body = await asking.ask(HELD, *([f"Accept: {accept}"] if accept else []))
    assert code == 200 and json.loads(body)["data"] == {"a": "b"}
    assert headers["Content-Type"] == "application/json" and headers["Cache-Control"] == "no-cache, private"
    assert asking.direct == [True]


async def test_other_versions_and_subresources(place: Place, asking: Asking) -> None:
    await place.client.create(DEPLOYMENTS, deployment("web"), "default")
    await place.client.create(PODS, pod("p"), "default")
    path = "/apis/apps/v1/namespaces/default/deployments/web"
    for each in (path, f"{path}/status", "/api/v1/namespaces/default/pods/p/status"):
        assert (await asking.ask(each))[0] == 200
    assert asking.direct == [True, True, True]
    code, _, body = await asking.ask(f"{path}/scale")
    assert code == 200 and json.loads(body)["kind"] == "Scale"


REFUSED: list[tuple[str, tuple[str, ...], int]] = [
    (HELD, ("Authorization: Bearer nobody",), 401),
    (HELD, ("Authorization: Basic eA==",), 401),
    (HELD, ("Impersonate-User: system:admin",), 403),
    (HELD, ("Impersonate-User: \udcff",), 403),  # a byte that is no text
    (HELD, ("IMPERSONATE-group: x",), 400),
    (f"{HELD}x", (), 404),
    (f"{HELD}/scale", (), 404),
    (f"{HELD}/status", (), 404),
    (f"{HELD}?resourceVersion=99999999999999999999", (), 422),
    ("/api/v1/namespaces/kube-system/configmaps/x", (), 403),
    ("/api/v1/nodes/x", (), 403),
    ("/api/v1/namespaces/default/nodes/x", (), 404),
    ("/api/v1/configmaps/held", (), 403),
    ("/api/v1/namespaces/default/configmaps/a%2Fb", (), 400),
]


@pytest.mark.parametrize(("path", "headers", "code"), REFUSED)
async def test_refusals_are_direct_too(asking: Asking, path: str, headers: tuple[str, ...], code: int) -> None:
    got, _, body = await asking.ask(path, *headers)
    assert got == code == json.loads(body)["code"]
    assert asking.direct == [True]


ODD: list[tuple[str, tuple[str, ...], int]] = [
    (f"{HELD}?pretty=true", (), 200),
    (HELD, ("User-Agent: curl/8",), 200),
    (f"{HELD}x", ("User-Agent: curl/8",), 404),
    (HELD, ("Accept: application/yaml",), 200),
    (HELD, ("Accept: application/json;as=Table;v=v1;g=meta.k8s.io",), 200),
    (HELD, ("Accept: image/png",), 406),
    ("/api/v1/namespaces/default/configmaps", (), 200),
    ("/api/v1/namespaces/default/configmaps/", (), 200),
    (f"{HELD}?timeout=5s", (), 200),
    (f"{HELD}?timeout=soon", (), 400),
    ("/apis/none/v1/namespaces/default/things/x", (), 403),
    ("/api/v1/namespaces/default/pods/p/log", (), 404),
    ("/livez", (), 403),
    ("/nothing", (), 403),
]


@pytest.mark.parametrize(("path", "headers", "code"), ODD)
async def test_what_is_not_plain_takes_the_whole_way(
    asking: Asking, path: str, headers: tuple[str, ...], code: int
) -> None:
    assert (await asking.ask(path, *headers))[0] == code
    assert not any(asking.direct)


MAPS = "/api/v1/namespaces/default/configmaps"
NEW = b'{"metadata": {"name": "new"}, "data": {"a": "b"}}'
_JSON = "Content-Type: application/json"
_MERGE = "Content-Type: application/merge-patch+json"
_APPLY = "Content-Type: application/apply-patch+yaml"
WRITES: list[tuple[str, str, str, bytes, int]] = [
    ("POST", f"{MAPS}?dryRun=All", _JSON, NEW, 201),
    ("POST", f"{MAPS}?dryRun=All&fieldManager=me", "Content-Type: application/yaml", b"metadata: {name: new}", 201),
    ("POST", f"{MAPS}?dryRun=All", _JSON, b'{"metadata": {"name": "new"}, "dada": {}}', 201),  # with a warning
    ("POST", f"{MAPS}?fieldValidation=Strict", _JSON, b'{"metadata": {"name": "new"}, "dada": {}}', 400),
    ("POST", MAPS, _JSON, NEW.replace(b"new", b"held"), 409),
    ("POST", MAPS, _JSON, NEW.replace(b"new", b"NEW"), 422),
    ("POST", MAPS, _JSON, b"{", 400),
    ("POST", MAPS, "Content-Type: image/png", NEW, 415),
    ("POST", MAPS, "Content-Type: image/png", b"", 415),
    ("POST", f"{MAPS}?dryRun=Some", _JSON, NEW, 422),
    ("POST", "/api/v1/namespaces/absent/configmaps", _JSON, NEW, 403),
    ("POST", HELD, _JSON, NEW, 405),
    ("PUT", f"{HELD}?dryRun=All", _JSON, NEW.replace(b"new", b"held"), 200),
    ("PUT", HELD, _JSON, NEW, 400),
    ("PUT", f"{HELD}x", _JSON, NEW.replace(b"new", b"heldx"), 404),
    ("PATCH", f"{HELD}?dryRun=All", _MERGE, b'{"data": {"c": "d"}}', 200),
    ("PATCH", f"{HELD}?dryRun=All&fieldManager=me", _APPLY, b"{apiVersion: v1, kind: ConfigMap, data: {c: d}}", 200),
    ("PATCH", HELD, _APPLY, b"data: {c: d}", 422),
    ("PATCH", HELD, _JSON, b"{}", 415),
    ("DELETE", f"{HELD}?dryRun=All", _JSON, b"", 200),
    ("DELETE", f"{HELD}?dryRun=All", "Content-Type: image/png", b"", 200),
    ("DELETE", HELD, _JSON, b'{"preconditions": {"uid": "other"}}', 409),
    ("DELETE", f"{HELD}x", _JSON, b"", 404),
]


@pytest.mark.parametrize(("method", "path", "content_type", "content", "code"), WRITES)
async def test_writes_are_direct(
    asking: Asking, method: str, path: str, content_type: str, content: bytes, code: int
) -> None:
    assert (await asking.ask(path, content_type, method=method, content=content))[0] == code
    assert asking.direct == [True]


async def test_a_collection_is_deleted_the_whole_way(asking: Asking) -> None:
    path = f"{MAPS}?dryRun=All&labelSelector=no"
    assert (await asking.ask(path, _JSON, method="DELETE", content=b"{}"))[0] == 200
    assert asking.direct == [False]


async def test_a_write_is_done_once_and_can_be_read(asking: Asking) -> None:
    direct = asking.ports[0]
    code, _, body = await asking.ask_one(direct, MAPS, (_JSON,), "POST", NEW)
    assert code == 201 and (await asking.ask(f"{MAPS}/new"))[2] == body
    code, _, body = await asking.ask_one(direct, f"{MAPS}/new", (_MERGE,), "PATCH", b'{"data": {"a": "c"}}')
    assert code == 200 and json.loads(body)["data"] == {"a": "c"} and (await asking.ask(f"{MAPS}/new"))[2] == body
    assert (await asking.ask_one(direct, f"{MAPS}/new", (), "DELETE"))[0] == 200
    assert (await asking.ask(f"{MAPS}/new"))[0] == 404


async def test_a_body_beyond_the_limit_is_refused(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wherry.kube.apiserver.direct.BODY_BYTES", 20)
    code, _, body = await asking.ask_one(asking.ports[0], MAPS, (_JSON,), "POST", NEW)
    assert code == 413 and "Request entity too large" in json.loads(body)["message"]


async def test_the_newest_state_counts(place: Place, asking: Asking) -> None:
    """Neither who may nor what is there is remembered from one question to the next."""
    assert (await asking.ask(HELD))[0] == 200
    await place.merge("held", {"data": {"a": "c"}})
    assert json.loads((await asking.ask(HELD))[2])["data"] == {"a": "c"}
    await place.client.delete(BINDINGS, "reader", "default")
    assert (await asking.ask(HELD))[0] == 403
    await place.client.delete(ACCOUNTS, "default", "default")
    assert (await asking.ask(HELD))[0] == 401


async def test_the_newest_state_counts_on_one_connection(place: Place, asking: Asking) -> None:
    """A connection knows whom it is by, and yet nothing is remembered that has changed."""
    connections = [await asyncio.open_connection("127.0.0.1", port) for port in asking.ports]

    async def codes(token: str = asking.token, *headers: str) -> list[int]:
        found = []
        for reader, writer in connections:
            lines = [f"GET {HELD} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", *headers, "", ""]
            writer.write("\r\n".join(lines).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
            found.append(int(head.split()[1]))
        return found

    assert [await codes() for _ in range(3)] == [[200, 200]] * 3
    assert await codes("nobody") == [401, 401]
    assert await codes(asking.token, "impersonate-USER: system:admin") == [403, 403]
    assert await codes() == [200, 200]
    await place.client.delete(BINDINGS, "reader", "default")
    assert await codes() == [403, 403]
    await place.client.delete(ACCOUNTS, "default", "default")
    assert await codes() == [401, 401]
    assert asking.direct == [True] * 8
    for _, writer in connections:
        writer.close()


async def test_requests_are_counted_and_named(place: Place, asking: Asking) -> None:
    await asking.ask(HELD)
    label = 'verb="GET",group="",version="v1",resource="configmaps",subresource="",code="200"'
    assert f"apiserver_request_total{{{label}}} 2" in place.server.measures.text().decode()
    _, fields, _ = await asking.ask_one(asking.ports[0], HELD, ("Audit-Id: mine",))
    assert fields["Audit-Id"] == "mine"


async def test_names_that_clients_choose_are_not_counted(place: Place, asking: Asking) -> None:
    def lines() -> int:
        return place.server.measures.text().count(b"\n")

    await asking.ask(f"{HELD}x")
    before = lines()
    for number in range(10):
        for method, query, code in (("GET", "", 404), ("PATCH", "?dryRun=Some", 422), ("DELETE", "", 404)):
            path = f"{HELD}/sub{number}{query}"
            assert (await asking.ask(path, _MERGE, method=method))[0] == code
    assert lines() == before and asking.direct == [True] * 31


async def test_heads_are_not_gets(asking: Asking) -> None:
    code, _, _ = await asking.ask(HELD, method="HEAD")
    assert code in (200, 405) and not any(asking.direct)


async def test_a_client_that_waits_is_told_to_send_its_body(asking: Asking) -> None:
    for port, name in zip(asking.ports, ("one", "two"), strict=True):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        content = NEW.replace(b"new", name.encode())
        lines = [f"POST {MAPS} HTTP/1.1", "Host: x", _JSON, f"Authorization: Bearer {asking.token}"]
        lines += [f"Content-Length: {len(content)}", "Expect: 100-continue", "", ""]
        writer.write("\r\n".join(lines).encode())
        async with asyncio.timeout(60):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(content)
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 201 ")
        writer.close()


async def test_what_is_yet_to_come_is_waited_for(place: Place, asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    revision = int((await place.config("now"))["metadata"]["resourceVersion"])
    waits = asyncio.create_task(asking.ask(f"{HELD}?resourceVersion={revision + 1}"))
    await asyncio.sleep(0.05)
    assert not waits.done()
    await place.config("then")
    assert (await waits)[0] == 200
    monkeypatch.setattr("wherry.kube.apiserver.caches.PATIENCE_SECONDS", 0.05)
    code, _, body = await asking.ask(f"{HELD}?resourceVersion={revision + 100}")
    assert code == 504 and "Too large resource version" in json.loads(body)["message"]
    assert all(asking.direct)


async def test_long_answers_are_compressed(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sending", "direct"):
        monkeypatch.setattr(f"wherry.kube.apiserver.{module}.GZIP_BYTES", 100)
    patch = b'{"metadata": {"labels": {"c": "d"}}}'
    for method, content in (("GET", b""), ("PATCH", patch)):
        for port in asking.ports:
            code, fields, body = await asking.ask_one(port, HELD, (_MERGE, "Accept-Encoding: gzip"), method, content)
            assert code == 200 and fields["Content-Encoding"] == "gzip" and fields["Vary"] == "Accept-Encoding"
            assert json.loads(gzip.decompress(body))["data"] == {"a": "b"}
            assert "Content-Encoding" not in (await asking.ask_one(port, HELD, (_MERGE,), method, content))[1]
    assert asking.direct == [False, True, True, True]


COUNTED: list[tuple[str, str, bytes, int, int]] = [
    ("GET", f"{HELD}x", b"", 404, 1),
    ("POST", MAPS, NEW.replace(b"new", b"held"), 409, 1),
    ("POST", f"{MAPS}?dryRun=Some", NEW, 422, 1),
    ("POST", MAPS, b"{", 400, 1),
    ("POST", "/api/v1/namespaces/default/serviceaccounts", b'{"metadata": {"name": "A"}}', 422, 1),
    ("GET", "/api/v1/nodes/x", b"", 403, 0),  # it came to no handler
    ("GET", "/api/v1/namespaces/default/nodes/x", b"", 404, 0),
]


@pytest.mark.parametrize(("method", "path", "content", "code", "times"), COUNTED)
async def test_refusals_count_the_same_either_way(
    place: Place, asking: Asking, method: str, path: str, content: bytes, code: int, times: int
) -> None:
    """As upstream's handlers count, which is behind the gate (pkg/endpoints/metrics: InstrumentRouteFunc)."""

    def counted() -> int:
        found = re.findall(
            rf'^apiserver_request_total{{.*code="{code}"}} (\d+)$', place.server.measures.text().decode(), re.M
        )
        return sum(int(each) for each in found)

    counts = [counted()]
    for port in asking.ports:
        assert (await asking.ask_one(port, path, (_JSON,), method, content))[0] == code
        counts.append(counted())
    assert counts == [0, times, 2 * times]


@pytest.mark.parametrize(("counted", "retry_after"), [(1, None), (0, "10")])
async def test_an_eviction_that_a_budget_refuses(
    place: Place, asking: Asking, counted: int, retry_after: str | None
) -> None:
    """Only when the budget is not counted yet is there a time to come again after."""
    made = await place.client.create(PODS, {**pod(), "metadata": {"name": "p", "labels": {"a": "b"}}}, "default")
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    await place.client.update(PODS, {**made, "status": ready}, "default", subresource="status")
    spec = {"selector": {"matchLabels": {"a": "b"}}, "minAvailable": 1}
    budget = await place.client.create(BUDGETS, {"metadata": {"name": "one"}, "spec": spec}, "default")
    state = {"disruptionsAllowed": 0, "desiredHealthy": 1, "currentHealthy": 1, "expectedPods": 1}
    budget["status"] = {**state, "observedGeneration": counted}
    await place.client.update(BUDGETS, budget, "default", subresource="status")
    where, content = "/api/v1/namespaces/default/pods/p/eviction", b'{"metadata": {"name": "p"}}'
    code, fields, body = await asking.ask(where, _JSON, method="POST", content=content)
    assert (code, fields.get("Retry-After"), asking.direct) == (429, retry_after, [True])
    details = json.loads(body)["details"]
    assert str(details.get("retryAfterSeconds")) == str(retry_after) and len(details["causes"]) == 1


@pytest.mark.parametrize(("query", "seconds"), [("", 0.05), ("?timeout=50ms", 60.0), ("?timeout=2h", 0.05)])
async def test_a_request_has_its_time(
    place: Place, asking: Asking, monkeypatch: pytest.MonkeyPatch, query: str, seconds: float
) -> None:  # fmt: skip
    async def never(*_: object, **__: object) -> int:
        return await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(MemoryStore, "commit", never)
    monkeypatch.setattr(place.server.http._limit, "seconds", seconds)
    code, _, body = await asking.ask(MAPS + query, _JSON, method="POST", content=NEW)
    assert code == 504 and json.loads(body)["reason"] == "Timeout" and asking.direct == [not query]
