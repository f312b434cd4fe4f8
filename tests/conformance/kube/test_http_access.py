"""Who comes in, who may what, and what is no resource: discovery, health, version, figures, unknown paths."""

import json
import re

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.web import JSON, STRATEGIC, Web

RBAC = "/apis/rbac.authorization.k8s.io/v1"
PROTOBUF = "application/vnd.kubernetes.protobuf"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"


@pytest.fixture
def nobody(web: Web) -> Web:
    return web.with_token("")


@pytest.mark.parametrize("path", ("/livez", "/readyz", "/healthz", "/version", "/version/"))
def test_anybody_may_ask_how_it_is_and_which_version(nobody: Web, path: str) -> None:
    assert nobody.get(path).code == 200


@pytest.mark.parametrize(
    "path",
    ("/", "/api", "/apis", "/api/v1", "/api/v1/pods", "/apis/apps/v1/deployments", "/metrics", "/openapi/v3",
     "/openapi/v2", "/.well-known/openid-configuration", "/openid/v1/jwks", "/nope", "/api/v1/nope", "/debug/pprof"),
)  # fmt: skip
def test_nobody_may_ask_for_more(nobody: Web, path: str) -> None:
    answer = nobody.get(path)
    refused = answer.refused(401, "Unauthorized")
    assert refused["message"] == "Unauthorized" and "details" not in refused
    nobody.post(path, {}).refused(401, "Unauthorized")


@pytest.mark.parametrize("token", ("x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "x" * 10_000))
def test_wrong_tokens_are_refused_even_where_anybody_may_ask(web: Web, token: str) -> None:
    for path in ("/api/v1/pods", "/version"):
        web.with_token(token).get(path).refused(401, "Unauthorized")


def test_whoever_may_not_is_told_what(web: Web, namespace: str) -> None:
    token = web.post(f"/api/v1/namespaces/{namespace}/serviceaccounts/default/token", {"spec": {}}).ok()["status"][
        "token"
    ]
    account = web.with_token(token)
    who = f"system:serviceaccount:{namespace}:default"
    refused = account.get(f"/api/v1/namespaces/{namespace}/secrets").refused(403, "Forbidden")
    assert refused["message"] == (
        f'secrets is forbidden: User "{who}" cannot list resource "secrets" in API group "" in the namespace '
        f'"{namespace}"'
    )
    assert refused["details"] == {"kind": "secrets"}
    refused = account.get("/apis/apps/v1/namespaces/x/deployments/d/scale").refused(403, "Forbidden")
    assert refused["message"] == (
        f'deployments.apps "d" is forbidden: User "{who}" cannot get resource "deployments/scale" in API group "apps" '
        'in the namespace "x"'
    )
    assert refused["details"] == {"name": "d", "group": "apps", "kind": "deployments"}
    refused = account.get("/metrics").refused(403, "Forbidden")
    assert refused["message"] == f'forbidden: User "{who}" cannot get path "/metrics"'
    # Everybody who is somebody may see what there is.
    for path in ("/api", "/apis", "/openapi/v3", "/version", "/api/v1"):
        assert account.get(path).code == 200
    account.close()


def impersonate(web: Web, path: str, **headers: str) -> dict:
    return json.loads(web.get(path, JSON, **headers).raw)


def test_impersonation(web: Web, namespace: str) -> None:
    review = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

    def who(headers: dict) -> dict:
        return web.send("POST", review, {}, headers=headers).ok()["status"]["userInfo"]

    headers = {
        "Impersonate-User": "bob", "Impersonate-Group": "devs", "Impersonate-Uid": "7",
        "Impersonate-Extra-Team%2fName": "x",
    }  # fmt: skip
    assert who(headers) == {
        "username": "bob", "uid": "7", "groups": ["devs", "system:authenticated"], "extra": {"team/name": ["x"]},
    }  # fmt: skip
    account = f"system:serviceaccount:{namespace}:default"
    assert who({"Impersonate-User": account})["groups"] == [
        "system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated",
    ]  # fmt: skip
    refused = web.send("POST", review, {}, headers={"Impersonate-Group": "devs"})
    assert refused.code in (400, 403, 500) and refused.json["status"] == "Failure"
    said = impersonate(web, f"/api/v1/namespaces/{namespace}/pods", **{"Impersonate-User": "bob"})
    assert (said["code"], said["reason"]) == (403, "Forbidden")


def test_namespaced_rights_end_at_the_namespace(web: Web, namespace: str) -> None:
    """K10: neither the cluster's resources of the same kind of path, nor a sibling's."""
    plural = f"k{namespace.replace('-', '')}s"
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for scope, name in (("Cluster", f"c{plural}"), ("Namespaced", plural)):
        web.post(definitions, manifests.definition(name, f"Kind{scope}", scope=scope)).ok()
    wait_until(lambda: web.get(f"/apis/tests.example/v1/c{plural}").code == 200, "they are served")
    wait_until(lambda: web.get(f"/apis/tests.example/v1/{plural}").code == 200, "they are served")
    web.post(f"/apis/tests.example/v1/c{plural}", {"metadata": {"name": "secret"}, "spec": {}}).ok()
    rule = {"apiGroups": ["tests.example"], "resources": [f"c{plural}"], "verbs": ["*"]}
    here = f"{RBAC}/namespaces/{namespace}"
    web.post(f"{here}/roles", {"metadata": {"name": "r"}, "rules": [rule]}).ok()
    binding = {
        "metadata": {"name": "r"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "bob"}],
    }  # fmt: skip
    web.post(f"{here}/rolebindings", binding).ok()
    try:
        bob = {"Impersonate-User": "bob"}
        inside = f"/apis/tests.example/v1/namespaces/{namespace}/c{plural}"
        for path in (inside, f"{inside}/secret"):
            assert web.get(path, JSON, **bob).code in (403, 404)
            assert web.get(path).code == 404  # nobody finds it there
        assert web.send("DELETE", inside, headers=bob).code in (403, 404, 405)
        assert web.send("POST", inside, {"metadata": {"name": "x"}, "spec": {}}, headers=bob).code in (403, 404, 405)
        for path in (f"/apis/tests.example/v1/c{plural}", f"/apis/tests.example/v1/namespaces/{namespace}/{plural}"):
            assert web.get(path, JSON, **bob).code == 403
        assert web.get(f"/apis/tests.example/v1/c{plural}/secret").code == 200
    finally:
        for name in (f"c{plural}", plural):
            web.delete(f"{definitions}/{name}.tests.example")


def is_kept(web: Web, accept: str) -> bool:
    """Whether who has the document is told that it has. (Kinds of other tests may come and go meanwhile.)"""
    etag = web.get("/apis", accept).headers["ETag"]
    again = web.get("/apis", accept, **{"If-None-Match": etag})
    return (again.code, again.raw) == (304, b"")


def test_discovery_is_given_as_it_is_asked_for(web: Web) -> None:
    for version in ("v2", "v2beta1"):
        answer = web.get("/apis", f"{AGGREGATED.format(version)},{JSON}")
        assert answer.headers["Content-Type"] == AGGREGATED.format(version)
        found = {each["metadata"]["name"]: each for each in answer.ok()["items"]}
        resources = {each["resource"]: each for each in found["apps"]["versions"][0]["resources"]}
        subresources = {each["subresource"] for each in resources["deployments"]["subresources"]}
        assert subresources == {"scale", "status"}
        wait_until(
            lambda version=version: is_kept(web, AGGREGATED.format(version)), "who has it need not read it again"
        )
    assert web.get("/apis").ok()["kind"] == "APIGroupList"
    assert web.get("/api").ok()["versions"] == ["v1"]
    assert web.get("/apis/apps").ok()["kind"] == "APIGroup"
    listed = web.get("/api/v1").ok()
    eviction = next(each for each in listed["resources"] if each["name"] == "pods/eviction")
    assert (eviction["group"], eviction["version"], eviction["kind"]) == ("policy", "v1", "Eviction")


def test_open_api_tells_of_new_kinds_at_once(web: Web, namespace: str) -> None:
    plural = f"o{namespace.replace('-', '')}s"
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    web.post(definitions, manifests.definition(plural, "Opened", group=f"{plural}.example")).ok()
    try:
        path = f"apis/{plural}.example/v1"
        url = wait_until(lambda: web.get("/openapi/v3").ok()["paths"].get(path), "it is listed")["serverRelativeURL"]
        assert re.fullmatch(rf"/openapi/v3/{path}\?hash=[0-9A-F]+", url)
        document = web.get(url).ok()
        patch = document["paths"][f"/{path}/namespaces/{{namespace}}/{plural}/{{name}}"]["patch"]
        assert patch["x-kubernetes-group-version-kind"] == {
            "group": f"{plural}.example",
            "version": "v1",
            "kind": "Opened",
        }
        assert {"dryRun", "fieldValidation"} <= {each["name"] for each in patch["parameters"]}
        assert "application/strategic-merge-patch+json" not in patch["requestBody"]["content"]
        assert plural in {each["name"] for each in web.get(f"/{path}").ok()["resources"]}
    finally:
        web.delete(f"{definitions}/{plural}.{plural}.example")
    wait_until(lambda: path not in web.get("/openapi/v3").ok()["paths"], "it is listed no more")
    wait_until(lambda: web.get(f"/{path}").code == 404, "nor served")


def test_health_and_version(web: Web) -> None:
    assert web.get("/livez").text == "ok" and web.get("/readyz").text == "ok"
    assert web.get("/readyz?verbose").text == "[+]ping ok\n[+]etcd ok\nreadyz check passed\n"
    assert web.get("/healthz?verbose&exclude=etcd&exclude=b&exclude=a").text == (
        "[+]ping ok\n[+]etcd excluded: ok\n"
        'warn: some health checks cannot be excluded: no matches for "a","b"\nhealthz check passed\n'
    )
    assert web.get("/readyz/etcd").text == web.get("/livez/ping?verbose").text == "ok"
    assert web.get("/livez/nope").code == 404
    assert web.get("/livez/nope").code == 404
    version = web.get("/version").ok()
    assert (version["major"], version["minor"]) == ("1", "37") and version["gitVersion"].startswith("v1.37.")
    assert web.get("/version").text.startswith('{\n  "major": "1",\n')


def test_the_figures(web: Web) -> None:
    web.get("/api/v1/pods").ok()
    answer = web.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert re.search(r'^apiserver_request_total\{.*resource="pods".*\} \d+', answer.text, re.MULTILINE)


def test_odd_requests_leave_no_figures(web: Web) -> None:
    """K13 (CVE-2020-8552): unique paths, queries and user agents must not become labels."""

    def lines() -> int:
        return web.get("/metrics").text.count("\n")

    web.get("/api/v1/namespaces/default/configmaps/x?q=0")
    before = lines()
    for number in range(500):
        agent = {"User-Agent": f"agent-{number}"}
        web.get(f"/api/v1/namespaces/ns{number}/configmaps/name{number}?q={number}", JSON, **agent)
        web.get(f"/apis/group{number}.example/v{number}/things{number}", JSON, **agent)
        web.get(f"/nope/{number}", JSON, **agent)
        web.send("GET", f"/api/v1/namespaces/default/pods/p/sub{number}")
    assert lines() - before < 20
    assert "name499" not in web.get("/metrics").text and "sub499" not in web.get("/metrics").text


@pytest.mark.parametrize("path", ("/nope", "/apis/nope/v1", "/apis/nope/v1/things", "/livez/nope", "/openapi/v9"))
def test_paths_that_are_nobodys(web: Web, path: str) -> None:
    answer = web.get(path)
    assert (answer.code, answer.text) == (404, "404 page not found\n")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("request_line", ("OPTIONS *", "CONNECT example.org:443", "GET http://example.org/version"))
def test_targets_that_are_no_path(web: Web, request_line: str) -> None:
    """RFC 9112 3.2."""
    method, _, target = request_line.partition(" ")
    answer = web.send(method, target)
    assert (answer.code, answer.text) == (404, "404 page not found\n")


@pytest.mark.parametrize(
    "path",
    ("/api/v1/nope", "/api/v9", "/apis/apps/v9", "/apis/apps/v1/nope", "/api/v1/namespaces/default/nope/x",
     "/api/v1/pods/p", "/api/v1/namespaces/default/nodes/n", "/api/v1/namespaces/default/status/x",
     "/api/v1/namespaces/default/configmaps/c/d/e", "/apis/apps/v1/namespaces/default/deployments/d/status/x"),
)  # fmt: skip
def test_paths_of_groups_that_lead_nowhere(web: Web, path: str) -> None:
    refused = web.get(path).refused(404, "NotFound")
    assert refused["message"] == "the server could not find the requested resource" and refused["details"] == {}


@pytest.mark.parametrize(
    ("method", "path"),
    (
        ("POST", "/api/v1/namespaces/default/pods/p"), ("PUT", "/api/v1/namespaces/default/pods"),
        ("PATCH", "/api/v1/namespaces/default/pods"), ("POST", "/apis/apps/v1/deployments"),
        ("DELETE", "/api/v1/namespaces"), ("DELETE", "/api/v1/pods"), ("DELETE", "/apis/apps/v1/deployments"),
        ("POST", "/api/v1/componentstatuses"), ("POST", "/version"),
        ("PUT", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
        ("OPTIONS", "/api/v1/namespaces/default/pods"),
    ),
)  # fmt: skip
def test_methods_that_are_not_of_the_path(web: Web, method: str, path: str) -> None:
    refused = web.send(method, path, None if method in ("DELETE", "OPTIONS") else {}).refused(405, "MethodNotAllowed")
    assert refused["message"] == "the server does not allow this method on the requested resource"


def test_methods_and_paths_that_custom_resources_do_not_have(web: Web, namespace: str) -> None:
    plural = f"m{namespace.replace('-', '')}s"
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    web.post(definitions, manifests.definition(plural, "Methodic")).ok()
    path = f"/apis/tests.example/v1/namespaces/{namespace}/{plural}"
    wait_until(lambda: web.get(path).code == 200, "it is served")
    try:
        refused = web.put(path, {}).refused(405, "MethodNotAllowed")
        assert refused["message"] == f'update is not supported on resources of kind "{plural}.tests.example"'
        refused = web.patch(f"{path}/x", {"spec": {}}, STRATEGIC).refused(415, "UnsupportedMediaType")
        assert refused["message"] == (
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
        )
        web.post(path, b"k8s\x00", "application/vnd.kubernetes.protobuf").refused(415, "UnsupportedMediaType")
        for where in (path, f"{path}?watch=true"):  # events would be taken for what is answered next
            head = web.send("HEAD", where)
            assert (head.code, head.raw) == (200, b""), "their handler looks at the verb, not at the method"
        assert web.send("HEAD", f"{path}/nope").code == 404
        refused = web.get(f"{path}/x/nope").refused(404, "NotFound")
        assert refused["message"] == f'{plural}.tests.example "x" not found', "whether there is one or not"
        for method in ("POST", "DELETE"):
            web.send(method, f"/apis/tests.example/v1/{plural}").refused(404, "NotFound")
        for nowhere in ("v1/nope", f"v9/{plural}", "v9"):  # their handler passes on what is none of theirs
            assert web.get(f"/apis/tests.example/{nowhere}").text == "404 page not found\n"
    finally:
        web.delete(f"{definitions}/{plural}.tests.example")


@pytest.mark.parametrize(
    "path", ("/api/v1/namespaces/a%2Fb/pods", "/api/v1/namespaces/default/pods/..%2Fx", "/api/%2e%2e/v1")
)
def test_encoded_slashes_and_dots_lead_nowhere(web: Web, path: str) -> None:
    assert web.get(path).code in (400, 404)


@pytest.mark.parametrize(
    ("body", "content_type", "code", "reason", "said"),
    (
        (b"", JSON, 400, "BadRequest", "unexpected end of JSON input"),
        (b"{", JSON, 400, "BadRequest", "unexpected end of JSON input"),
        (b"[]", JSON, 400, "BadRequest", "json: cannot unmarshal array into Go value"),
        (b"null", JSON, 400, "BadRequest", "Object 'Kind' is missing in 'null'"),
        (b"\xff\xfe", JSON, 400, "BadRequest", ""),
        (b"{}", "text/plain", 415, "UnsupportedMediaType", "the body of the request was in an unknown format - "),
        (b"{}", "application/merge-patch+json", 415, "UnsupportedMediaType", "accepted media types include: "),
        (b"{}", "application/json; charset", 415, "UnsupportedMediaType", "accepted media types include: "),
        (b"a: [", "application/yaml", 400, "BadRequest", ""),
        (b"xyz", PROTOBUF, 400, "BadRequest", ""),
        (b"{" + b" " * (3 << 20) + b"}", JSON, 413, "RequestEntityTooLarge", "entity too large: limit is 3145728"),
    ),
)  # fmt: skip
def test_bodies_that_are_none(
    web: Web, namespace: str, body: bytes, content_type: str, code: int, reason: str, said: str
) -> None:
    answer = web.post(f"/api/v1/namespaces/{namespace}/configmaps", body, content_type)
    assert said in answer.refused(code, reason)["message"]
