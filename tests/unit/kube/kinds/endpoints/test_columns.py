from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CREATED, NOW
from wherry.kube.kinds.endpoints import KIND

TWO = [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]


@pytest.mark.parametrize(
    ("subsets", "shown"),
    [
        ([], "<none>"),
        ([{"addresses": TWO, "ports": [{"port": 80}]}], "10.0.0.1:80,10.0.0.2:80"),
        ([{"addresses": TWO}], "10.0.0.1,10.0.0.2"),
        ([{"addresses": [{"ip": "fd00::1"}], "ports": [{"port": 80}]}], "[fd00::1]:80"),
        (
            [{"addresses": TWO, "ports": [{"port": 80}, {"port": 443}]}],
            "10.0.0.1:80,10.0.0.2:80,10.0.0.1:443 + 1 more...",
        ),
        ([{"notReadyAddresses": TWO, "ports": [{"port": 80}]}], "<none>"),
    ],
)
def test_the_first_addresses_are_shown(subsets: list[dict[str, Any]], shown: str) -> None:
    assert KIND.cells is not None
    made = {"metadata": {"name": "web", "creationTimestamp": CREATED}, "subsets": subsets}
    assert list(KIND.cells(made, NOW)) == ["web", shown, "2m5s"]
