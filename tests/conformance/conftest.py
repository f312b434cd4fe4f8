"""Real clients against a real instance: one instance a module, the docker CLI, docker-py, a terminal."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import docker as docker_py
import pytest

from tests.conformance.cli import Docker
from tests.kernel.rig import Rig
from tests.ports import quiet_port

SECONDS = 400
"""For one test, with what its module needs: no more than a net, behind what each test waits for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is marked ``conformance``, and skipped where it cannot be."""
    here = str(Path(__file__).parent)
    for item in items:
        if not str(item.path).startswith(here):
            continue
        item.add_marker(pytest.mark.conformance)
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS))
        needs_engine = "rig" in getattr(item, "fixturenames", ())
        if needs_engine and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs root"))
        if needs_engine and shutil.which("docker") is None:
            item.add_marker(pytest.mark.skip(reason="needs the docker CLI"))


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """A running instance for a module's tests; at the end nothing of it may be left."""
    rig = Rig()
    try:
        rig.up()
        yield rig
    finally:
        left = rig.close()
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.fixture
def docker(rig: Rig, tmp_path: Path) -> Iterator[Docker]:
    """The docker CLI on the instance, with ``demo:1`` there; containers and volumes made by a test are removed."""
    client = Docker(rig.names.socket, tmp_path / "config")
    if not client("images", "-q", "demo:1").stdout:
        client.import_demo(tmp_path / "rootfs")
    yield client
    rig.remove_containers()
    for volume in rig.docker.volumes.list():
        volume.remove(force=True)


@pytest.fixture
def api(rig: Rig) -> docker_py.DockerClient:
    """docker-py on the instance."""
    return rig.docker


@pytest.fixture
def port() -> int:
    """A TCP port of this machine that nobody listens on."""
    return quiet_port()


@pytest.fixture(params=("running", "created", "exited"))
def container(request: pytest.FixtureRequest, docker: Docker) -> str:
    """A container in each state in which files can be copied."""
    if request.param == "running":
        docker("run", "-d", "--name", "box", "--network", "none", "demo:1", "sleep", "1000")
    elif request.param == "created":
        docker("create", "--name", "box", "--network", "none", "demo:1", "cat", "/etc/motd")
    else:
        docker("run", "--name", "box", "--network", "none", "demo:1", "true")
    return "box"


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A directory ``tree`` with files of several kinds, and a file ``note``."""
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "file").write_text("a file")
    (tmp_path / "tree" / "file").chmod(0o640)
    (tmp_path / "tree" / "deep" / "er").write_bytes(os.urandom(300_000))
    (tmp_path / "tree" / "link").symlink_to("deep/er")
    (tmp_path / "note").write_text("noted")
    return tmp_path
