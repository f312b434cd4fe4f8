"""Stacks of layers: what is seen, what is written where, and what is left of making them."""

import errno
import os
from pathlib import Path

import pytest

from tests.unit.linux.apart import apart
from wherry.linux import mount
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import make_directories
from wherry.linux.overlay import Stack, assemble


def layers(place: Path, count: int) -> list[str]:
    """Each has a file of its number, and all have ``same``, the topmost first."""
    for number in range(count):
        (place / f"layer{number}").mkdir()
        (place / f"layer{number}" / str(number)).touch()
        (place / f"layer{number}" / "same").write_text(str(number))
    return [str(place / f"layer{number}") for number in reversed(range(count))]


def seen(tree: int) -> list[str]:
    return sorted(os.listdir(f"/proc/self/fd/{tree}"))


def scratch(place: Path) -> str:
    (place / "scratch").mkdir()
    return str(place / "scratch")


@apart
def test_the_topmost_layer_wins_and_nothing_is_left_mounted(tmp_path: Path) -> None:
    tree = assemble(Stack(layers(tmp_path, 3)), scratch(tmp_path))
    assert seen(tree) == ["0", "1", "2", "same"]
    assert Path(f"/proc/self/fd/{tree}/same").read_text() == "2"
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert os.getcwd() == "/"


@apart
@pytest.mark.parametrize("count", [0, 1])
def test_few_layers_are_a_stack_too(tmp_path: Path, count: int) -> None:
    tree = assemble(Stack(layers(tmp_path, count)), scratch(tmp_path))
    assert seen(tree) == ["0", "same"][: 2 * count]
    with pytest.raises(OSError, match="Read-only"):
        os.mkdir("new", dir_fd=tree)


@apart
def test_more_layers_than_their_paths_would_leave_room_for(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 200)
    deep.mkdir()
    assert len(seen(assemble(Stack(layers(deep, 60)), scratch(tmp_path)))) == 61


@apart
def test_what_is_written_goes_to_the_upper_directory(tmp_path: Path) -> None:
    (tmp_path / "upper").mkdir()
    (tmp_path / "work").mkdir()
    stack = Stack(layers(tmp_path, 1), str(tmp_path / "upper"), str(tmp_path / "work"))
    tree = assemble(stack, scratch(tmp_path))
    os.mkdir("new", dir_fd=tree)
    assert os.listdir(tmp_path / "upper") == ["new"]


@apart
def test_a_stack_that_cannot_be_leaves_nothing_mounted(tmp_path: Path) -> None:
    with pytest.raises(KernelError) as caught:
        assemble(Stack([str(tmp_path / "missing"), str(tmp_path)]), scratch(tmp_path))
    assert caught.value.errno == errno.ENOENT
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


@apart
def test_what_is_mounted_into_it_comes_with_it(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume" / "inside").touch()

    def furnish(root: int) -> None:
        place = make_directories(root, "/made/here")
        mount.move(mount.clone_tree(str(tmp_path / "volume")), place)

    lower = layers(tmp_path, 1)
    tree = assemble(Stack(lower), scratch(tmp_path), furnish)
    assert os.listdir(f"/proc/self/fd/{tree}/made/here") == ["inside"]
    assert sorted(os.listdir(lower[0])) == ["0", "same"]
