"""Files that change all at once, and nothing that is put in their place leads outside (K7)."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry.kit.errors import Invalid
from wherry.node.pods.volumes.atomic import File, write

NOW = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)
ME = (os.geteuid(), os.getegid())


def file(text: str, mode: int = 0o644) -> File:
    return File(text.encode(), mode, ME)


def shown(volume: Path) -> dict[str, str]:
    """What a user sees."""
    found: dict[str, str] = {}
    for top in volume.iterdir():
        if top.name.startswith(".."):
            continue
        for path in [top, *top.rglob("*")] if top.is_dir() else [top]:
            if path.is_file():
                found[str(path.relative_to(volume))] = path.read_text()
    return found


def states(volume: Path) -> list[str]:
    return sorted(path.name for path in volume.iterdir() if path.name.startswith("..2"))


def test_the_layout_is_the_one_programs_watch(tmp_path: Path) -> None:
    assert write(tmp_path, {"a": file("1"), "dir/b": file("2", 0o600)}, NOW)
    assert shown(tmp_path) == {"a": "1", "dir/b": "2"}
    assert os.readlink(tmp_path / "a") == "..data/a"
    assert os.readlink(tmp_path / "dir") == "..data/dir"
    assert os.readlink(tmp_path / "..data") == "..2026_01_02_03_04_05.678900000"
    assert (tmp_path / "dir/b").stat().st_mode & 0o777 == 0o600


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"a": file("1")}, NOW)
    before = os.readlink(tmp_path / "..data")
    assert not write(tmp_path, {"a": file("1")}, NOW + timedelta(seconds=1))
    assert os.readlink(tmp_path / "..data") == before


@pytest.mark.parametrize("files", [{"a": file("2")}, {"a": file("1", 0o600)}, {"b": file("1")}, {}])
def test_what_is_another_is_another_state(tmp_path: Path, files: dict[str, File]) -> None:
    write(tmp_path, {"a": file("1")}, NOW)
    assert write(tmp_path, files, NOW)
    assert shown(tmp_path) == {name: each.data.decode() for name, each in files.items()}
    assert len(states(tmp_path)) == 1


def test_who_reads_sees_one_state_or_the_other(tmp_path: Path) -> None:
    write(tmp_path, {"a": file("1"), "b": file("1")}, NOW)
    data = os.open(tmp_path / "..data", os.O_RDONLY | os.O_DIRECTORY)
    write(tmp_path, {"a": file("2"), "b": file("2")}, NOW)
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text() == "2"
    assert os.listdir(data) == []  # the old state is gone, and its files were never half new
    os.close(data)


@pytest.mark.parametrize("path", ["/abs", "../x", "a/../../x", "..data/x", "..x", "a//b", ".", ""])
def test_paths_that_lead_elsewhere_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(Invalid):
        write(tmp_path, {path: file("1")}, NOW)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    place = tmp_path / "outside"
    place.mkdir()
    (place / "canary").write_text("alive")
    (place / "..2020_01_01_00_00_00.1").mkdir()
    return place


@pytest.mark.parametrize("trap", ["data", "state", "shown", "next", "inside"])
def test_links_in_place_of_what_is_ours_are_never_followed(tmp_path: Path, outside: Path, trap: str) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    write(volume, {"a": file("1"), "dir/b": file("1")}, NOW)
    state = volume / os.readlink(volume / "..data")
    if trap == "data":
        (volume / "..data").unlink()
        (volume / "..data").symlink_to(outside)
    elif trap == "state":
        shutil.rmtree(state)
        state.symlink_to(outside)
    elif trap == "shown":
        (volume / "a").unlink()
        (volume / "a").symlink_to(outside)
        (volume / "gone").symlink_to(outside)
    elif trap == "next":
        (volume / "..data_tmp").mkdir()
        (volume / "..data_tmp/x").symlink_to(outside)
    else:
        (state / "dir/b").unlink()
        (state / "dir/b").symlink_to(outside / "canary")
    assert write(volume, {"a": file("2"), "dir/b": file("2")}, NOW + timedelta(seconds=1))
    assert shown(volume) == {"a": "2", "dir/b": "2"}
    assert (outside / "canary").read_text() == "alive"
    assert sorted(os.listdir(outside)) == ["..2020_01_01_00_00_00.1", "canary"]
    assert len(states(volume)) == 1


def test_a_volume_that_is_a_link_is_refused(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "volume").symlink_to(outside)
    with pytest.raises(OSError, match="volume"):
        write(tmp_path / "volume", {"a": file("1")}, NOW)
    assert sorted(os.listdir(outside)) == ["..2020_01_01_00_00_00.1", "canary"]


def test_a_directory_in_place_of_the_link_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data/x").write_text("y")
    write(tmp_path, {"a": file("1")}, NOW)
    assert shown(tmp_path) == {"a": "1"}


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to others")
def test_owners(tmp_path: Path) -> None:
    write(tmp_path, {"a": File(b"1", 0o4640, (12, 34))}, NOW, 0o2755)
    known = (tmp_path / "a").stat()
    assert (known.st_uid, known.st_gid, known.st_mode & 0o7777) == (12, 34, 0o4640)
    assert (tmp_path / "..data/").stat().st_mode & 0o7777 == 0o2755


NAMES = st.lists(st.sampled_from(["a", "b", "c.d", "e"]), min_size=1, max_size=2).map("/".join)
FILES = st.dictionaries(NAMES, st.binary(max_size=3), max_size=4).filter(
    lambda files: not any(other.startswith(f"{path}/") for path in files for other in files)
)


@settings(max_examples=50, deadline=None)
@given(st.lists(FILES, min_size=1, max_size=4))
def test_whatever_came_before_the_files_are_those_of_the_last(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[dict[str, bytes]]
) -> None:
    volume = tmp_path_factory.mktemp("volume")
    for files in rounds:
        write(volume, {path: File(data, 0o644, ME) for path, data in files.items()}, NOW)
    found = {path: (volume / path).read_bytes() for path in shown_bytes(volume)}
    assert found == rounds[-1]
    shutil.rmtree(volume)


def shown_bytes(volume: Path) -> list[str]:
    tops = [top for top in volume.iterdir() if not top.name.startswith("..")]
    paths = [path for top in tops for path in ([top, *top.rglob("*")] if top.is_dir() else [top])]
    return [str(path.relative_to(volume)) for path in paths if path.is_file()]
