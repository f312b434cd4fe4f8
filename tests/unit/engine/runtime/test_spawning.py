"""Starting the spawner's process."""

import os
from pathlib import Path

import pytest

from tests.descriptors import open_descriptors
from wherry.engine.instance import Instance
from wherry.engine.runtime import spawning, wire
from wherry.engine.runtime.spawning import launch


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path / "root", tmp_path / "run", "12345678")


def test_it_is_our_child_and_ends_when_nobody_holds_its_socket(instance: Instance) -> None:
    before = open_descriptors()
    launched = launch(instance)
    assert os.getpgid(launched.pid)
    launched.control.close()
    assert os.waitpid(launched.pid, 0)[0] == launched.pid
    assert open_descriptors() == before


def test_the_directories_it_needs_are_there_before_it_is(instance: Instance) -> None:
    launched = launch(instance)
    assert all(path.is_dir() for path in (instance.root, instance.run, instance.shims, instance.tmp))
    launched.control.close()
    os.waitpid(launched.pid, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a spawner that gets ready")
def test_it_says_that_it_is_ready(instance: Instance) -> None:
    launched = launch(instance)
    launched.control.settimeout(60)
    received = wire.receive(launched.control)
    assert received is not None
    assert received.message == {"ready": True}
    launched.control.close()
    assert os.waitstatus_to_exitcode(os.waitpid(launched.pid, 0)[1]) == 0


def test_what_cannot_be_started_leaves_no_descriptor(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> int:
        raise FileNotFoundError(2, "No such file or directory")

    before = open_descriptors()
    monkeypatch.setattr(spawning, "sealed_copy", missing)
    with pytest.raises(FileNotFoundError):
        launch(instance)
    assert open_descriptors() == before
