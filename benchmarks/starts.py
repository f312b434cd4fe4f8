"""Measurements of starts: from a request to create a container that does nothing, to its end."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks import dockerd, floor
from benchmarks.instance import IMAGE, Engine
from benchmarks.measure import Contest, Sample, Watch, in_turn
from benchmarks.report import Goal, Row
from benchmarks.runc import Runc
from benchmarks.runc import version as runc_version

_WHAT = "create, start, wait of `true`"
# A host port that the kernel chooses: its number does not matter.
_PUBLISHED = {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}}


@dataclass(frozen=True, slots=True)
class Stage:
    """What the measurements share. ``directory`` is theirs; ``rounds`` how often each side runs."""

    engine: Engine
    directory: Path
    rootfs: Path
    archive: bytes
    rounds: int
    name: str


def once(engine: Engine, network: str, published: bool = False) -> float:
    """Milliseconds of one container through the API; it is removed unmeasured."""
    host = {"NetworkMode": network, **(_PUBLISHED if published else {})}
    body = {"Image": IMAGE, "Cmd": ["true"], "HostConfig": host}
    client = engine.client
    with Watch() as watch:
        identity = client.post("/containers/create", None, body)["Id"]
        waiting = client.request("POST", f"/containers/{identity}/wait", {"condition": "next-exit"})
        client.post(f"/containers/{identity}/start")
        code = waiting.json()["StatusCode"]
    client.delete(f"/containers/{identity}")
    if code != 0:
        raise ChildProcessError(f"`true` in a container ended with {code}")
    return watch.milliseconds


def _ours(engine: Engine, network: str = "none", published: bool = False) -> Contest:
    """One start at a time, each finding what is prepared ahead complete."""
    return Contest(lambda: once(engine, network, published), engine.resettle)


# Against the floor


@contextmanager
def _floor(stage: Stage) -> Iterator[Contest]:
    scratch = Path(tempfile.mkdtemp(dir=stage.directory))
    scratch.chmod(0o755)  # its container's root passes through
    command = [sys.executable, "-I", "-S", floor.__file__, str(stage.rootfs), str(scratch)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        sink, source = process.stdin, process.stdout
        yield Contest(lambda: _ask(sink, source))
        sink.close()


def _ask(sink: IO[str], source: IO[str]) -> float:
    sink.write("\n")
    sink.flush()
    answer = source.readline()
    if not answer:
        raise ChildProcessError("the floor cannot start its container")
    return float(answer)


def against_floor(stage: Stage) -> Row:
    with _floor(stage) as bare:
        ours, peer = in_turn(_ours(stage.engine), bare, stage.rounds)
    return Row("floor", f"{_WHAT}, network none", "ms", ours, peer, "floor", Goal(3))


def burst(stage: Stage) -> Row:
    """What is prepared ahead is used up at once: each start makes all of it itself."""
    with _floor(stage) as bare:
        ours, peer = in_turn(Contest(lambda: once(stage.engine, "none")), bare, stage.rounds)
    stage.engine.settle()
    return Row("burst", f"{_WHAT}, without a pause between", "ms", ours, peer, "floor")


# Against runc


def against_runc(stage: Stage) -> Row:
    what = f"{_WHAT}, network none"
    found = runc_version()
    if found is None:
        return Row("runc", what, "ms", peer_name="runc", goal=Goal(0.5), missing="runc is not installed")
    runc = Runc(stage.directory / "runc", stage.rootfs, stage.name)
    try:
        ours, peer = in_turn(_ours(stage.engine), Contest(runc.run), stage.rounds)
    finally:
        runc.close()
    return Row("runc", what, "ms", ours, peer, f"runc {found}", Goal(0.5))


# The price of a network


def price_of_bridge(stage: Stage) -> Row:
    bridged, none = in_turn(_ours(stage.engine, "bridge", True), _ours(stage.engine), stage.rounds)
    return Row("bridge", f"{_WHAT}, bridge and a port", "ms", bridged, none, "network none", Goal(1.5))


# Against dockerd


def against_dockerd(stage: Stage) -> Row:
    what, goal = "docker run --rm IMAGE true, bridge", Goal(0.2)
    try:
        with dockerd.running(stage.directory / "dockerd", stage.name) as peer:
            ours, theirs = _run_both(stage, peer.socket)
    except dockerd.Unavailable as error:
        return Row("docker", what, "ms", peer_name="dockerd", goal=goal, missing=str(error))
    return Row("docker", what, "ms", ours, theirs, f"dockerd {peer.version}", goal)


def _run_both(stage: Stage, theirs: Path) -> tuple[Sample, Sample]:
    answer = dockerd.docker(theirs, "import", "-", IMAGE, stdin=stage.archive)
    if answer.returncode:
        raise dockerd.Unavailable(f"dockerd refused the image: {answer.stderr.decode(errors='replace').strip()}")
    ours = Contest(lambda: _run_by_command(stage.engine.names.socket), stage.engine.resettle)
    return in_turn(ours, Contest(lambda: _run_by_command(theirs)), stage.rounds)


def _run_by_command(socket: Path) -> float:
    with Watch() as watch:
        done = dockerd.docker(socket, "run", "--rm", IMAGE, "true")
    if done.returncode:
        raise ChildProcessError(f"docker run at {socket}: {done.stderr.decode(errors='replace').strip()}")
    return watch.milliseconds
