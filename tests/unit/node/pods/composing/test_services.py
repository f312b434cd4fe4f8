"""Variables of services."""

from typing import Any

from wherry.kube.machinery.model import Object
from wherry.node.pods.composing.services import variables


def service(name: str, namespace: str = "shop", address: str = "10.96.0.1", *ports: Any) -> Object:
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": address, "ports": list(ports) or [{"port": 80, "protocol": "TCP"}]},
    }


API = service("kubernetes", "default", "10.96.0.1", {"name": "https", "port": 443, "protocol": "TCP"})


def test_the_variables_of_a_service() -> None:
    found = variables(
        [service("data-base", "shop", "10.96.0.9", {"name": "sql", "port": 5432}, {"port": 53, "protocol": "UDP"})],
        "shop",
        True,
    )
    assert found == {
        "DATA_BASE_SERVICE_HOST": "10.96.0.9",
        "DATA_BASE_SERVICE_PORT": "5432",
        "DATA_BASE_SERVICE_PORT_SQL": "5432",
        "DATA_BASE_PORT": "tcp://10.96.0.9:5432",
        "DATA_BASE_PORT_5432_TCP": "tcp://10.96.0.9:5432",
        "DATA_BASE_PORT_5432_TCP_PROTO": "tcp",
        "DATA_BASE_PORT_5432_TCP_PORT": "5432",
        "DATA_BASE_PORT_5432_TCP_ADDR": "10.96.0.9",
        "DATA_BASE_PORT_53_UDP": "udp://10.96.0.9:53",
        "DATA_BASE_PORT_53_UDP_PROTO": "udp",
        "DATA_BASE_PORT_53_UDP_PORT": "53",
        "DATA_BASE_PORT_53_UDP_ADDR": "10.96.0.9",
    }


def test_the_api_is_known_everywhere_and_others_where_they_are() -> None:
    services = [API, service("web"), service("web2", "other")]
    assert {name.split("_SERVICE")[0] for name in variables(services, "shop", True) if "SERVICE_HOST" in name} == {
        "KUBERNETES", "WEB",
    }  # fmt: skip
    assert {name for name in variables(services, "shop", False) if "SERVICE_HOST" in name} == {
        "KUBERNETES_SERVICE_HOST"
    }


def test_who_has_no_address_has_no_variables() -> None:
    assert variables([service("headless", "shop", "None"), service("external", "shop", "")], "shop", True) == {}


def test_addresses_of_version_6_are_in_brackets() -> None:
    assert variables([service("six", "shop", "fd00::1")], "shop", True)["SIX_PORT"] == "tcp://[fd00::1]:80"


def test_a_service_of_the_own_namespace_counts_before_the_api() -> None:
    own = service("kubernetes", "shop", "10.96.0.7")
    for services in ([API, own], [own, API]):
        assert variables(services, "shop", True)["KUBERNETES_SERVICE_HOST"] == "10.96.0.7"
