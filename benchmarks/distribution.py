"""Measurements of pull, push and extraction, beside dockerd and GNU tar: images of 500 MB from docker-registry.

Every round pulls another image, and nothing is removed before the end: ext4 looks for an inode that was not deleted in
the last minute (fs/ext4/ialloc.c, recently_deleted), and who makes thousands of files after thousands were deleted
waits for that and for nothing else.
"""

import itertools
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import bigimage, dockerd
from benchmarks.dockerd import Dockerd
from benchmarks.footprint import pss_bytes
from benchmarks.instance import Engine
from benchmarks.measure import Contest, Sample, Watch, in_turn, wait_until
from benchmarks.registries import CONFIGURATION, running
from benchmarks.report import Goal, Row
from benchmarks.starts import Stage

_PEER = "dockerd"
_ROUNDS_LIMIT = 3  # each takes seconds, and 3 GB of disk
_WARM_UPS = 1
_PORT = 5000
_HOST = f"127.0.0.1:{_PORT}"
_MEGABYTE = 1e6
_WHAT = {
    "pull": "pull 500 MB from docker-registry",
    "push": "push 500 MB to docker-registry",
    "memory": "memory above idle while pulling 500 MB",
    "extract": "extract the layers of 500 MB",
}


def against_dockerd(stage: Stage) -> list[Row]:
    """Pull, push, memory, and extraction by itself."""
    directory = stage.directory / "distribution"
    directory.mkdir()
    try:
        for program in ("skopeo", "docker-registry", "nsenter"):
            if shutil.which(program) is None:
                raise dockerd.Unavailable(f"there is no {program}")
        with dockerd.running(directory / "dockerd", f"{stage.name}-pull") as peer:
            return list(_rows(stage, directory, peer))
    except dockerd.Unavailable as error:
        return [Row(name, text, "ms", missing=str(error)) for name, text in _WHAT.items()]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _rows(stage: Stage, directory: Path, peer: Dockerd) -> Iterator[Row]:
    rounds = min(stage.rounds, _ROUNDS_LIMIT)
    ours, theirs = Side(stage.engine.names.socket), Side(peer.socket)
    with _registries(directory, directory / "data", peer):
        for number in range(rounds + _WARM_UPS + 1):
            _offer(directory, number)
        pulled = in_turn(_pulling(ours), _pulling(theirs), rounds, _WARM_UPS)
        yield Row("pull", _WHAT["pull"], "ms", *pulled, f"{_PEER} {peer.version}", Goal(0.6))
        yield _memory(stage.engine, ours, _image(rounds + _WARM_UPS))

    def pushing(side: Side) -> Contest:
        return Contest(lambda: _push(side, directory, peer))

    pushed = in_turn(pushing(ours), pushing(theirs), rounds, _WARM_UPS)
    yield Row("push", _WHAT["push"], "ms", *pushed, f"{_PEER} {peer.version}", Goal(0.5))
    yield _extraction(directory, rounds)
    ours("rmi", "-f", *(_image(number) for number in range(rounds + _WARM_UPS + 1)))


def _image(number: int) -> str:
    return f"{_HOST}/big{number}:{bigimage.TAG}"


def _offer(directory: Path, number: int) -> None:
    """Put another image of that size into the registry."""
    layout = directory / f"image{number}"
    bigimage.make(layout, number)
    source = f"oci:{layout}:{bigimage.TAG}"
    _run("skopeo", "copy", "--quiet", "--dest-tls-verify=false", source, f"docker://{_image(number)}")
    if number:
        shutil.rmtree(layout)


class Side:
    """A daemon as the docker command reaches it."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def __call__(self, *arguments: str) -> str:
        done = dockerd.docker(self._socket, *arguments)
        if done.returncode != 0:
            raise ChildProcessError(f"docker {' '.join(arguments)}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode()


def _pulling(side: Side) -> Contest:
    number = itertools.count()

    def pull() -> float:
        image = _image(next(number))
        with Watch() as watch:
            side("pull", "-q", image)
        return watch.milliseconds

    return Contest(pull, os.sync)  # what one leaves to be written is not the other's to wait for


def _memory(engine: Engine, side: Side, image: str) -> Row:
    """The most that the daemon had while it pulled, more than before."""
    node = next(int(one["pid"]) for one in engine.processes() if one["role"] == "node")
    idle = pss_bytes(node)
    most, ended = idle, threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.05):
            most = max(most, pss_bytes(node))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        side("pull", "-q", image)
    finally:
        ended.set()
        watching.join()
    sample = Sample(((most - idle) / _MEGABYTE,))
    return Row("pull-memory", _WHAT["memory"], "MB", sample, goal=Goal(80, is_ratio=False))


def _push(side: Side, directory: Path, peer: Dockerd) -> float:
    """To a fresh registry, which has nothing of it."""
    data = directory / "pushed"
    try:
        with _registries(directory, data, peer), Watch() as watch:
            side("push", "-q", _image(0))
    finally:
        shutil.rmtree(data, ignore_errors=True)
    return watch.milliseconds


def _extraction(directory: Path, rounds: int) -> Row:
    """Layer by layer into fresh directories: by our extractor, and by ``tar -xz``."""
    layers = [path for path in (directory / "image0/blobs/sha256").iterdir() if path.stat().st_size > _MEGABYTE]

    def timed(name: str, extract: Callable[[Path, list[Path]], None]) -> Contest:
        number = itertools.count()

        def run() -> float:
            target = directory / f"{name}{next(number)}"
            target.mkdir()
            with Watch() as watch:
                extract(target, layers)
            return watch.milliseconds

        return Contest(run, os.sync)

    taken = in_turn(timed("ours", _extract), timed("tar", _untar), rounds, _WARM_UPS)
    return Row("extract", _WHAT["extract"], "ms", *taken, "GNU tar", Goal(1.5))


def _extract(target: Path, layers: list[Path]) -> None:
    from wherry.engine.snapshots import OverlaySnapshots

    snapshots = OverlaySnapshots(target / "snapshots", target / "tmp", durable=False)
    for number, layer in enumerate(layers):
        with layer.open("rb", buffering=0) as stream:
            snapshots.extract(f"sha256:{number:064x}", None, stream)


def _untar(target: Path, layers: list[Path]) -> None:
    for number, layer in enumerate(layers):
        (target / str(number)).mkdir()
        _run("tar", "-C", str(target / str(number)), "-xzf", str(layer))


@contextmanager
def _registries(directory: Path, data: Path, peer: Dockerd) -> Iterator[None]:
    """docker-registry on ``data``, twice: for us, and in dockerd's network, which is one of its own."""
    configuration = directory / "registry.yml"
    configuration.write_text(CONFIGURATION.format(root=data, port=_PORT))
    serve = ["docker-registry", "serve", str(configuration)]
    inside = ["nsenter", f"--target={peer.first}", "--net", *serve]
    with running(serve, _PORT, directory / "registry.log"), running(inside, None, directory / "inside.log"):
        wait_until(lambda: _listens(peer), 20, "docker-registry beside dockerd")
        yield


def _listens(peer: Dockerd) -> bool:
    """Whether there is a listener on the port in dockerd's network (proc_pid_net(5): state 0A)."""
    lines = Path(f"/proc/{peer.first}/net/tcp").read_text().splitlines()
    return any(line.split()[1].endswith(f":{_PORT:04X}") and line.split()[3] == "0A" for line in lines[1:])


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
