"""``python -m benchmarks [--json FILE] [--rounds N] [NAME…]``: measure, print the table. Needs root."""

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import (
    api,
    building,
    clusters,
    crowds,
    distribution,
    editing,
    footprint,
    instance,
    registries,
    report,
    rootfs,
    scheduling,
    services,
    simulating,
    starts,
    storing,
)
from benchmarks.report import Row
from benchmarks.starts import Stage
from wherry.app.client import ApiError, Unreachable

_ROUNDS = 30
_Measurement = Callable[[Stage], "list[Row]"]


def _one(measure: Callable[[Stage], Row]) -> _Measurement:
    return lambda stage: [measure(stage)]


MEASUREMENTS: dict[str, _Measurement] = {
    "floor": _one(starts.against_floor),
    "burst": _one(starts.burst),
    "runc": _one(starts.against_runc),
    "bridge": _one(starts.price_of_bridge),
    "docker": _one(starts.against_dockerd),
    "container": _one(footprint.of_container),
    "engine": footprint.of_engine,
    "distribution": distribution.against_dockerd,
    "build": building.against_peers,
    "edit": _one(editing.one_line),
    "registry": registries.against_docker_registry,
    "api": api.against_floors,
    "crowds": crowds.of_pods,
    "store": storing.against_floor_and_etcd,
    "cluster": clusters.of_cluster,
    "services": _one(services.change_of_an_endpoint),
    "scheduling": scheduling.of_scheduler,
    "simulate": simulating.of_simulation,
}


def main() -> int:
    arguments = _arguments()
    if os.geteuid() != 0:
        print("bench: this needs root: containers are made of namespaces, mounts and cgroups", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is put away
    with tempfile.TemporaryDirectory(prefix="wherry-bench-") as directory:
        Path(directory).chmod(0o755)  # containers' users pass through
        rows = _measure(Path(directory), arguments.names or list(MEASUREMENTS), arguments.rounds)
    print(report.table(rows))
    print(f"Load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors: a busy machine slows what is not a ratio.")
    if arguments.json:
        arguments.json.write_text(report.document(rows, _machine()))
    return int(any(row.failed for row in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./bench", description="Measure Wherry beside its peers, as ratios.")
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"what to measure: {', '.join(MEASUREMENTS)} (all)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there too")
    parser.add_argument("--rounds", metavar="N", type=int, default=_ROUNDS, help=f"runs of each side ({_ROUNDS})")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in MEASUREMENTS:
            parser.error(f"nothing is called {name}; there are {', '.join(MEASUREMENTS)}")
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    return arguments


def _measure(directory: Path, names: list[str], rounds: int) -> list[Row]:
    tree = directory / "rootfs"
    rootfs.make(tree)
    archive = rootfs.archive(tree)
    rows: list[Row] = []
    with instance.running(directory / "wherry", archive) as engine:
        stage = Stage(engine, directory, tree, archive, rounds, directory.name)
        for name in names:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            try:
                rows += MEASUREMENTS[name](stage)
            except (OSError, subprocess.SubprocessError, ApiError, Unreachable) as error:
                rows.append(Row(name, name, "", missing=f"failed: {error}", failed=True))
    return rows


def _machine() -> dict[str, Any]:
    return {
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "load": os.getloadavg(),
    }


if __name__ == "__main__":
    sys.exit(main())
