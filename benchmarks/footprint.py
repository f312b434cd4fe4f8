"""Measurements of memory, and of how soon a fresh engine answers."""

import tempfile
from pathlib import Path

from benchmarks import memory
from benchmarks.instance import IMAGE, Engine
from benchmarks.measure import Sample
from benchmarks.report import Goal, Row
from benchmarks.starts import Stage

_CONTAINERS = 20


def pss_bytes(pid: int) -> int:
    """Proportional set size of a process: what it has for itself, and its share of what it shares (proc(5))."""
    return memory.pss_bytes(memory.read([pid]))


def of_container(stage: Stage) -> Row:
    """All memory with some idle containers, less all memory without, divided by their number."""
    engine = stage.engine
    engine.settle()
    before = _total(engine, [])
    identities = [_start_idle(engine) for _ in range(_CONTAINERS)]
    try:
        engine.settle()
        pids = [int(engine.client.get(f"/containers/{one}/json")["State"]["Pid"]) for one in identities]
        after = _total(engine, pids)
    finally:
        for one in identities:
            engine.client.delete(f"/containers/{one}", {"force": True})
        engine.settle()
    each = Sample(((after - before) / _CONTAINERS / 1e6,))
    note = (
        f"the difference that {_CONTAINERS} make to all processes, theirs included; what is prepared ahead is in both"
    )
    return Row(
        "container", "memory of a running idle container", "MB", each, goal=Goal(3, is_ratio=False), notes=(note,)
    )


def _start_idle(engine: Engine) -> str:
    body = {"Image": IMAGE, "Cmd": ["sleep", "3600"], "HostConfig": {"NetworkMode": "bridge"}}
    identity = str(engine.client.post("/containers/create", None, body)["Id"])
    engine.client.post(f"/containers/{identity}/start")
    return identity


def _total(engine: Engine, containers: list[int]) -> int:
    """Bytes of all processes of the engine and the first processes of ``containers``."""
    return memory.pss_bytes(memory.read([*_pids(engine), *containers]))


def _pids(engine: Engine) -> list[int]:
    return [int(one["pid"]) for one in engine.processes()]


def of_engine(stage: Stage) -> list[Row]:
    """Fresh engines, one after another: the time to the first answer, then the memory at rest."""
    times, sizes, alone = [], [], []
    for _ in range(stage.rounds):
        with tempfile.TemporaryDirectory(dir=stage.directory) as directory:
            engine = Engine(Path(directory))
            try:
                times.append(engine.up())
                engine.settle()
                found = memory.read(_pids(engine))
                sizes.append(memory.pss_bytes(found) / 1e6)
                alone.append(memory.alone_bytes(found) / 1e6)
            finally:
                engine.down()
    used = _total(stage.engine, []) / 1e6
    up = Sample(tuple(times))
    return [
        Row(
            "up",
            "wherry up --detach to the first _ping",
            "ms",
            up,
            goal=Goal(500, is_ratio=False),
            notes=(f"the fastest of {len(times)} took {min(times):.0f} ms",),
        ),
        Row(
            "engine",
            "memory of all processes of an idle engine",
            "MB",
            Sample(tuple(sizes)),
            goal=Goal(70, is_ratio=False),
            notes=(
                f"fresh; the engine that the other measurements have used has {used:.1f} MB",
                f"about {Sample(tuple(alone)).median:.1f} MB where no other program uses the same libraries",
            ),
        ),
    ]
