"""Where probes go to."""

import pytest

from tests.unit.node.pods.rig import container
from wherry.kit.errors import Invalid
from wherry.node.pods.probes import targets
from wherry.node.pods.probes.targets import Request

WEB = container(ports=[{"name": "http", "containerPort": 8080}])


@pytest.mark.parametrize(("port", "number"), [(80, 80), ("81", 81), ("http", 8080)])
def test_ports(port: object, number: int) -> None:
    assert targets.port_number(port, WEB) == number


@pytest.mark.parametrize("port", ["https", 0, 65536, None, "-1"])
def test_ports_that_are_none(port: object) -> None:
    with pytest.raises(Invalid):
        targets.port_number(port, WEB)


def test_a_request() -> None:
    found = targets.request({"path": "/a b?x=1&y=%20", "port": "http", "scheme": "HTTPS"}, WEB, "fd00::1")
    assert found.url == "https://[fd00::1]:8080/a%20b?x=1&y=%20"
    assert dict(found.headers) == {"User-Agent": "kube-probe/1.37", "Accept": "*/*"}
    assert targets.request({"port": 1, "path": "no/slash"}, WEB, "10.0.0.1").path == "/no/slash"
    assert targets.request({"port": 1, "host": "other"}, WEB, "10.0.0.1").host == "other"


def test_headers_of_ones_own() -> None:
    given = [
        {"name": "Host", "value": "shop"},
        {"name": "user-agent", "value": "mine"},
        {"name": "Accept", "value": ""},
    ]
    found = targets.request({"port": 1, "httpHeaders": given}, WEB, "10.0.0.1")
    assert found.headers == (("Host", "shop"), ("user-agent", "mine"))


@pytest.mark.parametrize("header", [{"name": "X", "value": "a\r\nHost: b"}, {"name": "X\n", "value": ""}, {"name": ""}])
def test_headers_that_are_more_than_one(header: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        targets.request({"port": 1, "httpHeaders": [header]}, WEB, "10.0.0.1")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/other?x", "http://10.0.0.1:80/other?x"),
        ("next", "http://10.0.0.1:80/a/next"),
        ("http://10.0.0.1:81/b", "http://10.0.0.1:81/b"),
        ("https://10.0.0.1/b", "https://10.0.0.1:443/b"),
        ("http://10.0.0.1", "http://10.0.0.1:80/"),
    ],
)
def test_redirects_on_the_same_host(location: str, url: str) -> None:
    found = targets.redirected(Request("http", "10.0.0.1", 80, "/a/b", ()), location)
    assert found is not None
    assert found.url == url


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest", "//evil/x", "ftp://10.0.0.1/", "http://10.0.0.1:x/", "file:///etc"]
)
def test_redirects_elsewhere_lead_nowhere(location: str) -> None:
    assert targets.redirected(Request("http", "10.0.0.1", 80, "/", ()), location) is None
