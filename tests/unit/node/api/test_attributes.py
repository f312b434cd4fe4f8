"""What a request needs the right to."""

import pytest

from wherry.node.api.attributes import needed


@pytest.mark.parametrize(
    ("method", "path", "verb", "subresources"),
    [
        ("GET", "/pods", "get", ("pods", "proxy")),
        ("GET", "/pods/", "get", ("pods", "proxy")),
        ("GET", "/runningPods/", "get", ("pods", "proxy")),
        ("GET", "/healthz", "get", ("healthz", "proxy")),
        ("GET", "/healthz/ping", "get", ("healthz", "proxy")),
        ("HEAD", "/configz", "get", ("configz", "proxy")),
        ("GET", "/stats/summary", "get", ("stats",)),
        ("GET", "/metrics", "get", ("metrics",)),
        ("GET", "/metrics/cadvisor", "get", ("metrics",)),
        ("GET", "/logs/syslog", "get", ("log",)),
        ("POST", "/checkpoint/ns/p/c", "create", ("checkpoint",)),
        ("GET", "/containerLogs/ns/p/c", "get", ("proxy",)),
        ("DELETE", "/whatever", "delete", ("proxy",)),
        ("BREW", "/whatever", "brew", ("proxy",)),
        ("GET", "/", "get", ("proxy",)),
    ],
)
def test_rights_are_as_fine_as_upstreams(method: str, path: str, verb: str, subresources: tuple[str, ...]) -> None:
    found = needed(method, path)
    assert (found.verb, found.subresources) == (verb, subresources)


@pytest.mark.parametrize("first", ["exec", "attach", "portForward", "run"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_processes_and_sockets_need_create_whatever_the_method_is(first: str, method: str) -> None:
    assert needed(method, f"/{first}/ns/p/c") == needed("POST", "/containerLogs")
