"""OpenAPI documents: complete in themselves, kept while nothing changes, and understood by real clients."""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.kube.apiserver.openapi.custom_kind import ALL, TOOLS
from tests.unit.kube.apiserver.served import Answer, Request, Server, serving
from tests.unit.kube.kubectl import kubectl, kubectls
from wherry.kube.apiserver.discovery import Discovery
from wherry.kube.apiserver.documents import Document
from wherry.kube.apiserver.openapi.documents import Documents, plain
from wherry.kube.kinds.model import Kind, Version
from wherry.kube.machinery.status import StatusError

SHOP = "shop.example.com/v1"
V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
VERSIONS = kubectls() or [pytest.param(None, marks=pytest.mark.skip("there is no kubectl"))]


def read(document: Document | None) -> Any:
    assert document is not None
    return json.loads(plain(document).body)


def test_the_index_has_every_group_version_with_a_hash() -> None:
    paths = read(Documents(lambda: ALL).v3_index())["paths"]
    assert list(paths) == sorted(paths)
    assert {"api/v1", "apis/apps/v1", "apis/autoscaling/v2", "apis/shop.example.com/v1"} <= set(paths)
    assert paths["apis/apps/v1"]["serverRelativeURL"].startswith("/openapi/v3/apis/apps/v1?hash=")


def test_the_hash_is_the_documents_etag() -> None:
    documents = Documents(lambda: ALL)
    url = read(documents.v3_index())["paths"]["api/v1"]["serverRelativeURL"]
    found = documents.v3("api/v1")
    assert found is not None
    assert found.etag == f'"{url.partition("=")[2]}"'


def test_what_is_not_served_has_no_document() -> None:
    documents = Documents(lambda: ALL)
    assert documents.v3("apis/nothing/v1") is None
    assert documents.v3("api/v2") is None
    assert documents.v3("nonsense") is None


def test_clients_that_accept_neither_are_told() -> None:
    for ask in (
        lambda: Documents(lambda: ALL).v2("text/html"),
        lambda: Documents(lambda: ALL).v3("api/v1", "text/html"),
    ):
        with pytest.raises(StatusError) as caught:
            ask()
        assert caught.value.code == 406


def test_documents_are_kept_until_their_kinds_change() -> None:
    kinds = list(ALL)
    documents = Documents(lambda: kinds)
    core, shop = documents.v3("api/v1"), documents.v3(f"apis/{SHOP}")
    index, everything = documents.v3_index(), documents.v2()
    assert documents.v3("api/v1") is core
    kinds[-1] = replace(TOOLS, versions=(Version("v1", TOOLS.schema, openapi=lambda: {"type": "object"}),))
    documents.changed()
    assert documents.v3("api/v1") is core, "nothing of it changed"
    other = documents.v3(f"apis/{SHOP}")
    assert shop and other and shop.etag != other.etag
    assert documents.v3_index().etag != index.etag
    assert documents.v2().etag != everything.etag
    kinds.pop()
    documents.changed()
    assert documents.v3(f"apis/{SHOP}") is None


def test_a_schema_is_read_once_though_other_kinds_change() -> None:
    """A custom kind's may be a megabyte, and an operator brings a group of them."""
    read: list[str] = []

    def tool(plural: str) -> Kind:
        def schema() -> dict[str, str]:
            read.append(plural)
            return {"type": "object", "description": plural}

        return replace(TOOLS, plural=plural, versions=(Version("v1", TOOLS.schema, openapi=schema),))

    kinds = [*ALL, tool("first")]
    documents = Documents(lambda: kinds)
    documents.v3_index()
    kinds.append(tool("second"))
    documents.changed()
    kinds[-1] = tool("second")
    documents.changed()
    documents.v3_index()
    assert read == ["first", "second", "second"]


def test_bodies_are_compressed() -> None:
    document = Documents(lambda: ALL).v2()
    assert document.encoding == "gzip"
    assert gzip.decompress(document.body) == plain(document).body
    assert plain(plain(document)) == plain(document)


# --- real clients


def answering(kinds: Sequence[Kind]) -> Callable[[Request], Answer]:
    discovery, documents = Discovery(lambda: kinds), Documents(lambda: kinds)

    def find(request: Request) -> Document | None:
        accept = request.headers.get("Accept", "")
        if request.path == "/openapi/v3":
            return documents.v3_index()
        if request.path.startswith("/openapi/v3/"):
            return documents.v3(request.path.removeprefix("/openapi/v3/"), accept)
        if request.path == "/openapi/v2":
            return documents.v2(accept)
        return discovery.find(request.path, accept, "127.0.0.1:1")

    def answer(request: Request) -> Answer:
        if request.method == "POST":
            return Answer(request.body, 201)
        found = find(request)
        if found is None:
            failure = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
            return Answer(json.dumps(failure).encode(), 404)
        headers = {"Content-Type": found.content_type, "Etag": found.etag}
        if found.encoding and "gzip" in request.headers.get("Accept-Encoding", ""):
            return Answer(found.body, headers={**headers, "Content-Encoding": found.encoding})
        return Answer(plain(found).body, headers=headers)

    return answer


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(answering(ALL)) as running:
        yield running


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("deployments.spec.replicas", "<integer>"),
        ("pods.spec.containers.resources", "<ResourceRequirements>"),
        ("tools.spec.size", "How large it is."),
        ("tools", "A tool."),
        ("hpa.spec.maxReplicas", "autoscaling"),
    ],
)
def test_kubectl_explains(version: tuple[int, int], field: str, said: str, server: Server, tmp_path: Path) -> None:
    done = kubectl("explain", field, version=version, server=server.url, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_kubectl_explains_recursively(version: tuple[int, int], server: Server, tmp_path: Path) -> None:
    done = kubectl("explain", "deployments", "--recursive", version=version, server=server.url, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "terminationGracePeriodSeconds" in done.stdout


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("api_version, kind", [("apps/v1", "Deployment"), ("shop.example.com/v1", "Tool")])
def test_kubectl_leaves_validation_to_the_server(
    version: tuple[int, int], api_version: str, kind: str, tmp_path: Path
) -> None:
    """It looks for ``fieldValidation`` at the PATCH operation of the kind: 1.27 and 1.28 in protobuf of version 2."""
    manifest = json.dumps({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": {"size": 1}})
    with serving(answering(ALL)) as server:
        done = kubectl("create", "-f", "-", version=version, server=server.url, stdin=manifest.encode(), home=tmp_path)
    assert done.returncode == 0, done.stderr
    (created,) = [each for each in server.requests if each.method == "POST"]
    assert "fieldValidation=Strict" in created.query
    asked = {each.path for each in server.requests if each.path.startswith("/openapi")}
    assert ("/openapi/v2" in asked) == (version < (1, 29)) or "/openapi/v3" in asked


@pytest.mark.parametrize("version", [each for each in kubectls() if each < (1, 29)])
def test_old_kubectls_read_protobuf(version: tuple[int, int], tmp_path: Path) -> None:
    with serving(answering(ALL)) as server:
        manifest = json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}})
        kubectl("create", "-f", "-", version=version, server=server.url, stdin=manifest.encode(), home=tmp_path)
    (asked,) = [each for each in server.requests if each.path == "/openapi/v2"]
    assert V2_PROTOBUF in asked.headers["Accept"]
