"""A cluster in a test: ``with wherry.Cluster() as cluster: …``.

An instance of its own, in a directory of its own, that is gone with everything it made at the end of the block. Needs
root and Linux, as ``wherry up`` does; takes about a second.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from wherry.kit.errors import Unavailable

_PREFIX = "wherry-cluster-"
_DOWN_SECONDS = 120


class Cluster:
    """A Kubernetes cluster of one machine and a Docker engine, running while it is entered.

    ``engine_only``: the Docker engine alone. ``root``: the directory to keep everything in, which then stays; by
    default a temporary one. ``settings``: further environment of the instance (``WHERRY_…``), and further flags of
    ``wherry up`` in ``arguments``. Entering raises Unavailable with what the daemon said when it does not start, or
    the node is not Ready in time. Leaving raises Unavailable when something could not be ended: then its directory
    stays, for whoever ends it (``wherry --root DIRECTORY down``).
    """

    def __init__(
        self,
        *,
        engine_only: bool = False,
        root: Path | str | None = None,
        arguments: tuple[str, ...] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._engine_only = engine_only
        self._given = Path(root) if root is not None else None
        self._arguments = arguments
        self._settings = dict(settings or {})
        self._root: Path | None = None

    @property
    def root(self) -> Path:
        """The instance's directory. Raises RuntimeError when it is not running."""
        if self._root is None:
            raise RuntimeError("the cluster is not running: use it inside `with wherry.Cluster() as cluster:`")
        return self._root

    @property
    def kubeconfig(self) -> Path:
        """A file that any Kubernetes client can be given (KUBECONFIG)."""
        return self.root / "kubeconfig"

    @property
    def docker_host(self) -> str:
        """What a Docker client wants in DOCKER_HOST."""
        return f"unix://{self.root}/run/docker.sock"

    @property
    def environment(self) -> dict[str, str]:
        """DOCKER_HOST and, with a cluster, KUBECONFIG: for programs that a test starts."""
        found = {"DOCKER_HOST": self.docker_host}
        return found if self._engine_only else {**found, "KUBECONFIG": str(self.kubeconfig)}

    def start(self) -> None:
        """Start it; :meth:`stop` must follow, whatever happens (``with`` sees to that)."""
        self._root = self._given or Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._root.mkdir(parents=True, exist_ok=True)
        flags = [*(["--engine-only"] if self._engine_only else []), *self._arguments]
        try:
            self._wherry("up", "--detach", *flags)
        except BaseException as error:
            try:
                self.stop()
            except Unavailable as left:
                error.add_note(left.message)
            raise

    def stop(self) -> None:
        """End it and what it made. Idempotent. Raises Unavailable when it cannot; its directory then stays."""
        root = self._root
        if root is None:
            return
        try:
            if any(root.iterdir()):  # or it has not begun
                self._wherry("down")
        except (Unavailable, OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(
                f"{error}; {root} is kept, and `wherry --root {root} down` ends what is left of it"
            ) from error
        finally:
            self._root = None
        if self._given is None:
            shutil.rmtree(root, ignore_errors=True)

    def _wherry(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "wherry", "--root", str(self.root), *arguments]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WHERRY_")}
        done = subprocess.run(
            command, env={**environment, **self._settings}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=_DOWN_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Unavailable(f"wherry {arguments[0]} failed: {(done.stderr or done.stdout).strip()}")

    def __enter__(self) -> "Cluster":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
