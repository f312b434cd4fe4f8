"""``runc run`` on a root file system, as ``runc spec`` configures it: no user namespace, no overlay."""

import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from benchmarks.measure import Watch


class Runc:
    """Runs ``true`` in the bundle ``directory``; ``name`` is its containers' and their cgroup's."""

    def __init__(self, directory: Path, rootfs: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        directory.mkdir()
        subprocess.run(["runc", "spec"], cwd=directory, check=True)
        config = json.loads((directory / "config.json").read_bytes())
        config["process"].update(args=["true"], terminal=False)
        config["root"] = {"path": str(rootfs), "readonly": True}
        config["linux"]["cgroupsPath"] = f"/{name}"
        (directory / "config.json").write_text(json.dumps(config))

    def run(self) -> float:
        """Milliseconds of one run."""
        command = ["runc", "--root", str(self._directory / "state"), "run", self._name]
        with Watch() as watch:
            subprocess.run(command, cwd=self._directory, stdin=subprocess.DEVNULL, check=True)
        return watch.milliseconds

    def close(self) -> None:
        """runc removes its containers and their cgroups itself, unless it was interrupted."""
        command = ["runc", "--root", str(self._directory / "state"), "delete", "--force", self._name]
        with suppress(OSError):
            subprocess.run(command, capture_output=True, check=False)


def version() -> str | None:
    """None when it is not installed."""
    if shutil.which("runc") is None:
        return None
    return subprocess.run(["runc", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
