"""Snapshots as directories."""

import gzip
import hashlib
import io
import os
import stat
import threading
from pathlib import Path

import pytest

from tests import tars
from wherry.engine.snapshots import ExtractOptions, Limits, OverlaySnapshots
from wherry.kit.errors import Invalid, NotFound, Unavailable

ONE, TWO, THREE = (f"sha256:{letter * 64}" for letter in "123")
ARCHIVE = tars.archive(tars.file("d/f", b"hello"))

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def snapshots(tmp_path: Path) -> OverlaySnapshots:
    return OverlaySnapshots(tmp_path / "snapshots", tmp_path / "tmp", durable=False)


def extract(snapshots: OverlaySnapshots, chain_id: str, data: bytes, parent: str | None = None) -> None:
    snapshots.extract(chain_id, parent, io.BytesIO(data))


def test_an_extracted_layer_is_there_with_what_is_known_of_it(snapshots: OverlaySnapshots) -> None:
    packed = gzip.compress(ARCHIVE)
    assert not snapshots.has(ONE)
    result = snapshots.extract(ONE, None, io.BytesIO(packed))
    assert result.diff_id == "sha256:" + hashlib.sha256(ARCHIVE).hexdigest()
    assert (result.size_bytes, result.entries) == (5, 1)
    assert snapshots.has(ONE)
    assert snapshots.usage(ONE) == 5
    assert snapshots.list() == [ONE]
    assert (snapshots.path(ONE) / "d/f").read_bytes() == b"hello"


def test_it_is_known_to_a_new_process_too(snapshots: OverlaySnapshots, tmp_path: Path) -> None:
    extract(snapshots, ONE, ARCHIVE)
    again = OverlaySnapshots(tmp_path / "snapshots", tmp_path / "tmp")
    assert (again.usage(ONE), again.list()) == (5, [ONE])


def test_nobody_else_can_look_in(snapshots: OverlaySnapshots, tmp_path: Path) -> None:
    extract(snapshots, ONE, ARCHIVE)
    for path in (tmp_path / "snapshots", tmp_path / "snapshots/sha256", tmp_path / "tmp", snapshots.path(ONE).parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "data",
    [
        b"no tar" * 200,
        ARCHIVE[:700],
        tars.archive(tars.file("a", b"x"), tars.file("../b")),
        gzip.compress(ARCHIVE)[:-9],
    ],
    ids=["no tar", "cut", "a path that leads out", "cut gzip"],
)
def test_a_refused_layer_leaves_nothing(snapshots: OverlaySnapshots, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Invalid):
        extract(snapshots, ONE, data)
    assert not snapshots.has(ONE)
    assert list((tmp_path / "tmp").iterdir()) == snapshots.list() == []


def test_a_limit_is_the_callers(snapshots: OverlaySnapshots) -> None:
    with pytest.raises(Invalid, match="larger than 100"):
        snapshots.extract(ONE, None, io.BytesIO(ARCHIVE), ExtractOptions(Limits(bytes=100)))


def test_a_source_that_fails_leaves_nothing(snapshots: OverlaySnapshots, tmp_path: Path) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(Unavailable, match="Input/output error"):
        snapshots.extract(ONE, None, Failing())
    assert list((tmp_path / "tmp").iterdir()) == snapshots.list() == []


@pytest.mark.parametrize("chain_id", ["", "latest", "sha256:../x", "sha512:" + "1" * 128, "sha256:" + "1" * 63])
def test_only_chain_ids_name_a_snapshot(snapshots: OverlaySnapshots, chain_id: str) -> None:
    for ask in (snapshots.has, snapshots.path, snapshots.remove, snapshots.usage):
        with pytest.raises(Invalid):
            ask(chain_id)


def test_a_parent_must_be_there(snapshots: OverlaySnapshots, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="not extracted"):
        extract(snapshots, TWO, ARCHIVE, parent=ONE)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_layer_looks_at_the_layers_below(snapshots: OverlaySnapshots) -> None:
    extract(snapshots, ONE, tars.archive(tars.folder("d", 0o700)))
    extract(snapshots, TWO, tars.archive(tars.file("other")), parent=ONE)
    extract(snapshots, THREE, ARCHIVE, parent=TWO)
    assert stat.S_IMODE((snapshots.path(THREE) / "d").stat().st_mode) == 0o700


def test_layers_are_stacked_the_topmost_first(snapshots: OverlaySnapshots) -> None:
    for chain_id, parent in ((ONE, None), (TWO, ONE), (THREE, TWO)):
        extract(snapshots, chain_id, ARCHIVE, parent)
    assert snapshots.layers([ONE, TWO, THREE]) == [snapshots.path(one) for one in (THREE, TWO, ONE)]
    with pytest.raises(NotFound):
        snapshots.layers(["sha256:" + "9" * 64])


@needs_root
def test_an_opaque_root_ends_the_stack(snapshots: OverlaySnapshots) -> None:
    extract(snapshots, ONE, tars.archive(tars.folder("d", 0o700)))
    extract(snapshots, TWO, tars.archive(tars.file(".wh..wh..opq")), ONE)
    extract(snapshots, THREE, ARCHIVE, TWO)
    assert snapshots.layers([ONE, TWO, THREE]) == [snapshots.path(THREE), snapshots.path(TWO)]
    assert stat.S_IMODE((snapshots.path(THREE) / "d").stat().st_mode) == 0o755  # not as in ONE


def test_the_same_layer_twice_is_there_once(snapshots: OverlaySnapshots, tmp_path: Path) -> None:
    extract(snapshots, ONE, ARCHIVE)
    inode = snapshots.path(ONE).stat().st_ino
    extract(snapshots, ONE, ARCHIVE)
    assert snapshots.path(ONE).stat().st_ino == inode
    assert list((tmp_path / "tmp").iterdir()) == []


def test_many_at_once_make_one(snapshots: OverlaySnapshots, tmp_path: Path) -> None:
    failed: list[Exception] = []

    def one() -> None:
        try:
            extract(snapshots, ONE, ARCHIVE)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert snapshots.list() == [ONE]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_layer_is_removed_once_and_again(snapshots: OverlaySnapshots, tmp_path: Path) -> None:
    extract(snapshots, ONE, ARCHIVE)
    for _ in range(2):
        snapshots.remove(ONE)
        assert not snapshots.has(ONE)
        assert snapshots.list() == list((tmp_path / "tmp").iterdir()) == []
    with pytest.raises(NotFound):
        snapshots.usage(ONE)


def test_a_removed_layer_may_come_again_as_another(snapshots: OverlaySnapshots) -> None:
    extract(snapshots, ONE, ARCHIVE)
    snapshots.usage(ONE)
    snapshots.remove(ONE)
    extract(snapshots, ONE, tars.archive(tars.file("f", b"longer than before")))
    assert snapshots.usage(ONE) == 18


def test_what_a_crash_left_is_deleted_and_the_rest_stays(snapshots: OverlaySnapshots, tmp_path: Path) -> None:
    extract(snapshots, ONE, ARCHIVE)
    for name in ("layer-12/fs/deep", "trash-34/fs", "other/x"):
        (tmp_path / "tmp" / name).mkdir(parents=True)
    for _ in range(2):
        snapshots.recover()
        assert [entry.name for entry in (tmp_path / "tmp").iterdir()] == ["other"]
        assert snapshots.has(ONE)


def test_a_container_gets_its_directories_once(snapshots: OverlaySnapshots, tmp_path: Path) -> None:
    upper, work = snapshots.prepare(tmp_path, 0)
    (upper / "kept").touch()
    assert snapshots.prepare(tmp_path, 0) == (upper, work) == (tmp_path / "upper", tmp_path / "work")
    assert (upper / "kept").exists()
    assert stat.S_IMODE(work.stat().st_mode) == 0o700


@needs_root
def test_a_containers_directories_belong_to_its_root(snapshots: OverlaySnapshots, tmp_path: Path) -> None:
    for path in snapshots.prepare(tmp_path, 100_000):
        assert (path.stat().st_uid, path.stat().st_gid) == (100_000, 100_000)


def test_the_layers_below_are_waited_for_only_when_they_are_needed(snapshots: OverlaySnapshots) -> None:
    called: list[bool] = []

    def ready() -> None:
        called.append(snapshots.has(ONE))
        if not snapshots.has(ONE):
            extract(snapshots, ONE, ARCHIVE)

    options = ExtractOptions(durable=False, below_ready=ready)
    snapshots.extract(TWO, ONE, io.BytesIO(ARCHIVE), options)
    assert called == [False, True]  # for the directory nobody describes, and before it is seen
    assert snapshots.has(TWO)
    snapshots.sync()


def test_layers_below_that_do_not_come_end_it(snapshots: OverlaySnapshots) -> None:
    def never() -> None:
        raise Invalid("below failed")

    with pytest.raises(Invalid, match="below failed"):
        snapshots.extract(TWO, ONE, io.BytesIO(ARCHIVE), ExtractOptions(below_ready=never))
    assert snapshots.list() == []
