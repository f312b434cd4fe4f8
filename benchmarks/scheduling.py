"""The scheduler: 10,000 pods for 5,000 nodes, decided about alone, and all the way by the API.

Upstream's scheduler_perf must reach 680 to 810 pods a second of such a load, depending on the case, with its API server
and etcd beside it on a machine of its own.
"""

import subprocess
import sys

from benchmarks.measure import Sample
from benchmarks.report import Goal, Row
from benchmarks.schedulingload import KINDS, N_NODES, N_PODS
from benchmarks.starts import Stage

_ROUNDS = 3
_LIMIT_US = 1000.0
"""1,000 pods a second."""
_WORDS = {
    "plain": "of no wishes",
    "replicas": "of one ReplicaSet, spread by default",
    "spread": "spread over zones",
    "apart": "at most one on a node",
    "near": "that like to be together",
}


def of_scheduler(stage: Stage) -> list[Row]:
    """Goals are of microseconds a pod."""
    rows = [_decisions(kind) for kind in KINDS]
    for store, words in (("memory", "store in memory"), ("sqlite", "store on disk")):
        taken = [_run("api", store, str(stage.directory / f"scheduling-{store}-{turn}")) for turn in range(_ROUNDS)]
        what = f"{N_PODS:,} pods on {N_NODES:,} nodes until all are bound, with events, {words}"
        goal = Goal(_LIMIT_US, is_ratio=False) if store == "memory" else None
        rows.append(Row(f"scheduling-{store}", what, "us", Sample(tuple(taken)), goal=goal, notes=(_rate(taken),)))
    return rows


def _decisions(kind: str) -> Row:
    taken = [_run("decide", kind) for _ in range(_ROUNDS)]
    what = f"a decision, {N_PODS:,} pods {_WORDS[kind]} on {N_NODES:,} nodes"
    goal = Goal(_LIMIT_US, is_ratio=False)
    return Row(f"scheduling-{kind}", what, "us", Sample(tuple(taken)), goal=goal, notes=(_rate(taken),))


def _rate(taken: list[float]) -> str:
    return f"{1e6 / Sample(tuple(taken)).median:,.0f} pods a second"


def _run(*arguments: str) -> float:
    """In a process of its own, which has nothing else in its memory."""
    command = [sys.executable, "-m", "benchmarks.schedulingload", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(arguments)}: {done.stderr[-500:]}")
    return float(done.stdout)
