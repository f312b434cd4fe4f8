"""Committing upper directories, with real overlays."""

import hashlib
import io
import os
import shutil
import signal
import stat
import tarfile
from pathlib import Path

import pytest

from tests.kernel.places import FIRST, Place, base, names
from tests.kernel.trees import Grower, capability, picture
from wherry.engine.snapshots import CommitOptions
from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.oci.chain import chain_id

# Commit


@pytest.mark.parametrize("first_id", [0, FIRST])
@pytest.mark.parametrize("seed", range(12))
def test_a_committed_tree_is_what_its_own_archive_extracts_to(place: Place, seed: int, first_id: int) -> None:
    upper, _ = place.prepare(first_id)
    Grower(seed, first_id).grow(upper, 150)
    epoch = 10**9 if seed % 2 else None
    done, archive = place.commit(upper, None, CommitOptions(first_id, epoch))
    assert done.diff_id == done.chain_id == "sha256:" + hashlib.sha256(archive).hexdigest()

    other = place.elsewhere()
    result = other.extract(done.chain_id, None, io.BytesIO(archive))

    assert picture(other.path(done.chain_id)) == picture(place.files(done.chain_id))
    assert (result.diff_id, result.size_bytes, result.entries) == (done.diff_id, done.size_bytes, done.entries)
    assert not upper.exists()


def test_the_same_tree_gives_the_same_bytes_whatever_its_ids_on_the_host_and_its_order(place: Place) -> None:
    archives = []
    for first_id, count in ((FIRST, 80), (FIRST + 65536, 80)):
        upper, _ = place.prepare(first_id)
        for number in range(count) if first_id == FIRST else reversed(range(count)):
            (upper / f"f{number}").write_bytes(b"%d" % number)
            os.chown(upper / f"f{number}", first_id + 7, first_id + 8)
        archives.append(place.commit(upper, None, CommitOptions(first_id, epoch_seconds=1_000_000)))
    assert archives[0] == archives[1]


def test_a_layer_of_a_real_overlay_shows_the_same_tree_again(place: Place) -> None:
    lower, _ = place.prepare()
    Grower(5, 0).grow(lower, 60)
    for number in range(6):
        (lower / f"d{number}").mkdir()
        (lower / f"d{number}" / "file").write_bytes(b"below")
    below = place.commit(lower)[0].chain_id
    upper, work = place.prepare()
    with place.snapshots.view([below], upper, work) as root:
        there = Path(f"/proc/self/fd/{root}")
        (there / "d0" / "file").unlink()
        shutil.rmtree(there / "d1")
        shutil.rmtree(there / "d2")
        (there / "d2").mkdir()  # opaque
        (there / "d2" / "other").write_bytes(b"new")
        (there / "d3" / "file").write_bytes(b"changed")
        os.chmod(there / "d4", 0o700)
        shutil.rmtree(there / "d5")
        (there / "d5").write_bytes(b"a file now")
        expected = picture(there)
    done, archive = place.commit(upper, below)
    assert "d0/.wh.file" in names(archive)
    assert ".wh.d1" in names(archive)
    assert "d2/.wh..wh..opq" in names(archive)
    assert ".wh.d5" not in names(archive)

    def seen() -> dict[bytes, tuple[object, ...]]:
        with place.snapshots.view([below, done.chain_id]) as root:
            return picture(Path(f"/proc/self/fd/{root}"))

    committed = seen()
    assert whole_seconds(committed) == whole_seconds(expected)
    place.snapshots.remove(done.chain_id)
    place.snapshots.extract(done.chain_id, below, io.BytesIO(archive))
    assert seen() == committed


def whole_seconds(tree: dict[bytes, tuple[object, ...]]) -> dict[bytes, tuple[object, ...]]:
    """Without fractions of times, which layers do not have, and without the numbers of hard links' files."""
    return {path: (*facts[:3], str(facts[3])[:-9], facts[4], *facts[6:]) for path, facts in tree.items()}


def test_ids_go_back_to_what_the_container_saw_and_set_id_bits_and_capabilities_stay(place: Place) -> None:
    upper, _ = place.prepare(FIRST)
    program, device, link = upper / "program", upper / "fifo", upper / "link"
    program.write_bytes(b"#!")
    os.mkfifo(device)
    link.symlink_to("program")
    for path in (program, device, link):
        os.chown(path, FIRST + 33, FIRST + 1, follow_symlinks=False)
    program.chmod(0o6755)
    device.chmod(0o4640)
    os.setxattr(program, "security.capability", capability(FIRST))
    done, archive = place.commit(upper, None, CommitOptions(FIRST))

    files = place.files(done.chain_id)
    assert os.getxattr(files / "program", "security.capability") == capability()
    for name, mode in (("program", 0o6755), ("fifo", 0o4640), ("link", 0o777)):
        status = os.lstat(files / name)
        assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (33, 1, mode)
    assert stat.S_IMODE(files.stat().st_mode) == 0o755
    assert (files.stat().st_uid, files.stat().st_gid) == (0, 0)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert {(member.uid, member.gid) for member in tar} == {(33, 1)}


def test_capabilities_of_a_namespace_inside_the_container_follow_its_ids(place: Place) -> None:
    upper, _ = place.prepare(FIRST)
    for name, root in (("inner", FIRST + 1000), ("plain", 0)):
        (upper / name).write_bytes(b"")
        os.chown(upper / name, FIRST, FIRST)
        os.setxattr(upper / name, "security.capability", capability(root))
    files = place.files(place.commit(upper, None, CommitOptions(FIRST))[0].chain_id)
    assert os.getxattr(files / "inner", "security.capability") == capability(1000)
    assert os.getxattr(files / "plain", "security.capability") == capability()


def owned_by(upper: Path, uid: int) -> None:
    (upper / "file").write_bytes(b"")
    os.chown(upper / "file", uid, FIRST)


def with_foreign_capability(upper: Path) -> None:
    owned_by(upper, FIRST)
    os.setxattr(upper / "file", "security.capability", capability(FIRST - 5))


def redirected(upper: Path) -> None:
    (upper / "moved").mkdir()
    os.chown(upper / "moved", FIRST, FIRST)
    os.setxattr(upper / "moved", "trusted.overlay.redirect", b"/etc")


def named(upper: Path, name: str) -> None:
    (upper / name).write_bytes(b"")
    os.chown(upper / name, FIRST, FIRST)


def too_deep(upper: Path) -> None:
    fd = os.open(upper, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("d", dir_fd=fd)
        os.chown("d", FIRST, FIRST, dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)


def sparse(upper: Path) -> None:
    with open(upper / "huge", "wb") as file:
        file.truncate(1 << 43)
    os.chown(upper / "huge", FIRST, FIRST)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda upper: owned_by(upper, FIRST - 1), "who is nobody in the container"),
        (lambda upper: owned_by(upper, FIRST + 65536), "who is nobody in the container"),
        (lambda upper: owned_by(upper, 0), "who is nobody in the container"),
        (with_foreign_capability, "none of the container's"),
        (redirected, "redirected"),
        (lambda upper: named(upper, ".wh.secret"), "means a deleted file"),
        (lambda upper: named(upper, ".wh..wh..opq"), "means a deleted file"),
        (too_deep, "too many names"),
        (sparse, "larger than"),
    ],
    ids=["id below", "id above", "host's root", "capability", "redirect", "whiteout", "opaque", "deep", "sparse"],
)
def test_what_no_layer_can_hold_is_refused_and_leaves_nothing(place: Place, spoil: object, says: str) -> None:
    upper, _ = place.prepare(FIRST)
    assert callable(spoil)
    spoil(upper)
    with pytest.raises(Invalid, match=says):
        place.commit(upper, None, CommitOptions(FIRST))
    assert place.snapshots.list() == []


def test_nothing_is_followed(place: Place) -> None:
    outside = place.root / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"canary")
    os.utime(outside / "file", ns=(5, 5))
    before = picture(outside)
    upper, _ = place.prepare(FIRST)
    for name, target in (("directory", outside), ("file", outside / "file"), ("up", Path("../../outside"))):
        (upper / name).symlink_to(target)
        os.chown(upper / name, FIRST, FIRST, follow_symlinks=False)
    place.commit(upper, None, CommitOptions(FIRST, epoch_seconds=1))
    assert picture(outside) == before


def test_a_failing_sink_leaves_no_snapshot(place: Place) -> None:
    class Full:
        def write(self, data: bytes | bytearray | memoryview, /) -> None:
            raise OSError(28, os.strerror(28))

    upper, _ = place.prepare()
    (upper / "file").write_bytes(b"content")
    with pytest.raises(Unavailable, match="No space left"):
        place.snapshots.commit(upper, None, Full())
    assert place.snapshots.list() == []


def test_a_layer_that_is_there_already_is_kept_and_the_new_one_dropped(place: Place) -> None:
    chains = [base(place, file=b"same") for _ in range(2)]
    assert chains[0] == chains[1]
    assert place.snapshots.list() == [chains[0]]
    assert place.snapshots.usage(chains[0]) == 4


def test_the_chain_of_a_layer_on_another(place: Place) -> None:
    below = base(place, file=b"below")
    upper, _ = place.prepare()
    (upper / "above").write_bytes(b"")
    done, _ = place.commit(upper, below)
    assert done.chain_id == chain_id(below, done.diff_id)
    with pytest.raises(NotFound):
        place.commit(place.prepare()[0], "sha256:" + "0" * 64)


# Diff


def test_a_diff_is_what_a_commit_writes_and_leaves_the_directory_alone(place: Place) -> None:
    upper, _ = place.prepare(FIRST)
    Grower(3, FIRST).grow(upper, 100)
    before = picture(upper)
    archive = io.BytesIO()
    done = place.snapshots.diff(upper, None, archive, CommitOptions(FIRST))
    assert picture(upper) == before
    assert place.snapshots.list() == []
    committed, written = place.commit(upper, None, CommitOptions(FIRST))
    assert written == archive.getvalue()
    assert (done.diff_id, done.size_bytes, done.entries) == (
        committed.diff_id,
        committed.size_bytes,
        committed.entries,
    )


# Mount points of the runtime


def test_mount_points_are_left_out_with_what_leads_to_them(place: Place) -> None:
    below = base(place, file=b"")
    upper, work = place.prepare()
    with place.snapshots.view([below], upper, work) as root:
        there = Path(f"/proc/self/fd/{root}")
        for name in ("etc", "etc/deep", "run", "proc", "d/kept", "changed"):
            (there / name).mkdir()
        for name in ("etc/hosts", "etc/deep/conf", "run/secret", "run/real", "d/mount"):
            (there / name).write_bytes(b"" if name != "run/real" else b"content")
        (there / "changed").chmod(0o700)
        (there / "d" / "file").unlink()
    stubs = frozenset({"etc/hosts", "/etc/deep/conf", "run/secret", "proc", "d/mount", "changed/x", "d/file"})
    archive = place.commit(upper, below, CommitOptions(stubs=stubs))[1]
    assert names(archive) == ["changed/", "d/", "d/.wh.file", "d/kept/", "run/", "run/real"]


def test_a_directory_that_was_only_mounted_in_is_as_below(place: Place) -> None:
    below = base(place, file=b"")
    upper, work = place.prepare()
    with place.snapshots.view([below], upper, work) as root:
        Path(f"/proc/self/fd/{root}/d/mount").write_bytes(b"")
    done, archive = place.commit(upper, below, CommitOptions(stubs=frozenset({"d/mount"})))
    assert names(archive) == []
    assert done.entries == 0


# Crashes


@pytest.mark.parametrize("when", ["while the tar is written", "before the snapshot is in place"])
def test_a_commit_that_is_killed_leaves_nothing_after_the_next_start(place: Place, when: str) -> None:
    upper, _ = place.prepare(FIRST)
    Grower(1, FIRST).grow(upper, 50)
    (upper / "big").write_bytes(bytes(3 << 20))
    os.chown(upper / "big", FIRST, FIRST)

    class Killer:
        def write(self, data: bytes | bytearray | memoryview, /) -> None:
            if when.startswith("while"):
                os.kill(os.getpid(), signal.SIGKILL)

    pid = os.fork()
    if not pid:
        place.snapshots._publish = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
        try:
            place.snapshots.commit(upper, None, Killer(), CommitOptions(FIRST))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert list((place.root / "tmp").iterdir())
    place.snapshots.recover()
    assert place.snapshots.list() == []
