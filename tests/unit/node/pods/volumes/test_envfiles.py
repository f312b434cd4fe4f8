"""Files of variables in volumes."""

import os
from pathlib import Path

import pytest

from wherry.kit.errors import Invalid
from wherry.node.pods.composing.mounts import Ready
from wherry.node.pods.volumes.envfiles import MOST_BYTES, read


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text("secret")
    found = tmp_path / "volume"
    (found / "sub").mkdir(parents=True)
    (found / "sub" / "env").write_bytes(b"A='\xff'")
    return found


def text(volume: Path, path: str) -> str | None:
    return read({"v": Ready(str(volume))}, "v", path)


def test_a_file_is_read_byte_for_byte(volume: Path) -> None:
    found = text(volume, "sub/env")
    assert found is not None and os.fsencode(found) == b"A='\xff'"


@pytest.mark.parametrize("path", ["gone", "sub/gone", "sub/env/below"])
def test_one_that_is_not_there_is_none(volume: Path, path: str) -> None:
    assert text(volume, path) is None


@pytest.mark.parametrize("target", ["../outside", "/outside", "../../outside", "/proc/self/environ"])
def test_links_lead_nowhere_else(volume: Path, target: str) -> None:
    (volume / "link").symlink_to(target)
    assert text(volume, "link") is None


def test_what_is_no_file_does_not_hold_up_the_node(volume: Path) -> None:
    os.mkfifo(volume / "pipe")
    for path in ("pipe", "sub"):
        with pytest.raises(Invalid, match="is no regular file"):
            text(volume, path)


def test_what_is_too_large_is_not_read(volume: Path) -> None:
    with (volume / "large").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(Invalid, match="larger than"):
        text(volume, "large")


@pytest.mark.parametrize("volumes", [{}, {"v": Ready("", image="i")}])
def test_a_volume_without_a_directory_has_no_files(volumes: dict[str, Ready]) -> None:
    with pytest.raises(Invalid, match="cannot find the volume"):
        read(volumes, "v", "env")
