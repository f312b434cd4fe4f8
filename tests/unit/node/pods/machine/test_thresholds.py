"""What a node has too little of, and since when."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from wherry.node.pods.machine.facts import Measures
from wherry.node.pods.machine.thresholds import Found, Threshold, all_of, look
from wherry.node.pods.options import Least, Soft, Thresholds

PLENTY = Measures(8 << 30, 50 << 30, 100 << 30, 500, 1000, 100, 1000, 16 << 30)
GIB = 1 << 30
MEMORY = "memory.available"


def short(**less: int) -> dict[str, str]:
    return look(all_of(Thresholds()), replace(PLENTY, **less), Found(), 0.0).pressures


def test_what_it_is_short_of() -> None:
    assert short() == {}
    assert short(memory_available_bytes=99 << 20) == {"MemoryPressure": "memory.available"}
    assert short(storage_available_bytes=4 << 30) == {"DiskPressure": "nodefs.available"}
    assert short(inodes_free=49) == {"DiskPressure": "nodefs.inodesFree"}
    assert short(pids=951) == {"PIDPressure": "pid.available"}
    assert short(inodes=0, inodes_free=0) == {}  # a file system that counts none


class Node:
    """That is looked at from time to time."""

    def __init__(self, thresholds: Thresholds) -> None:
        self.every = all_of(thresholds)
        self.found = Found()

    def at(self, seconds: float, memory_gib: float = 8.0, **less: int) -> list[tuple[str, bool]]:
        """Who has to be relieved of what: signals, and whether they are hard ones."""
        measures = replace(PLENTY, memory_available_bytes=int(memory_gib * GIB), **less)
        self.found = look(self.every, measures, self.found, seconds)
        return [(each.signal, each.is_hard) for each in self.found.due]


def test_a_soft_one_is_shown_at_once_and_acted_on_when_it_has_lasted() -> None:
    node = Node(Thresholds({}, soft={MEMORY: Soft(Least(2 * GIB), 90.0)}))
    assert node.at(0) == []
    assert node.at(10, 1.9) == []
    assert node.found.pressures == {"MemoryPressure": MEMORY}
    assert node.at(99, 1.9) == []
    assert node.at(100, 1.9) == [(MEMORY, False)]
    assert node.at(110, 2.0) == []
    assert node.found.pressures == {}


def test_one_that_was_over_meanwhile_begins_again() -> None:
    node = Node(Thresholds({}, soft={MEMORY: Soft(Least(2 * GIB), 30.0)}))
    assert node.at(0, 1) == []
    assert node.at(20, 3) == []
    assert node.at(35, 1) == []
    assert node.at(64, 1) == []
    assert node.at(65, 1) == [(MEMORY, False)]


def test_a_hard_one_waits_for_nothing_and_goes_first() -> None:
    node = Node(Thresholds({MEMORY: Least(GIB)}, soft={MEMORY: Soft(Least(2 * GIB), 10.0)}))
    assert node.at(0, 0.5) == [(MEMORY, True)]
    assert node.at(10, 0.5) == [(MEMORY, True), (MEMORY, False)]
    assert node.at(20, 1.5) == [(MEMORY, False)]


def test_memory_goes_before_the_disk() -> None:
    node = Node(Thresholds())
    assert node.at(0, 0.01, storage_available_bytes=0, pids=1000) == [
        (MEMORY, True), ("nodefs.available", True), ("pid.available", True),
    ]  # fmt: skip


def test_there_has_to_be_more_once_pods_went_for_it() -> None:
    node = Node(Thresholds({MEMORY: Least(GIB)}, reclaim={MEMORY: Least(GIB)}))
    assert node.at(0, 1.5) == []  # nothing was ever short
    assert node.at(10, 0.5) == [(MEMORY, True)]
    assert node.at(20, 1.5) == [(MEMORY, True)]
    assert node.found.pressures == {"MemoryPressure": MEMORY}
    assert node.at(30, 2.0) == []
    assert node.at(40, 1.5) == []


def test_a_share_of_the_whole_is_reclaimed() -> None:
    found = Threshold("nodefs.available", Least(share=0.05), reclaim=Least(share=0.1))
    assert found.is_met(replace(PLENTY, storage_available_bytes=14 * GIB), with_reclaim=True)
    assert not found.is_met(replace(PLENTY, storage_available_bytes=15 * GIB), with_reclaim=True)
    assert not found.is_met(replace(PLENTY, storage_available_bytes=5 * GIB))


def test_no_more_is_needed_after_a_soft_one_that_nobody_went_for() -> None:
    node = Node(Thresholds({}, soft={MEMORY: Soft(Least(2 * GIB), 60.0)}, reclaim={MEMORY: Least(GIB)}))
    assert node.at(0, 1.0) == []
    assert node.at(10, 2.5) == []
    assert node.found.pressures == {}


STEPS = st.lists(st.tuples(st.floats(0.1, 60.0), st.floats(0.0, 4.0)), max_size=20)


@given(STEPS)
def test_none_is_due_before_its_time_and_all_that_are_due_are_shown(steps: list[tuple[float, float]]) -> None:
    soft = Soft(Least(2 * GIB), 45.0)
    node = Node(Thresholds({MEMORY: Least(GIB)}, soft={MEMORY: soft}, reclaim={MEMORY: Least(GIB // 2)}))
    now, below_since = 0.0, None
    for passed, gib in steps:
        now += passed
        is_below = gib * GIB < soft.least.count
        was_due = (MEMORY, False) in [(each.signal, each.is_hard) for each in node.found.due]
        due = node.at(now, gib)
        below_since = (now if below_since is None else below_since) if is_below else None
        lasted = below_since is not None and now - below_since >= soft.grace_seconds
        assert lasted <= ((MEMORY, False) in due) <= (lasted or was_due)
        assert ((MEMORY, True) in due) >= (int(gib * GIB) < GIB)
        assert {each.condition for each in node.found.due} <= node.found.pressures.keys()
