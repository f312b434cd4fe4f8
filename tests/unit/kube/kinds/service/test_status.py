from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.service.status import validate_balancer

AT = "status.loadBalancer.ingress[0]"


@pytest.mark.parametrize(
    ("ingress", "errors"),
    [
        ({"ip": "1.2.3.4", "ipMode": "VIP"}, []),
        ({"hostname": "lb.example"}, []),
        ({"ip": "1.2.3.4"}, [f"{AT}.ipMode: Required value: must be specified when `ip` is set"]),
        ({"ipMode": "VIP"}, [f"{AT}.ipMode: Forbidden: may not be specified when `ip` is not set"]),
        (
            {"ip": "1.2.3.4", "ipMode": "Other"},
            [f'{AT}.ipMode: Unsupported value: "Other": supported values: "Proxy", "VIP"'],
        ),
        (
            {"hostname": "1.2.3.4"},
            [f'{AT}.hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
        ),
    ],
)
def test_where_a_balancer_is(ingress: dict[str, Any], errors: list[str]) -> None:
    assert said(validate_balancer({"ingress": [ingress]}, {"type": "LoadBalancer"})) == errors


def test_only_balancers_are_anywhere() -> None:
    assert said(validate_balancer({"ingress": [{"hostname": "a"}]}, {"type": "ClusterIP"})) == [
        "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"
    ]
    assert validate_balancer({}, {"type": "ClusterIP"}) == []
