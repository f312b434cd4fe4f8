"""What a ServiceCIDR says of itself."""

from wherry.kube.kinds.servicecidr.facts import is_ready
from wherry.kube.machinery.model import Object


def network(status: str, **metadata: str) -> Object:
    return {"metadata": metadata, "status": {"conditions": [{"type": "Ready", "status": status}]}}


def test_ready_is_who_says_so_and_stays() -> None:
    assert is_ready(network("True"))
    assert not is_ready(network("False"))
    assert not is_ready({"metadata": {}})
    assert not is_ready(network("True", deletionTimestamp="2026-01-01T00:00:00Z"))
