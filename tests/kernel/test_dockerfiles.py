"""The corpus of Dockerfiles, built for real: configuration, files, history and errors are as each case says."""

import base64
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.cases import Case, cases
from tests.kernel.builds import Failed, build, cached
from tests.kernel.rig import IMAGE, Rig
from wherry.engine.snapshots import OverlaySnapshots
from wherry.linux.openat2 import openat2
from wherry.oci.chain import chain_ids

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}


@pytest.fixture(scope="module")
def rig(shared_instance: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    shared_instance.image()
    yield shared_instance
    volumes = shared_instance.docker.volumes.list(filters={"name": "buildcache-"})
    for volume in volumes:
        volume.remove()


def request_of(case: Case, empty: Path) -> dict[str, Any]:
    options = case.options
    return {
        "context": str(case.context or empty),
        "dockerfile": case.dockerfile.read_text(errors="surrogateescape"),
        "tags": [f"corpus:{case.name[:60]}"],
        "build_args": options.build_args,
        "target": options.target,
        "secrets": {name: base64.b64encode(text.encode()).decode() for name, text in options.secrets.items()},
    }


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_dockerfile(case: Case, rig: Rig, tmp_path: Path) -> None:
    request = request_of(case, tmp_path)
    if case.error:
        with pytest.raises(Failed) as failure:
            build(rig, request)
        assert case.error in str(failure.value)
        return
    built = build(rig, request)
    image = rig.docker.api.inspect_image(built["id"])
    for name, expected in case.config.items():
        assert (image["Config"].get(name) or None) == (expected or None), name
    assert image["Author"] == case.author or not case.author
    if case.history:
        history = [entry["CreatedBy"] for entry in reversed(rig.docker.api.history(built["id"]))]
        assert history[-len(case.history) :] == case.history
    check_files(case, rig, image["RootFS"].get("Layers") or [], tmp_path)


def check_files(case: Case, rig: Rig, diff_ids: list[str], scratch: Path) -> None:
    snapshots = OverlaySnapshots(rig.names.snapshots, scratch / "view")
    with snapshots.view(chain_ids(diff_ids)) as root:
        for path, expected in case.files.items():
            found = look(root, path)
            if expected is None:
                assert found is None, f"{path} is there"
                continue
            assert found is not None, f"{path} is missing"
            assert {name: found.get(name) for name in expected} == expected, path


def look(root: int, path: str) -> dict[str, str] | None:
    """What the corpus says of files, of the one at ``path``."""
    parent, name = os.path.split(path.rstrip("/"))
    try:
        directory = openat2(root, parent or "/", os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        status = os.stat(name or ".", dir_fd=directory, follow_symlinks=False)
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "other")
        found = {"mode": f"{stat.S_IMODE(status.st_mode):04o}", "owner": f"{status.st_uid}:{status.st_gid}"}
        found["type"] = kind
        if kind == "link":
            found["target"] = os.readlink(name, dir_fd=directory)
        if kind == "file":
            fd = os.open(name, os.O_RDONLY, dir_fd=directory)
            with os.fdopen(fd, "rb") as file:
                found["content"] = file.read().decode(errors="surrogateescape")
        return found
    except FileNotFoundError:
        return None
    finally:
        os.close(directory)


def test_the_same_corpus_gives_the_same_images_elsewhere(rig: Rig, tmp_path: Path) -> None:
    """Another instance, with its own cache, at another time: every image has the same id."""
    other = Rig()
    try:
        other.up()
        other.docker.images.load(b"".join(rig.docker.api.get_image(IMAGE)))
        for case in [one for one in cases() if not one.error][::6]:
            request = request_of(case, tmp_path)
            here, there = build(rig, request), build(other, request)
            assert not any(cached(there)[1:]), "the other instance has a cache of its own"
            assert there["id"] == here["id"], case.name
        for volume in other.docker.volumes.list():
            volume.remove()
    finally:
        left = other.close()
    assert not left
