from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CREATED, NOW
from wherry.kube.kinds.service import KIND


def cells(status: dict[str, Any] | None = None, **spec: Any) -> list[Any]:
    assert KIND.cells is not None
    made = {"metadata": {"name": "web", "creationTimestamp": CREATED}, "spec": spec, "status": status or {}}
    row = list(KIND.cells(made, NOW))
    assert len(row) == len(KIND.columns)
    return row


def test_a_row() -> None:
    assert cells(
        type="NodePort",
        clusterIP="10.96.0.5",
        clusterIPs=["10.96.0.5", "fd00::5"],
        ports=[{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
        selector={"b": "2", "a": "1"},
    ) == ["web", "NodePort", "10.96.0.5", "<none>", "80:30080/TCP,53/UDP", "2m5s", "a=1,b=2"]


@pytest.mark.parametrize(
    ("spec", "ingress", "shown"),
    [
        ({"type": "ClusterIP"}, [], "<none>"),
        ({"type": "ClusterIP", "externalIPs": ["1.2.3.4", "1.2.3.5"]}, [], "1.2.3.4,1.2.3.5"),
        ({"type": "LoadBalancer"}, [], "<pending>"),
        ({"type": "LoadBalancer"}, [{"ip": "9.9.9.9"}, {"hostname": "lb.example"}], "9.9.9.9,lb.example"),
        ({"type": "LoadBalancer", "externalIPs": ["1.2.3.4"]}, [{"ip": "9.9.9.9"}], "9.9.9.9,1.2.3.4"),
        ({"type": "ExternalName", "externalName": "db.example"}, [], "db.example"),
        ({"type": "Other"}, [], "<unknown>"),
    ],
)
def test_where_it_is_reached_from_outside(spec: dict[str, Any], ingress: list[dict[str, str]], shown: str) -> None:
    assert cells({"loadBalancer": {"ingress": ingress}}, **spec)[3] == shown


def test_what_it_does_not_have() -> None:
    assert cells(type="ExternalName", externalName="db.example")[2:5] == ["<none>", "db.example", "<none>"]
