"""What a URL asks for."""

from urllib.parse import parse_qsl

import pytest

from wherry.kube.apiserver.requestinfo import RequestInfo, is_set, is_true, parse


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET /api/v1/pods", ("list", "", "v1", "", "pods", "", "")),
        ("GET /api/v1/namespaces/a/pods", ("list", "", "v1", "a", "pods", "", "")),
        ("GET /api/v1/namespaces/a/pods?watch=true", ("watch", "", "v1", "a", "pods", "", "")),
        ("GET /api/v1/namespaces/a/pods?watch=0", ("list", "", "v1", "a", "pods", "", "")),
        ("GET /api/v1/watch/namespaces/a/pods", ("watch", "", "v1", "a", "pods", "", "")),
        ("GET /api/v1/watch/namespaces/a/pods/p", ("watch", "", "v1", "a", "pods", "p", "")),
        ("GET /api/v1/namespaces/a/pods/p", ("get", "", "v1", "a", "pods", "p", "")),
        ("GET /api/v1/namespaces/a/pods/p?watch=1", ("get", "", "v1", "a", "pods", "p", "")),
        ("GET /api/v1/namespaces//pods", ("list", "", "v1", "", "pods", "", "")),
        ("GET /api/v1/namespaces/a/pods/p/log", ("get", "", "v1", "a", "pods", "p", "log")),
        ("GET /api/v1/namespaces/a/pods/p/log?watch=1", ("get", "", "v1", "a", "pods", "p", "log")),
        ("POST /api/v1/namespaces/a/pods/p/exec", ("create", "", "v1", "a", "pods", "p", "exec")),
        ("GET /api/v1/namespaces", ("list", "", "v1", "", "namespaces", "", "")),
        ("GET /api/v1/namespaces/a", ("get", "", "v1", "a", "namespaces", "a", "")),
        ("PUT /api/v1/namespaces/a/finalize", ("update", "", "v1", "a", "namespaces", "a", "finalize")),
        ("PUT /api/v1/namespaces/a/status", ("update", "", "v1", "a", "namespaces", "a", "status")),
        ("GET /api/v1/namespaces/a/status/b", ("get", "", "v1", "a", "status", "b", "")),
        ("DELETE /apis/apps/v1/namespaces/a/jobs", ("deletecollection", "apps", "v1", "a", "jobs", "", "")),
        ("DELETE /apis/apps/v1/namespaces/a/deployments/d", ("delete", "apps", "v1", "a", "deployments", "d", "")),
        ("PATCH /apis/apps/v1/namespaces/a/jobs/d/scale", ("patch", "apps", "v1", "a", "jobs", "d", "scale")),
        ("GET /api/v1/pods?fieldSelector=metadata.name%3Dp", ("list", "", "v1", "", "pods", "p", "")),
        ("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
         ("create", "authorization.k8s.io", "v1", "", "selfsubjectaccessreviews", "", "")),
    ],
)  # fmt: skip
def test_resources(request_line: str, expected: tuple[str, ...]) -> None:
    method, _, target = request_line.partition(" ")
    path, _, query = target.partition("?")
    info = parse(method, path, dict(parse_qsl(query)))
    assert (info.verb, info.group, info.version, info.namespace, info.resource, info.name, info.subresource) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/livez/ping", "/x", "//", "//api/v1/pods",
        "///api/v1/pods", "//apis/apps/v1/deployments", "/apis//v1/pods",
    ],
)  # fmt: skip
def test_paths_that_are_no_resource(path: str) -> None:
    assert parse("GET", path, {}) == RequestInfo("get", path)


def test_what_is_behind_a_subresource_is_kept() -> None:
    assert parse("GET", "/api/v1/namespaces/a/services/s/proxy/x/y", {}).rest == "x/y"


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("1", True), ("t", True), ("", False), ("yes", False)])
def test_booleans_are_read_as_go_reads_them(text: str, expected: bool) -> None:
    assert is_true(text) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", False), ("watch", True), ("watch=", True), ("watch=1", True), ("watch=yes", True), ("watch=f", True),
     ("watch=0", False), ("watch=false", False), ("watch=False", False), ("watchful=1", False)],
)  # fmt: skip
def test_options_are_set_by_whatever_is_not_no(query: str, expected: bool) -> None:
    """``curl …/pods?watch`` watches."""
    options = dict(parse_qsl(query, keep_blank_values=True))
    assert is_set(options, "watch") is expected
    assert parse("GET", "/api/v1/pods", options).verb == ("watch" if expected else "list")
