"""Measurements of builds: ten steps, with 2,000 files and 200 MB, beside dockerd's classic builder and buildah."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import dockerd
from benchmarks.instance import IMAGE, WHERRY
from benchmarks.measure import Contest, Watch, in_turn
from benchmarks.report import Goal, Row
from benchmarks.starts import Stage

_FILES, _FILE_BYTES, _LARGE_BYTES = 2_000, 4_000, 200_000_000
_ROUNDS_LIMIT = 5
_DOCKERFILE = f"""FROM {IMAGE}
WORKDIR /app
RUN echo one > /one
COPY src /app/src
RUN echo two > /two
ENV MODE=release
COPY large /app/large
RUN echo three > /three
LABEL stage=last
CMD ["true"]
"""

Build = Callable[[Path], None]
"""Builds the context in a directory."""


def against_peers(stage: Stage) -> list[Row]:
    """Cold, and with everything cached: by the docker command against dockerd, by our own against buildah."""
    directory = stage.directory / "building"
    directory.mkdir()
    try:
        return [*_docker(stage, directory), *_buildah(stage, directory)]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _docker(stage: Stage, directory: Path) -> Iterator[Row]:
    what = "docker build of 10 steps, 200 MB"
    try:
        with dockerd.running(directory / "dockerd", f"{stage.name}-build") as peer:
            _checked(["docker", "--host", f"unix://{peer.socket}", "import", "-", IMAGE], stage.archive)
            sides = _by_docker(stage.engine.names.socket), _by_docker(peer.socket)
            yield from _rows(stage, directory / "docker", what, sides, f"dockerd {peer.version}", (0.5, 0.4))
    except dockerd.Unavailable as error:
        yield Row("docker-build", what, "ms", peer_name="dockerd", missing=str(error))


def _by_docker(socket: Path) -> Build:
    command = ["docker", "--host", f"unix://{socket}", "build", "-q", "-t", "built"]
    return lambda context: _checked([*command, str(context)], DOCKER_BUILDKIT="0")


def _buildah(stage: Stage, directory: Path) -> Iterator[Row]:
    what = "wherry build of 10 steps, 200 MB"
    if shutil.which("buildah") is None:
        yield Row("build", what, "ms", peer_name="buildah", missing="there is no buildah (Debian's package buildah)")
        return
    storage = [f"--root={directory}/storage", f"--runroot={directory}/run", "--storage-driver=overlay"]
    bud = ["buildah", *storage, "bud", "-q", "--layers", "--isolation=chroot", "--pull=never"]
    base = directory / "base"
    base.mkdir()
    (base / "Dockerfile").write_text("FROM scratch\nADD rootfs.tar /\n")
    (base / "rootfs.tar").write_bytes(stage.archive)
    _checked([*bud, "-t", IMAGE, str(base)])
    version = subprocess.run(["buildah", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    ours = [WHERRY, "--root", str(stage.engine.root), "build", "-q", "-t", "built"]
    sides = (lambda context: _checked([*ours, str(context)])), (lambda context: _checked([*bud, str(context)]))
    yield from _rows(stage, directory / "buildah", what, sides, f"buildah {version}", (0.4, 0.05))
    subprocess.run(["buildah", *storage, "rmi", "--all", "--force"], capture_output=True, check=False)


def _rows(
    stage: Stage, directory: Path, what: str, sides: tuple[Build, Build], peer: str, goals: tuple[float, float]
) -> Iterator[Row]:
    """Each cold build is of files that nobody has seen; both sides get the same."""
    rounds = min(stage.rounds, _ROUNDS_LIMIT)
    directory.mkdir()
    contexts = [_context(directory / str(number), number) for number in range(rounds + 1)]

    def cold(build: Build) -> Contest:
        number = itertools.count()
        return Contest(lambda: _timed(build, contexts[next(number)]), os.sync)

    def cached(build: Build) -> Contest:
        return Contest(lambda: _timed(build, contexts[0]), os.sync)

    ours, theirs = sides
    name = what.split(" of ")[0].replace(" ", "-")
    made = in_turn(cold(ours), cold(theirs), rounds, 1)
    yield Row(f"{name}-cold", f"{what}, cold", "ms", *made, peer, Goal(goals[0]))
    found = in_turn(cached(ours), cached(theirs), rounds, 1)
    yield Row(f"{name}-cached", f"{what}, cached", "ms", *found, peer, Goal(goals[1]))
    shutil.rmtree(directory)


def _context(directory: Path, number: int) -> Path:
    (directory / "src").mkdir(parents=True)
    for index in range(_FILES):
        (directory / "src" / f"file{index}.py").write_text(f"# {number} {index}\n".ljust(_FILE_BYTES, "x"))
    (directory / "large").write_bytes(os.urandom(_LARGE_BYTES))
    (directory / "Dockerfile").write_text(_DOCKERFILE)
    return directory


def _timed(build: Build, context: Path) -> float:
    with Watch() as watch:
        build(context)
    return watch.milliseconds


def _checked(command: list[str], stdin: bytes = b"", **environment: str) -> None:
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env={**os.environ, **environment})
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise ChildProcessError(f"{' '.join(command)} failed: {said}")
