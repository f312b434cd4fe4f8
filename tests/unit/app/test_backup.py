"""The cluster's state and keys in one archive."""

import io
import stat
import tarfile
import time
from pathlib import Path

import pytest

from wherry.app.backup import backup, restore
from wherry.app.names import ELSEWHERE
from wherry.kit.errors import AlreadyExists, Invalid, NotFound, Unsupported
from wherry.kube.pki.directory import ensure
from wherry.kube.pki.model import Wanted
from wherry.store.model import Put
from wherry.store.sqlite import open_store


@pytest.fixture
async def cluster(tmp_path: Path) -> Path:
    directory = tmp_path / "cluster"
    directory.mkdir()
    ensure(directory / "pki", Wanted(), time.time())
    store = open_store(directory / "state.sqlite")
    await store.commit([], [Put("/core/configmaps/a/b", b"value")])
    await store.aclose()
    return directory


async def test_what_was_saved_comes_back_with_its_keys(cluster: Path, tmp_path: Path) -> None:
    saved = backup(cluster, tmp_path / "saved.tar")
    first = restore(tmp_path / "saved.tar", tmp_path / "other")
    assert first > saved, "no revision is ever used again"
    store = open_store(tmp_path / "other" / "state.sqlite")
    item = await store.get("/core/configmaps/a/b")
    await store.aclose()
    assert item is not None and item.value == b"value"
    for path in (cluster / "pki").rglob("*.pem"):
        copy = tmp_path / "other" / "pki" / path.relative_to(cluster / "pki")
        assert copy.read_bytes() == path.read_bytes()
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_backup_is_for_its_owner_only_and_replaces_nothing(cluster: Path, tmp_path: Path) -> None:
    backup(cluster, tmp_path / "saved.tar")
    assert stat.S_IMODE((tmp_path / "saved.tar").stat().st_mode) == 0o600
    with pytest.raises(AlreadyExists, match=r"saved\.tar already"):
        backup(cluster, tmp_path / "saved.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cluster", "saved.tar"]


def test_a_cluster_is_never_written_over(cluster: Path, tmp_path: Path) -> None:
    backup(cluster, tmp_path / "saved.tar")
    with pytest.raises(AlreadyExists, match="move it away"):
        restore(tmp_path / "saved.tar", cluster)


async def test_a_state_in_etcd_is_etcd_s_to_copy(cluster: Path, tmp_path: Path) -> None:
    """Also where a file is left of the time before."""
    (cluster / ELSEWHERE).write_text("etcd://one:2379,two:2379/x?ca=/k/ca&cert=/k/cert&key=/k/key")
    command = "etcdctl --endpoints=https://one:2379 --cacert=/k/ca --cert=/k/cert --key=/k/key snapshot save FILE"
    with pytest.raises(Unsupported) as refused:
        backup(cluster, tmp_path / "saved.tar")
    assert command in refused.value.message and str(cluster / "pki") in refused.value.message
    assert not (tmp_path / "saved.tar").exists()


def test_what_is_not_there_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing to save"):
        backup(tmp_path / "cluster", tmp_path / "saved.tar")


@pytest.mark.parametrize("name", ["../../escaped", "/etc/escaped", "pki/../../escaped", "other"])
def test_a_hostile_archive_writes_nothing_outside(name: str, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        member = tarfile.TarInfo(name)
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(Invalid, match="is no backup of a cluster"):
        restore(tmp_path / "bad.tar", tmp_path / "cluster")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.tar"]


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(Invalid, match="is no backup"):
        restore(tmp_path / "text", tmp_path / "cluster")
