"""Where a proxied request leads."""

from datetime import UTC, datetime

import pytest

from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.connecting import places
from wherry.kube.apiserver.connecting.places import Name, Place
from wherry.kube.apiserver.kinds import Served
from wherry.kube.apiserver.model import ANONYMOUS
from wherry.kube.apiserver.requestinfo import parse
from wherry.kube.kinds.service import KIND
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("web", Name("", "web", "")),
        ("web:80", Name("", "web", "80")),
        ("web:http", Name("", "web", "http")),
        ("https:web:443", Name("https", "web", "443")),
        ("http:web:", Name("http", "web", "")),
        (":web:80", Name("", "web", "80")),
    ],
)
def test_names(text: str, wanted: Name) -> None:
    assert places.split_name(text) == wanted


@pytest.mark.parametrize(
    "text", ["", ":", "::", "ftp:web:80", "a:b:c:d", "web:80/x", "https::443", "web:a b", "web:" + "x" * 20]
)
def test_names_that_are_none(text: str) -> None:
    with pytest.raises(StatusError, match="invalid proxy request"):
        places.split_name(text)


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("/api/v1/nodes/n/proxy", "/"),
        ("/api/v1/nodes/n/proxy/", "/"),
        ("/api/v1/nodes/n/proxy/metrics/cadvisor?x=1", "/metrics/cadvisor?x=1"),
        ("/api/v1/namespaces/ns/pods/p/proxy", "/"),
        ("/api/v1/namespaces/ns/pods/p:80/proxy/a//b/", "/a//b/"),
        ("/api/v1/namespaces/ns/services/https:w:443/proxy/%C3%BC?a=%2F", "/%C3%BC?a=%2F"),
        ("/api/v1/namespaces/ns/pods/proxy/proxy/proxy", "/proxy"),
        ("//api/v1/nodes/n/proxy/x", "/x"),
    ],
)
def test_the_path_behind_as_it_was_written(target: str, wanted: str) -> None:
    assert places.path_behind(target) == wanted


@pytest.mark.parametrize("behind", ["..", "a/../b", "%2e%2e", "a/.%2E/b", "."])
def test_dot_segments_are_not_passed_on(behind: str) -> None:
    with pytest.raises(StatusError, match="dot segments"):
        places.path_behind(f"/api/v1/nodes/n/proxy/{behind}")


def pod(address: str = "10.0.0.5", *ports: Object) -> Object:
    return {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c"}, {"name": "d", "ports": list(ports)}]},
        "status": {"podIPs": [{"ip": address}] if address else []},
    }


def test_ports_of_a_pod() -> None:
    http = {"name": "web", "containerPort": 8080}
    assert places.pod_place(pod("10.0.0.5", http), Name("", "p", "")) == Place("http", "10.0.0.5", 8080)
    assert places.pod_place(pod("10.0.0.5", http), Name("", "p", "web")).port == 8080
    assert places.pod_place(pod("10.0.0.5", http), Name("https", "p", "9")) == Place("https", "10.0.0.5", 9)
    assert places.pod_place(pod(), Name("", "p", "")).port == 80
    assert places.pod_place(pod(), Name("https", "p", "")).port == 443
    with pytest.raises(StatusError, match='pod p has no port "web"'):
        places.pod_place(pod(), Name("", "p", "web"))


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", ""])
def test_a_pod_that_is_not_where_pods_are(address: str) -> None:
    with pytest.raises(StatusError, match="address not allowed"):
        places.pod_place(pod(address), Name("", "p", "80"))


def service(*ports: Object) -> Object:
    return {"metadata": {"name": "web"}, "spec": {"ports": list(ports)}}


def a_slice(of: str = "web", port: Object | None = None, *addresses: str, ready: object = True) -> Object:
    return {
        "metadata": {"labels": {"kubernetes.io/service-name": of}},
        "ports": [port or {"name": "http", "port": 8080}],
        "endpoints": [{"addresses": [each], "conditions": {"ready": ready}} for each in addresses],
    }


HTTP, HTTPS = {"name": "http", "port": 80}, {"name": "https", "port": 443}


def test_a_service_leads_to_its_endpoints_that_are_ready() -> None:
    slices = [
        a_slice("web", None, "10.0.0.1", "10.0.0.2"),
        a_slice("other", None, "10.0.0.3"),
        a_slice("web", None, "10.0.0.4", ready=False),
        a_slice("web", {"name": "https", "port": 8443}, "10.0.0.5"),
    ]
    for port in ("http", "80"):
        found = places.service_places(service(HTTP, HTTPS), Name("", "web", port), slices)
        assert found == [Place("http", "10.0.0.1", 8080), Place("http", "10.0.0.2", 8080)]
    assert places.service_places(service(HTTPS), Name("https", "web", ""), slices) == [Place("https", "10.0.0.5", 8443)]


def test_a_service_without_endpoints_or_port() -> None:
    with pytest.raises(StatusError, match='no endpoints available for service "web"'):
        places.service_places(service(HTTP), Name("", "web", ""), [])
    for port in ("", "x"):
        with pytest.raises(StatusError, match=f'no service port "{port}" found for service "web"'):
            places.service_places(service(HTTP, HTTPS), Name("", "web", port), [])


def call(path: str) -> Call:
    info = parse("GET", path, {"resourceVersion": "nonsense"})
    return Call(info, Served(KIND, KIND.versions[0]), ANONYMOUS, datetime.now(UTC), {"resourceVersion": "nonsense"})


def test_the_object_of_a_proxied_request() -> None:
    found = places.named(call("/api/v1/namespaces/ns/services/https:web:443/proxy/x"))
    assert (found.info.name, found.query) == ("web", {})
    assert places.named(call("/api/v1/namespaces/ns/services/web/proxy")).info.name == "web"
    with pytest.raises(StatusError):
        places.named(call("/api/v1/namespaces/ns/services/ftp:web:443/proxy"))
