"""The corpus of Dockerfiles by other builders, where they are installed: the same configuration, the same files.

The classic builder of Debian's dockerd 20.10 and buildah take minutes for it, so only ``TEST_PEERS=1``
runs this. What a case says that another builder does otherwise (``differs``) is left out.
"""

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import docker as docker_py
import pytest
from benchmarks import dockerd

from tests.corpus.cases import Case, cases
from tests.kernel.builds import build, remove_caches
from tests.kernel.rig import IMAGE, Rig, busybox_tar

pytestmark = pytest.mark.skipif(
    not os.environ.get("TEST_PEERS"), reason="TEST_PEERS=1 compares the corpus with other builders"
)

BUILT = [case for case in cases() if not case.error]
FAILING = [case for case in cases() if case.error and case.phase != "lint"]
MEMBERS = (
    "Env", "Cmd", "Entrypoint", "WorkingDir", "User", "ExposedPorts", "Volumes", "Labels", "Healthcheck", "StopSignal",
    "Shell", "OnBuild",
)  # fmt: skip
RUNTIMES = ("dev/", "proc/", "sys/", "run/")  # what they leave of a step's own mounts
STUBS = {".dockerenv", "etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab", "dev", "proc", "sys", "run"}

Files = dict[str, tuple[Any, ...]]


class Builder(Protocol):
    """Another builder. ``name`` as in ``differs``."""

    name: str

    def build(self, case: Case, context: Path) -> tuple[dict[str, Any], Files]:
        """The configuration and the files of what it makes. CalledProcessError when it fails."""
        ...


def listing(archive: bytes) -> Files:
    """What counts of the files in a tar: kind, mode, owner, content."""
    found: Files = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for entry in tar:
            name = entry.name.removeprefix("./").strip("/")
            if name in STUBS or name.startswith(RUNTIMES) or not name or name == ".":
                continue
            content = tar.extractfile(entry) if entry.isfile() else None
            digest = hashlib.sha256(content.read()).hexdigest() if content else ""
            kind = tarfile.REGTYPE if entry.islnk() else entry.type
            if entry.islnk():
                digest = str(found[entry.linkname.removeprefix("./").strip("/")][-1])
            link = entry.linkname if entry.issym() else ""
            found[name] = (kind, oct(entry.mode & 0o7777), entry.uid, entry.gid, link, digest)
    return found


def exported(client: docker_py.DockerClient, image: str) -> tuple[dict[str, Any], Files]:
    config = client.api.inspect_image(image)["Config"]
    container = client.containers.create(image, ["-"])
    try:
        return config, listing(b"".join(container.export()))
    finally:
        container.remove()


class Dockerd:
    name = "dockerd"

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self.client = docker_py.DockerClient(base_url=f"unix://{socket}", version="1.41", timeout=100)

    def build(self, case: Case, context: Path) -> tuple[dict[str, Any], Files]:
        arguments = [f"--build-arg={name}={value}" for name, value in case.options.build_args.items()]
        arguments += [f"--target={case.options.target}"] if case.options.target else []
        command = ["docker", "--host", f"unix://{self._socket}", "build", "-q", *arguments]
        command += ["-f", str(case.dockerfile), str(context)]
        environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=100)
        return exported(self.client, done.stdout.strip())


class Buildah:
    name = "buildah"

    def __init__(self, directory: Path, base: bytes) -> None:
        self._command = ["buildah", f"--root={directory}/root", f"--runroot={directory}/run", "--storage-driver=vfs"]
        (directory / "base.tar").write_bytes(base)
        self.run("pull", "-q", f"docker-archive:{directory}/base.tar")

    def run(self, *arguments: str) -> str:
        done = subprocess.run([*self._command, *arguments], capture_output=True, text=True, check=True, timeout=100)
        return done.stdout.strip()

    def build(self, case: Case, context: Path) -> tuple[dict[str, Any], Files]:
        arguments = [f"--build-arg={name}={value}" for name, value in case.options.build_args.items()]
        arguments += [f"--target={case.options.target}"] if case.options.target else []
        command = [
            "bud",
            "-q",
            "--format=docker",
            "--isolation=chroot",
            "--pull=never",
            *arguments,
            "-f",
            str(case.dockerfile),
        ]
        image = self.run(*command, str(context)).splitlines()[-1]
        container = self.run("from", "--pull=never", image)
        try:
            config = json.loads(self.run("inspect", "--type", "image", image))["Docker"]["config"]
            mount = self.run("mount", container)
            archive = subprocess.run(["tar", "-C", mount, "-c", "."], capture_output=True, check=True).stdout
            return config, listing(archive)
        finally:
            self.run("rm", container)

    def close(self) -> None:
        self.run("rmi", "--all", "--force")


@pytest.fixture(scope="module")
def classic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dockerd]:
    directory = tmp_path_factory.mktemp("dockerd") / "daemon"
    try:
        with dockerd.running(directory, "wherry-peers") as peer:
            found = Dockerd(peer.socket)
            repository, _, tag = IMAGE.partition(":")
            found.client.api.import_image_from_data(busybox_tar(), repository=repository, tag=tag)
            yield found
            found.client.close()
    except dockerd.Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def buildah(ours: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    if shutil.which("buildah") is None:
        pytest.skip("there is no buildah (Debian's package buildah)")
    found = Buildah(tmp_path_factory.mktemp("buildah"), b"".join(ours.docker.api.get_image(IMAGE)))
    yield found
    found.close()


@pytest.fixture(scope="module")
def ours(rig: Rig) -> Iterator[Rig]:
    rig.image()
    yield rig
    remove_caches(rig)


def agree(ours: Rig, peer: Builder, case: Case, tmp_path: Path) -> None:
    said = case.differs.get(peer.name, "")
    if said and said != "history is written differently":
        pytest.skip(f"{peer.name}: {said}")
    config, files = peer.build(case, context_of(case, tmp_path))
    options = case.options
    request = {
        "context": str(context_of(case, tmp_path)),
        "dockerfile": case.dockerfile.read_text(errors="surrogateescape"),
        "build_args": options.build_args,
        "target": options.target,
        "secrets": {name: base64.b64encode(text.encode()).decode() for name, text in options.secrets.items()},
    }
    own_config, own_files = exported(ours.docker, build(ours, request)["id"])
    assert {name: meant(own_config, name) for name in MEMBERS} == {name: meant(config, name) for name in MEMBERS}
    paths = own_files.keys() | (files.keys() - runtimes_own(config))
    if peer.name == "dockerd":  # the docker command writes a Dockerfile's name into it that is not in the context
        paths = {path for path in paths if not path.endswith("/.dockerignore")}
    assert {path: own_files.get(path) for path in paths} == {path: files.get(path) for path in paths}


def runtimes_own(config: dict[str, Any]) -> set[str]:
    """Directories that a container gets where its image has none: of stubs, and of volumes."""
    volumes = [path.strip("/") for path in config.get("Volumes") or {}]
    return {"etc", *volumes, *(str(parent) for path in volumes for parent in Path(path).parents)}


def context_of(case: Case, tmp_path: Path) -> Path:
    """A copy: not every builder leaves it alone."""
    copy = tmp_path / "context"
    if not copy.exists():
        if case.context is None:
            copy.mkdir()
        else:
            shutil.copytree(case.context, copy, symlinks=True)
    return copy


def meant(config: dict[str, Any], name: str) -> Any:
    """A member of a configuration, however it is absent; the order of variables means nothing."""
    value = config.get(name) or None
    if name == "Labels" and value:
        value = {key: text for key, text in value.items() if key != "io.buildah.version"} or None
    if name == "Env":
        return sorted(one for one in value or () if not one.startswith("PATH="))
    if name == "WorkingDir":
        return None if value == "/" else value
    return value


@pytest.mark.parametrize("case", BUILT, ids=lambda case: case.name)
def test_dockerds_classic_builder(ours: Rig, classic: Dockerd, case: Case, tmp_path: Path) -> None:
    agree(ours, classic, case, tmp_path)


@pytest.mark.parametrize("case", BUILT, ids=lambda case: case.name)
def test_buildah(ours: Rig, buildah: Buildah, case: Case, tmp_path: Path) -> None:
    agree(ours, buildah, case, tmp_path)


@pytest.mark.parametrize("case", FAILING, ids=lambda case: case.name)
def test_what_fails_fails_there_too(classic: Dockerd, buildah: Buildah, case: Case, tmp_path: Path) -> None:
    peers: list[Builder] = [peer for peer in (classic, buildah) if peer.name not in case.differs]
    for peer in peers:
        with pytest.raises(subprocess.CalledProcessError):
            peer.build(case, context_of(case, tmp_path))
