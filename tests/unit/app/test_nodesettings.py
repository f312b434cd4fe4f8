"""Settings of the node."""

import pytest

from wherry.app.config import Settings, resolve
from wherry.app.nodesettings import least, reserved, usual_words
from wherry.kit.errors import Invalid
from wherry.node.pods.options import HARD, Least, Reserved


def read(**node: object) -> Settings:
    return resolve({"node": node}, "f", {}, {}, [])


def test_amounts_are_read_as_the_kubelet_does() -> None:
    found = read(reserved=["cpu=1", "memory=1Gi"], eviction_hard="memory.available<1Gi,nodefs.available<10%")
    assert reserved(found.node_reserved) == Reserved(1000, 1 << 30)
    assert least(found.node_eviction_hard)["nodefs.available"] == Least(share=0.1)


def test_the_usual_thresholds_are_what_the_reference_says() -> None:
    assert least(usual_words()) == HARD


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"reserved": "cpu"}, "node.reserved: expected RESOURCE=AMOUNT"),
        ({"eviction_hard": ["x<1"]}, "node.eviction_hard: 'x' is none of"),
        ({"image_gc_low": 90}, "node.image_gc_low must not be more"),
        ({"shutdown_grace_critical": 1}, "node.shutdown_grace_critical is a part"),
        ({"image_gc_high": 101}, "node.image_gc_high: expected a whole number"),
    ],
)
def test_what_makes_no_sense(node: dict[str, object], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read(**node)
