"""A directory of manifests."""

import os
from pathlib import Path

import pytest

from wherry.node.pods.manifests import Manifests

MANIFEST = "apiVersion: v1\nkind: Pod\nmetadata: {name: own}\nspec:\n  containers: [{name: c, image: demo}]\n"
NOW = "2026-01-01T00:00:00Z"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "b.yaml").write_text(MANIFEST)
    return tmp_path


def names(found: Manifests) -> list[str]:
    return [each["metadata"]["name"] for each in found.read(NOW)[0]]


def test_what_cannot_be_read_keeps_nobody_else_from_running(directory: Path) -> None:
    for name, content in {"a.json": "{", "c.txt": MANIFEST, ".d.yaml": MANIFEST, "e.yml": MANIFEST}.items():
        (directory / name).write_text(content)
    (directory / "directory.yaml").mkdir()
    (directory / "nowhere.yaml").symlink_to("none")
    pods, faults = Manifests(directory, "n1").read(NOW)
    assert [each["metadata"]["name"] for each in pods] == ["own-n1"]
    assert len(faults) == 2
    assert faults[0].startswith(f"Could not process manifest file {directory}/a.json: ")
    assert faults[1].endswith("e.yml: another file has the pod default/own-n1")


def test_a_directory_that_is_not_there_is_empty(tmp_path: Path) -> None:
    found = Manifests(tmp_path / "none", "n1")
    assert found.read(NOW) == ([], [])
    assert not found.has_changed()


def test_a_change_is_one_when_nobody_writes_any_more(directory: Path) -> None:
    found = Manifests(directory, "n1")
    assert names(found) == ["own-n1"]
    assert not found.has_changed()
    for count in range(3):
        (directory / "c.yaml").write_text(MANIFEST.replace("own", "other") + "#" * count)
        assert not found.has_changed()
    assert found.has_changed()
    assert found.has_changed()  # until it is read
    assert names(found) == ["own-n1", "other-n1"]
    assert not found.has_changed()
    (directory / "b.yaml").unlink()
    assert [found.has_changed(), found.has_changed()] == [False, True]
    assert names(found) == ["other-n1"]


def test_a_file_put_in_its_place_is_another(directory: Path) -> None:
    found = Manifests(directory, "n1")
    found.read(NOW)
    it = (directory / "b.yaml").stat()
    (directory / "new").write_text(MANIFEST)
    os.utime(directory / "new", ns=(it.st_atime_ns, it.st_mtime_ns))
    (directory / "new").rename(directory / "b.yaml")
    assert [found.has_changed(), found.has_changed()] == [False, True]
