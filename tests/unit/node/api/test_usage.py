"""What pods and the machine use."""

import time

from tests.unit.node.api.rig import Rig
from wherry.node.api.usage import ThisMachine, pods


async def test_every_container_that_runs_is_measured(joined: Rig) -> None:
    await joined.pod("a", ("x", "y"))
    found = list(pods(joined.pods, joined.runtime))
    assert [(each.pod["metadata"]["name"], [one.name for one in each.containers]) for each in found] == [
        ("a", ["x", "y"]),
        ("p", ["c"]),
    ]
    place = joined.pods.all["default", "a"]
    joined.runtime.exit(place.containers["x"].id, 0)
    joined.runtime.exit(joined.pods.all["default", "p"].containers["c"].id, 0)
    (only,) = pods(joined.pods, joined.runtime)
    assert [one.name for one in only.containers] == ["y"]
    assert only.containers[0].started_ns > 0 and only.containers[0].usage.memory_bytes > 0


def test_this_machine_uses_time_and_memory(tmp_path) -> None:  # type: ignore[no-untyped-def]
    machine = ThisMachine(str(tmp_path), time.time_ns)
    first = machine.measure()
    sum(range(2_000_000))
    second = machine.measure()
    assert second.cpu_ns >= first.cpu_ns > 0 and second.time_ns > first.time_ns
    assert 0 < first.started_ns < first.time_ns
    assert first.memory_bytes > 0 and first.memory_available_bytes > 0
    assert 0 < first.pids < first.pids_limit
    assert first.storage_bytes > first.storage_available_bytes > 0
