"""Measurements of the registry as a server, beside Debian's docker-registry: skopeo pulls from and pushes to both."""

import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bigimage
from benchmarks.footprint import pss_bytes
from benchmarks.instance import WHERRY
from benchmarks.measure import Contest, Sample, Watch, in_turn, wait_until
from benchmarks.report import Goal, Row
from benchmarks.starts import Stage

_PEER = "docker-registry"
_READY_SECONDS = 20.0
_ROUNDS_LIMIT = 7  # each takes seconds
CONFIGURATION = """version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


class Unavailable(Exception):
    """A program of the comparison is not there."""


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry that answers on loopback."""

    port: int
    pid: int
    directory: Path

    def reference(self, repository: str) -> str:
        return f"docker://127.0.0.1:{self.port}/{repository}:{bigimage.TAG}"


def against_docker_registry(stage: Stage) -> list[Row]:
    """Pull and push by skopeo, and memory at rest."""
    what = {"pull": "skopeo pulls 500 MB from our registry", "push": "skopeo pushes 500 MB to our registry"}
    directory = stage.directory / "registries"
    directory.mkdir()
    try:
        for program in ("skopeo", "docker-registry"):
            if shutil.which(program) is None:
                raise Unavailable(f"there is no {program} (Debian's package {program})")
        bigimage.make(directory / "image")
        with _ours(directory) as ours, _theirs(directory) as theirs:
            return list(_rows(stage, directory, ours, theirs, what))
    except Unavailable as error:
        return [Row(f"registry-{name}", text, "ms", missing=str(error)) for name, text in what.items()]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _rows(stage: Stage, directory: Path, ours: Registry, theirs: Registry, what: dict[str, str]) -> Iterator[Row]:
    mine, others = (Sample((pss_bytes(each.pid) / 1e6,)) for each in (ours, theirs))
    yield Row("registry-memory", "memory of an idle registry", "MB", mine, others, _PEER)
    rounds = min(stage.rounds, _ROUNDS_LIMIT)
    image = f"oci:{directory / 'image'}:{bigimage.TAG}"
    for registry in (ours, theirs):
        _copy(image, registry.reference("big"))

    def pull(registry: Registry) -> float:
        target = directory / "pulled"
        with Watch() as watch:
            _copy(registry.reference("big"), f"dir:{target}")
        shutil.rmtree(target)
        return watch.milliseconds

    def push(start: Callable[[Path], AbstractContextManager[Registry]]) -> float:
        """To a fresh registry at another port: skopeo remembers where a blob is already."""
        fresh = directory / "fresh"
        fresh.mkdir()
        with start(fresh) as registry, Watch() as watch:
            _copy(image, registry.reference("big"))
        shutil.rmtree(fresh)
        return watch.milliseconds

    pulled = in_turn(Contest(lambda: pull(ours)), Contest(lambda: pull(theirs)), rounds)
    yield Row("registry-pull", what["pull"], "ms", *pulled, _PEER, Goal(1))
    pushed = in_turn(Contest(lambda: push(_ours)), Contest(lambda: push(_theirs)), rounds)
    note = "ours has all on the disk (fsync) when it says so"
    yield Row("registry-push", what["push"], "ms", *pushed, _PEER, notes=(note,))


def _copy(source: str, target: str) -> None:
    plain = ("--src-tls-verify=false", "--dest-tls-verify=false")
    subprocess.run(["skopeo", "copy", "--quiet", *plain, source, target], check=True, capture_output=True)


@contextmanager
def _ours(directory: Path) -> Iterator[Registry]:
    root, port = directory / "ours", _free_port()
    command = [WHERRY, "registry", "serve", "--root", str(root), "--listen", f"127.0.0.1:{port}"]
    with running(command, port, directory / "ours.log") as pid:
        yield Registry(port, pid, root)


@contextmanager
def _theirs(directory: Path) -> Iterator[Registry]:
    root, port = directory / "theirs", _free_port()
    (directory / "theirs.yml").write_text(CONFIGURATION.format(root=root, port=port))
    command = ["docker-registry", "serve", str(directory / "theirs.yml")]
    with running(command, port, directory / "theirs.log") as pid:
        yield Registry(port, pid, root)


@contextmanager
def running(command: list[str], port: int | None, log: Path) -> Iterator[int]:
    """A server, until it answers at the port (None: who calls finds that out)."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        if port is not None:
            wait_until(lambda: _answers(port), _READY_SECONDS, command[0])
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
