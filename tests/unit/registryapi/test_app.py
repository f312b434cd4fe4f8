"""Every request: its rights, the switches, its form."""

import base64
from pathlib import Path

import bcrypt
import pytest

from tests.unit.engine.registry.conftest import manifest_of
from wherry.oci import mediatypes
from wherry.oci.digest import Digest
from wherry.registryapi.access import Open
from wherry.registryapi.app import OPERATIONS, RegistryApi, Rules, _wanted
from wherry.registryapi.call import Call
from wherry.registryapi.paths import Kind, Target

HELLO = Digest.of(b"hello")


def test_everything_in_the_table_is_answered(depot) -> None:
    api = RegistryApi(depot.registry, Open(), Rules())
    assert set(api._answers) == set(OPERATIONS)


async def test_a_client_learns_what_this_is(serve) -> None:
    async with serve() as served:
        for path in ("/v2/", "/v2"):
            answer = await served.ask("GET", path)
            assert (answer.status, answer.body) == (200, b"{}")
            assert answer.headers["docker-distribution-api-version"] == "registry/2.0"
        assert (await served.ask("HEAD", "/v2/")).status == 200
        assert (await served.ask("GET", "/")).status == 404
        assert (await served.ask("GET", "/v1/")).status == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("POST", "/v2/", "GET, HEAD"), ("PUT", f"/v2/a/blobs/{HELLO}", "DELETE, GET, HEAD"),
     ("GET", "/v2/a/blobs/uploads/", "POST"), ("DELETE", "/v2/a/tags/list", "GET, HEAD"),
     ("PATCH", "/v2/a/manifests/1", "DELETE, GET, HEAD, PUT"), ("OPTIONS", "/v2/_catalog", "GET, HEAD"),
     ("TRACE", "/v2/", "GET, HEAD")],
)  # fmt: skip
async def test_other_methods_are_told_which_there_are(serve, method: str, path: str, allow: str) -> None:
    async with serve() as served:
        answer = await served.ask(method, path)
        assert (answer.status, answer.code, answer.headers["allow"]) == (405, "UNSUPPORTED", allow)


WRITES = [
    ("POST", "/v2/a/blobs/uploads/"),
    ("POST", f"/v2/a/blobs/uploads/?mount={HELLO}&from=b"),
    ("POST", f"/v2/a/blobs/uploads/?digest={HELLO}"),
    ("PATCH", "/v2/a/blobs/uploads/x"),
    ("PUT", f"/v2/a/blobs/uploads/x?digest={HELLO}"),
    ("DELETE", "/v2/a/blobs/uploads/x"),
    ("PUT", "/v2/a/manifests/1"),
    ("DELETE", "/v2/a/manifests/1"),
    ("DELETE", f"/v2/a/manifests/{HELLO}"),
    ("DELETE", f"/v2/a/blobs/{HELLO}"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_a_read_only_registry_changes_nothing(serve, method: str, path: str) -> None:
    async with serve() as served:
        await served.push_blob("a", b"hello")
        await served.push_blob("a", b"{}")
        await served.push_manifest("a", "1", manifest_of())
        before = served.depot.blobs()
    async with serve(read_only=True, allow_delete=True) as served:
        answer = await served.ask(method, path, b"hello")
        assert (answer.status, answer.code) == (405, "UNSUPPORTED")
        assert (await served.ask("GET", "/v2/a/manifests/1")).body == manifest_of()
        assert (await served.ask("GET", f"/v2/a/blobs/{HELLO}")).body == b"hello"
        assert served.depot.blobs() == before
        assert served.depot.rows.count_uploads() == 0


async def test_without_the_switch_nothing_is_deleted(serve) -> None:
    async with serve() as served:
        await served.push_blob("a", b"hello")
        await served.push_blob("a", b"{}")
        await served.push_manifest("a", "1", manifest_of())
        for path in (f"blobs/{HELLO}", "manifests/1", f"manifests/{Digest.of(manifest_of())}", "manifests/none"):
            answer = await served.ask("DELETE", f"/v2/a/{path}")
            assert (answer.status, answer.code) == (405, "UNSUPPORTED")
        assert (await served.ask("GET", "/v2/a/manifests/1")).status == 200


async def test_everything_needs_the_password(serve, tmp_path: Path) -> None:
    (tmp_path / "users").write_text("ann:" + bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode())
    async with serve(htpasswd=tmp_path / "users", allow_delete=True) as served:
        reads = ["/v2/", "/v2/_catalog", "/v2/a/tags/list", "/v2/a/manifests/1", f"/v2/a/blobs/{HELLO}"]
        for method, path in [*WRITES, *(("GET", path) for path in reads), *(("HEAD", path) for path in reads)]:
            answer = await served.ask(method, path, b"")
            assert answer.status == 401
            assert answer.headers["www-authenticate"] == 'Basic realm="Wherry registry"'
            assert answer.headers["docker-distribution-api-version"] == "registry/2.0"
            assert method == "HEAD" or answer.code == "UNAUTHORIZED"
        wrong = base64.b64encode(b"ann:wrong").decode()
        assert (await served.ask("GET", "/v2/", Authorization=f"Basic {wrong}")).status == 401
        right = base64.b64encode(b"ann:secret").decode()
        assert (await served.ask("GET", "/v2/", Authorization=f"Basic {right}")).status == 200
        assert (await served.ask("POST", "/v2/a/blobs/uploads/", Authorization=f"Basic {right}")).status == 202


@pytest.mark.parametrize(
    ("method", "kind", "query", "scopes"),
    [
        ("GET", Kind.BASE, "", []),
        ("GET", Kind.CATALOG, "", ["registry:catalog:*"]),
        ("GET", Kind.TAGS, "", ["repository:a:pull"]),
        ("GET", Kind.MANIFEST, "", ["repository:a:pull"]),
        ("PUT", Kind.MANIFEST, "", ["repository:a:pull,push"]),
        ("DELETE", Kind.MANIFEST, "", ["repository:a:delete"]),
        ("DELETE", Kind.BLOB, "", ["repository:a:delete"]),
        ("POST", Kind.UPLOADS, "", ["repository:a:pull,push"]),
        ("POST", Kind.UPLOADS, "mount=x&from=b", ["repository:a:pull,push", "repository:b:pull"]),
        ("GET", Kind.UPLOAD, "", ["repository:a:pull,push"]),
        ("DELETE", Kind.UPLOAD, "", ["repository:a:pull,push"]),
    ],
)
def test_rights_are_those_of_the_operation(method: str, kind: Kind, query: str, scopes: list[str]) -> None:
    target = Target(kind, "" if kind in (Kind.BASE, Kind.CATALOG) else "a", "x")
    call = Call(None, target, query)  # type: ignore[arg-type]
    assert [str(access) for access in _wanted(call, OPERATIONS[kind, method])] == scopes


async def test_web_pages_are_kept_out(serve) -> None:
    async with serve() as served:
        for headers in (
            {"Host": "evil.example:5000"},
            {"Origin": "http://evil.example"},
            {"Sec_Fetch_Site": "cross-site"},
        ):
            answer = await served.ask("GET", "/v2/_catalog", **headers)
            assert (answer.status, answer.code) == (403, "DENIED")
        assert (await served.ask("GET", "/v2/_catalog", Host="localhost:1")).status == 200


async def test_a_fault_of_ours_is_told_without_its_inside(serve, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    async with serve() as served:

        def broken(*_: object) -> None:
            raise RuntimeError("secret")

        monkeypatch.setattr(served.depot.rows, "tagged", broken)
        answer = await served.ask("GET", "/v2/a/manifests/1")
        assert (answer.status, answer.code) == (500, "UNKNOWN")
        assert b"secret" not in answer.body
        assert "secret" in caplog.text
        assert (await served.ask("GET", "/v2/")).status == 200


async def test_what_is_no_http_is_refused_in_our_form(serve) -> None:
    async with serve() as served:
        for data in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\nA B: c\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            answer = await served.ask.raw(data)
            assert answer.status in (400, 505)
            assert answer.code == "UNSUPPORTED"
            served.ask.close()


async def test_manifests_of_docker_are_served_as_such(serve) -> None:
    async with serve() as served:
        await served.push_blob("a", b"{}")
        data = manifest_of(mediaType=mediatypes.DOCKER_MANIFEST)
        assert (await served.push_manifest("a", "1", data, mediatypes.DOCKER_MANIFEST)).status == 201
        assert (await served.ask("GET", "/v2/a/manifests/1")).headers["content-type"] == mediatypes.DOCKER_MANIFEST
