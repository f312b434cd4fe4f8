import os
import struct
from pathlib import Path

import pytest

from wherry.engine.snapshots import attributes
from wherry.engine.snapshots.attributes import NONE, shifted
from wherry.kit.errors import Invalid

SETS = struct.pack("<4I", 1 << 10, 0, 0, 0)
PLAIN = struct.pack("<I", 0x02000001) + SETS


def namespaced(root: int, flags: int = 1) -> bytes:
    return struct.pack("<I", 0x03000000 | flags) + SETS + struct.pack("<I", root)


def test_capabilities_of_the_containers_root_become_plain_ones() -> None:
    assert shifted(namespaced(100_000), 100_000) == PLAIN


def test_the_flag_that_makes_them_effective_is_kept() -> None:
    assert shifted(namespaced(100_000, 0), 100_000) == struct.pack("<I", 0x02000000) + SETS


def test_capabilities_of_a_namespace_inside_get_the_id_that_the_container_knows() -> None:
    assert shifted(namespaced(101_000), 100_000) == namespaced(1000)


@pytest.mark.parametrize("root", [0, 99_999, 165_536])
def test_capabilities_of_somebody_elses_namespace_are_refused(root: int) -> None:
    with pytest.raises(Invalid, match=f"user id {root}"):
        shifted(namespaced(root), 100_000)


@pytest.mark.parametrize("value", [PLAIN, struct.pack("<3I", 0x01000001, 1, 0), b"", b"\x01"])
def test_plain_capabilities_and_what_is_none_stay(value: bytes) -> None:
    assert shifted(value, 100_000) == value


def test_without_a_range_of_ids_everything_stays() -> None:
    assert shifted(namespaced(7), 0) == namespaced(7)


def test_a_file_without_attributes(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert attributes.read(bytes(tmp_path / "file"), 0) == NONE


def test_the_users_own_attributes_are_content_and_those_for_overlays_are_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.setxattr(path, "user.note", b"\0x")
    os.setxattr(path, "user.overlay.opaque", b"y")
    found = attributes.read(bytes(path), 0)
    assert found.kept == {b"user.note": b"\0x"}
    assert found.surplus == (b"user.overlay.opaque",)
    assert not found.opaque


def test_an_open_file_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.setxattr(path, "user.note", b"1")
    with path.open() as file:
        assert attributes.read(file.fileno(), 0) == attributes.read(bytes(path), 0)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.setxattr(tmp_path / "file", "user.note", b"1")
    (tmp_path / "link").symlink_to("file")
    assert attributes.read(bytes(tmp_path / "link"), 0) == NONE
