"""A new volume begins with what the image has at its place, exactly."""

import os
import socket
import stat
from pathlib import Path

import pytest

from tests.descriptors import open_descriptors
from wherry.engine.runtime.copyup import copy_up


@pytest.fixture
def image(tmp_path: Path) -> Path:
    (tmp_path / "image").mkdir()
    return tmp_path / "image"


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    (tmp_path / "volume").mkdir()
    return tmp_path / "volume"


def copied(image: Path, volume: Path) -> None:
    source, target = os.open(image, os.O_PATH), os.open(volume, os.O_PATH)
    before = open_descriptors()
    try:
        copy_up(source, target)
        assert open_descriptors() == before
    finally:
        os.close(source)
        os.close(target)


def attributes(path: Path) -> tuple[int, int, int, int]:
    status = path.lstat()
    return status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns


def test_files_and_directories_come_with_their_modes_owners_and_times(image: Path, volume: Path) -> None:
    (image / "sub/below").mkdir(parents=True)
    (image / "sub/file").write_bytes(b"x" * 3_000_000)
    (image / "sub/file").chmod(0o6751)
    (image / "sub/below").chmod(0o1777)
    for number, path in enumerate((image / "sub/file", image / "sub/below", image / "sub", image)):
        os.utime(path, ns=(number, 1_000_000_000 + number))
    copied(image, volume)
    assert (volume / "sub/file").read_bytes() == b"x" * 3_000_000
    for name in ("sub/file", "sub/below", "sub", "."):
        assert attributes(volume / name) == attributes(image / name), name


def test_links_are_copied_and_never_followed(image: Path, volume: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the host")
    (image / "absolute").symlink_to(tmp_path / "secret")
    (image / "dangling").symlink_to("nowhere")
    (image / "directory").symlink_to("/")
    copied(image, volume)
    assert {path.name: os.readlink(path) for path in volume.iterdir()} == {
        "absolute": str(tmp_path / "secret"),
        "dangling": "nowhere",
        "directory": "/",
    }


def test_pipes_are_made_and_sockets_left_out(image: Path, volume: Path) -> None:
    os.mkfifo(image / "pipe", 0o640)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(image / "socket"))
        copied(image, volume)
    assert [path.name for path in volume.iterdir()] == ["pipe"]
    assert stat.S_ISFIFO((volume / "pipe").stat().st_mode)


def test_a_volume_that_holds_anything_is_left_alone(image: Path, volume: Path) -> None:
    (image / "file").write_text("image")
    image.chmod(0o711)
    (volume / "mine").write_text("mine")
    before = attributes(volume)
    copied(image, volume)
    assert [path.name for path in volume.iterdir()] == ["mine"]
    assert attributes(volume) == before


def test_an_empty_directory_still_gives_its_owner_and_mode(image: Path, volume: Path) -> None:
    image.chmod(0o1733)
    copied(image, volume)
    assert attributes(volume) == attributes(image)


def test_what_cannot_be_read_is_an_error_and_not_left_out(image: Path, volume: Path) -> None:
    (image / "file").write_text("x")
    source = os.open(image, os.O_PATH)
    with pytest.raises(OSError):
        copy_up(source, os.open("/dev/null", os.O_RDONLY))
    os.close(source)
