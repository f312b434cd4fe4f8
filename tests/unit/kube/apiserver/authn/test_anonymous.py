"""Who says nothing (K26)."""

import pytest

from wherry.kube.apiserver.authn.anonymous import anonymous
from wherry.kube.apiserver.model import ANONYMOUS


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/healthz", "/version", "/version/", "/livez/ping", "/readyz/x/y"]
)
def test_health_and_version_are_for_everyone(path: str) -> None:
    assert anonymous(path) is ANONYMOUS


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/api",
        "/apis",
        "/api/v1/pods",
        "/openapi/v2",
        "/openapi/v3",
        "/metrics",
        "/version/x",
        "/healthz/x",
        "/livezz",
        "/Livez",
        "//livez",
        "/.well-known/openid-configuration",
        "/openid/v1/jwks",
        "/logs",
        "/debug/pprof",
    ],
)
def test_nothing_else_is(path: str) -> None:
    assert anonymous(path) is None
