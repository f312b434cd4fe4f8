"""Amounts, as the kubelet's flags have them."""

from collections.abc import Callable

import pytest

from wherry.kit.errors import Invalid
from wherry.node.pods.machine.amounts import least, reclaim, reserved, soft
from wherry.node.pods.options import Least, Reserved, Soft


def test_what_is_reserved() -> None:
    assert reserved(["cpu=250m", "memory=1Gi", "ephemeral-storage=2G"]) == Reserved(250, 1 << 30, 2 * 10**9)
    assert reserved([]) == Reserved()


def test_what_is_to_be_left() -> None:
    found = least(["memory.available<100Mi", "nodefs.available<10%", "pid.available<1000"])
    assert found == {
        "memory.available": Least(100 << 20),
        "nodefs.available": Least(share=0.1),
        "pid.available": Least(1000),
    }
    assert [each.of(2000) for each in (found["nodefs.available"], found["pid.available"])] == [200, 1000]


def test_what_is_to_be_left_for_longer() -> None:
    graces = ["memory.available=1m30s", "nodefs.available=0s", "pid.available=1h"]
    assert soft(["memory.available<500Mi", "nodefs.available<10%"], graces) == {
        "memory.available": Soft(Least(500 << 20), 90.0),
        "nodefs.available": Soft(Least(share=0.1), 0.0),
    }
    with pytest.raises(Invalid, match=r"grace period must be .* the soft eviction threshold nodefs\.available"):
        soft(["nodefs.available<10%"], ["memory.available=1m"])


def test_how_much_more() -> None:
    assert reclaim(["memory.available=0", "nodefs.available=5%"]) == {
        "memory.available": Least(), "nodefs.available": Least(share=0.05),
    }  # fmt: skip


def _graces(words: list[str]) -> object:
    return soft([], words)


@pytest.mark.parametrize(
    ("read", "word", "said"),
    [
        (reserved, "cpu", "expected RESOURCE=AMOUNT, not 'cpu'"),
        (reserved, "gpu=1", "'gpu' is none of cpu, memory, ephemeral-storage"),
        (reserved, "cpu=much", "cpu: quantities must match"),
        (reserved, "memory=-1Gi", "less than nothing"),
        (least, "memory.available=1Gi", "expected SIGNAL<AMOUNT"),
        (least, "memory<1Gi", "'memory' is none of memory.available,"),
        (least, "nodefs.available<x%", "'x%' is no percentage"),
        (least, "nodefs.available<101%", "not between 0% and 100%"),
        (reclaim, "memory.available<1Gi", "expected SIGNAL=AMOUNT"),
        (reclaim, "memory.available=-1", "less than nothing"),
        (_graces, "memory.available<1m", "expected SIGNAL=DURATION"),
        (_graces, "memory.available=90", 'memory.available: time: invalid duration "90"'),
        (_graces, "memory.available=-1m", "memory.available: -1m is less than nothing"),
    ],
)
def test_what_makes_no_sense(read: Callable[[list[str]], object], word: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read([word])
