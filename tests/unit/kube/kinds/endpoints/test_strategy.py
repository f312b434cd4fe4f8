from typing import Any

import pytest

from tests.unit.kube.kinds.objects import created, made
from wherry.kube.kinds.endpoints import KIND

S = "subsets[0]"
ADDRESS, PORT = {"ip": "10.0.0.1"}, {"port": 80}


@pytest.mark.parametrize(
    ("subset", "errors"),
    [
        ({"addresses": [ADDRESS], "ports": [PORT]}, []),
        ({"notReadyAddresses": [ADDRESS]}, []),
        ({}, [f"{S}: Required value: must specify `addresses` or `notReadyAddresses`"]),
        (
            {"addresses": [{"ip": "127.0.0.1"}]},
            [
                f'{S}.addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range '
                "(127.0.0.0/8, ::1/128)"
            ],
        ),
        (
            {"addresses": [{"ip": "10.0.0.1", "hostname": "a.b"}]},
            [f'{S}.addresses[0].hostname: Invalid value: "a.b": must not contain dots'],
        ),
        ({"addresses": [ADDRESS], "ports": [PORT, {"port": 81, "name": "b"}]}, [f"{S}.ports[0].name: Required value"]),
        (
            {"addresses": [ADDRESS], "ports": [{"port": 0}]},
            [f"{S}.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"],
        ),
        (
            {"addresses": [ADDRESS], "ports": [{"port": 80, "protocol": "ICMP"}]},
            [f'{S}.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
        ),
    ],
)
def test_subsets(subset: dict[str, Any], errors: list[str]) -> None:
    assert created(KIND, subsets=[subset]) == errors


def test_ports_are_those_of_tcp() -> None:
    found = made(KIND, subsets=[{"addresses": [dict(ADDRESS)], "ports": [{"port": 80}]}])
    assert found["subsets"][0]["ports"] == [{"port": 80, "protocol": "TCP"}]
    assert created(KIND) == []
