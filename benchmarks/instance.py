"""An instance of Wherry of our own, in a directory of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import Watch, wait_until
from wherry.app.client import Client, Unreachable
from wherry.engine.instance import Instance

WHERRY = str(Path(sys.executable).parent / "wherry")
IMAGE = "bench:1"
_READY_SECONDS = 30.0
_REPLACED_SECONDS = 1.0
# After a start and its end the engine still cleans up, and prepares what the next start takes.
_QUIET_SECONDS = 0.03
# So many looks, a tenth of a second apart, that show the same.
_STEADY = 8


class Engine:
    """``client`` talks to it; it must be up for all but :meth:`up`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.names = Instance.at(root)
        self.client = Client(str(self.names.socket))
        self._spawner = 0
        self._prepared: frozenset[str] = frozenset()

    def up(self) -> float:
        """Start it; milliseconds from the command to the first answer to ``_ping``."""
        command = [WHERRY, "up", "--root", str(self.root), "--engine-only", "--detach"]
        with Watch() as watch:
            starting = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            wait_until(self._answers, _READY_SECONDS, "the first answer")
        if starting.wait() != 0:
            raise ChildProcessError("wherry up failed")
        return watch.milliseconds

    def down(self) -> None:
        subprocess.run([WHERRY, "down", "--root", str(self.root)], stdout=subprocess.DEVNULL, check=True)

    def _answers(self) -> bool:
        try:
            return self.client.request("GET", "/_ping").read() == b"OK"
        except (Unreachable, ConnectionError):
            return False

    def processes(self) -> list[dict[str, Any]]:  # the command's JSON
        """Role, pid, pss_bytes … of each, as ``wherry status`` tells them."""
        command = [WHERRY, "status", "--root", str(self.root), "--json"]
        return list(json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["processes"])

    def import_image(self, archive: bytes) -> None:
        repository, _, tag = IMAGE.partition(":")
        self.client.upload("/images/create", {"fromSrc": "-", "repo": repository, "tag": tag}, [archive]).read()

    # The containers that are prepared ahead of a start are children of the spawner.

    def settle(self) -> None:
        """Wait, at first, until all that is prepared ahead is."""
        self._spawner = next(int(one["pid"]) for one in self.processes() if one["role"] == "spawner")
        seen: list[frozenset[str]] = []

        def is_steady() -> bool:
            time.sleep(0.1)
            seen.append(self._children())
            return len(seen) > _STEADY and bool(seen[-1]) and len(set(seen[-_STEADY:])) == 1

        wait_until(is_steady, _READY_SECONDS, "what is prepared ahead of starts")
        self._prepared = seen[-1]

    def resettle(self) -> None:
        """Wait until what the last start took has been replaced: the start after it is like it.

        A start that came too early for that has made all of it itself, and nothing is replaced.
        """
        deadline = time.monotonic() + _REPLACED_SECONDS
        while time.monotonic() < deadline:
            children = self._children()
            if len(children) >= len(self._prepared) and not self._prepared <= children:
                self._prepared = children
                break
            time.sleep(0.002)
        time.sleep(_QUIET_SECONDS)

    def _children(self) -> frozenset[str]:
        return frozenset(Path(f"/proc/{self._spawner}/task/{self._spawner}/children").read_text().split())


@contextmanager
def running(directory: Path, archive: bytes) -> Iterator[Engine]:
    """An engine with the image, settled; gone at the end."""
    engine = Engine(directory)
    try:
        engine.up()
        engine.import_image(archive)
        engine.settle()
        yield engine
    finally:
        engine.down()
