"""Which route answers a path."""

import pytest

from wherry.http.routing import Router


@pytest.fixture
def router() -> Router[str]:
    router: Router[str] = Router()
    for method, template in (
        ("GET", "/_ping"),
        ("GET", "/images/json"),
        ("GET", "/images/{name...}/json"),
        ("DELETE", "/images/{name...}"),
        ("GET", "/containers/{id}/json"),
        ("POST", "/containers/{id}/start"),
        ("DELETE", "/containers/{id}"),
        ("GET", "/containers/json"),
        ("DELETE", "/containers/{id}/checkpoints/{checkpoint}"),
    ):
        router.add(method, template, f"{method} {template}")
    return router


@pytest.mark.parametrize(
    ("method", "path", "target", "variables"),
    [
        ("GET", "/_ping", "GET /_ping", {}),
        ("GET", "/images/json", "GET /images/json", {}),
        ("GET", "/images/demo:1/json", "GET /images/{name...}/json", {"name": "demo:1"}),
        ("GET", "/images/host:5000/a/b:1/json", "GET /images/{name...}/json", {"name": "host:5000/a/b:1"}),
        ("GET", "/images/json/json", "GET /images/{name...}/json", {"name": "json"}),
        ("DELETE", "/images/a/json", "DELETE /images/{name...}", {"name": "a/json"}),
        ("GET", "/containers/json", "GET /containers/json", {}),
        ("GET", "/containers/json/json", "GET /containers/{id}/json", {"id": "json"}),
        ("DELETE", "/containers/json", "DELETE /containers/{id}", {"id": "json"}),
        (
            "DELETE",
            "/containers/a/checkpoints/b",
            "DELETE /containers/{id}/checkpoints/{checkpoint}",
            {"id": "a", "checkpoint": "b"},
        ),
    ],
)
def test_the_most_literal_route_answers(router, method, path, target, variables) -> None:
    match = router.find(method, path)
    assert match is not None
    assert (match.target, match.variables) == (target, variables)


@pytest.mark.parametrize("path", ["/", "", "/nothing", "/containers", "/containers//json", "/images//json", "/_ping/"])
def test_an_unknown_path_has_no_route(router, path) -> None:
    assert router.find("GET", path) is None


def test_a_wrong_method_is_told_apart_from_a_wrong_path(router) -> None:
    match = router.find("PUT", "/containers/a/json")
    assert match is not None
    assert match.target is None
    assert match.allowed == {"GET"}


@pytest.mark.parametrize("template", ["/containers/{id}/json", "/images/{name...}/json", "/images/{name...}"])
def test_a_route_is_added_once(router, template: str) -> None:
    with pytest.raises(ValueError, match="route exists"):
        router.add("GET" if template.endswith("json") else "DELETE", template, "again")
