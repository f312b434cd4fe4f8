"""Fixtures of the tests that need root and a real kernel."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.kernel.rig import Rig

if TYPE_CHECKING:
    import docker

    from tests.kernel.places import Place


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is marked ``kernel``, and skipped where it cannot be."""
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.kernel)
            if os.geteuid() != 0:
                item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture
def instance() -> Iterator[Rig]:
    """A running instance of the test's own; afterwards nothing of it may be left."""
    rig = Rig()
    try:
        rig.up()
        yield rig
    finally:
        left = rig.close()
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.fixture(scope="module")
def shared_instance() -> Iterator[Rig]:
    """A running instance for all tests of a module that leave it as they found it; the same census at its end."""
    rig = Rig()
    try:
        rig.up()
        yield rig
    finally:
        left = rig.close()
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.fixture
def docker_api(instance: Rig) -> "docker.DockerClient":
    """A docker-py client of the instance."""
    return instance.docker


@pytest.fixture
def busybox_image(instance: Rig) -> str:
    """The reference of an image with busybox, imported through the API."""
    return instance.image()


@pytest.fixture(scope="module")
def builder(shared_instance: Rig) -> Iterator[Rig]:
    """An instance to build with, which has busybox:test; the volumes of cache mounts are removed at the end."""
    from tests.kernel.builds import remove_caches  # the virtual machine's tests have no builder

    shared_instance.image()
    yield shared_instance
    remove_caches(shared_instance)


@pytest.fixture
def place() -> Iterator["Place"]:
    """Snapshots of the test's own; afterwards nothing of them may be left."""
    from tests.kernel.places import temporary

    with temporary() as made:
        yield made
