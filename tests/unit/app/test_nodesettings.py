"""Settings of the node."""

import pytest

from wherry.app.config import Settings, resolve
from wherry.app.nodesettings import least, reclaim, reserved, soft, usual_words
from wherry.kit.errors import Invalid
from wherry.node.pods.options import HARD, Least, Reserved, Soft


def read(**node: object) -> Settings:
    return resolve({"node": node}, "f", {}, {}, [])


def test_amounts_are_read_as_the_kubelet_does() -> None:
    found = read(reserved=["cpu=1", "memory=1Gi"], eviction_hard="memory.available<1Gi,nodefs.available<10%")
    assert reserved(found.node_reserved) == Reserved(1000, 1 << 30)
    assert least(found.node_eviction_hard)["nodefs.available"] == Least(share=0.1)


def test_what_evicts_pods_after_a_while() -> None:
    found = read(
        eviction_soft="memory.available<2Gi", eviction_soft_grace="memory.available=90s",
        eviction_minimum_reclaim="nodefs.available=5%", eviction_max_pod_grace=20,
    )  # fmt: skip
    assert soft(found.node_eviction_soft, found.node_eviction_soft_grace) == {
        "memory.available": Soft(Least(2 << 30), 90.0)
    }
    assert reclaim(found.node_eviction_minimum_reclaim) == {"nodefs.available": Least(share=0.05)}
    assert found.node_eviction_max_pod_grace == 20


def test_the_usual_thresholds_are_what_the_reference_says() -> None:
    assert least(usual_words()) == HARD


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"reserved": "cpu"}, "node.reserved: expected RESOURCE=AMOUNT"),
        ({"eviction_hard": ["x<1"]}, "node.eviction_hard: 'x' is none of"),
        ({"image_gc_low": 90}, "node.image_gc_low must not be more"),
        ({"shutdown_grace_critical": 1}, "node.shutdown_grace_critical is a part"),
        ({"eviction_soft": "memory.available<1Gi"}, "node.eviction_soft: grace period must be specified for the soft"),
        ({"eviction_soft_grace": "memory.available=1"}, "node.eviction_soft_grace: memory.available: time: invalid"),
        ({"eviction_minimum_reclaim": "x=1"}, "node.eviction_minimum_reclaim: 'x' is none of"),
        ({"image_gc_high": 101}, "node.image_gc_high: expected a whole number"),
    ],
)
def test_what_makes_no_sense(node: dict[str, object], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read(**node)
