"""Views of stacks of layers, with real overlays."""

import os
import shutil
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from tests.kernel.places import FIRST, Place, base, names
from wherry.engine.snapshots import CommitOptions, Guise
from wherry.kit.errors import NotFound
from wherry.linux import mount
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import openat2


def test_a_view_is_read_only_and_has_neither_devices_nor_set_id_programs(place: Place) -> None:
    upper, _ = place.prepare()
    os.mknod(upper / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    shutil.copy(shutil.which("busybox") or "", upper / "id")
    (upper / "id").chmod(0o4755)
    chain = place.commit(upper)[0].chain_id
    with place.snapshots.view([chain]) as root:
        with pytest.raises(PermissionError):
            os.open("null", os.O_RDONLY, dir_fd=root)
        with pytest.raises(OSError, match="Read-only"):
            os.mkdir("new", dir_fd=root)
        assert os.fstatvfs(root).f_flag & os.ST_NOSUID


def test_a_view_of_nothing_is_empty_and_can_be_written_on(place: Place) -> None:
    with place.snapshots.view([]) as root:
        assert os.listdir(root) == []
    upper, work = place.prepare()
    with place.snapshots.view([], upper, work) as root:
        os.mkdir("made", dir_fd=root)
    assert os.listdir(upper) == ["made"]


def test_a_view_keeps_paths_inside_from_every_thread(place: Place) -> None:
    upper, _ = place.prepare()
    (upper / "etc").mkdir()
    (upper / "etc" / "passwd").write_bytes(b"ours")
    (upper / "way").symlink_to("/etc")
    (upper / "up").symlink_to("../../../../etc")
    chain = place.commit(upper)[0].chain_id
    read: list[bytes] = []

    def look(root: int) -> None:
        for path in ("way/passwd", "up/passwd", "../../etc/passwd", "/etc/passwd"):
            fd = openat2(root, path, os.O_RDONLY)
            read.append(os.read(fd, 100))
            os.close(fd)

    with place.snapshots.view([chain]) as root:
        thread = threading.Thread(target=look, args=(root,))
        thread.start()
        thread.join()
        assert str(place.root) not in Path("/proc/self/mountinfo").read_text()
    assert read == [b"ours"] * 4


def test_many_layers_can_be_viewed(place: Place) -> None:
    chain: list[str] = []
    for number in range(130):
        upper, _ = place.prepare()
        (upper / f"f{number}").write_bytes(b"")
        chain.append(place.commit(upper, chain[-1] if chain else None)[0].chain_id)
    with place.snapshots.view(chain) as root:
        assert len(os.listdir(root)) == 130


def test_a_volatile_view_can_be_opened_again_and_committed(place: Place) -> None:
    below = base(place, file=b"")
    upper, work = place.prepare()
    for name in ("one", "two"):
        with place.snapshots.view([below], upper, work, volatile=True) as root:
            os.mkdir(name, dir_fd=root)
    with place.snapshots.view([below], upper, work) as root:
        assert sorted(os.listdir(root)) == ["d", "one", "two"]
    assert names(place.commit(upper, below)[1]) == ["one/", "two/"]


def test_layers_in_a_view_can_have_the_ids_of_a_container(place: Place) -> None:
    below = base(place, file=b"")
    sleeper = subprocess.Popen(["unshare", "-U", "sleep", "1000"], stdout=subprocess.DEVNULL)
    try:
        userns = mapped_namespace(sleeper.pid)
        upper, work = place.prepare(FIRST)
        with place.snapshots.view([below], upper, work, Guise(userns)) as root:
            assert os.stat("d/file", dir_fd=root).st_uid == FIRST
            os.chmod("d/file", 0o600, dir_fd=root)
        os.close(userns)
    finally:
        sleeper.kill()
        sleeper.wait()
    done, archive = place.commit(upper, below, CommitOptions(FIRST))
    assert names(archive) == ["d/", "d/file"]
    assert (place.files(done.chain_id) / "d" / "file").stat().st_uid == 0


def mapped_namespace(pid: int) -> int:
    ours = os.stat("/proc/self/ns/user").st_ino
    while os.stat(f"/proc/{pid}/ns/user").st_ino == ours:
        pass
    for kind in ("uid", "gid"):
        Path(f"/proc/{pid}/{kind}_map").write_text(f"0 {FIRST} 65536")
    return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)


def test_an_upper_directory_alone_is_seen_and_not_written_to(place: Place) -> None:
    below = base(place, file=b"")
    upper, work = place.prepare()
    with place.snapshots.view([below], upper, work) as root:
        os.unlink("d/file", dir_fd=root)
        os.mkdir("new", dir_fd=root)
    with place.snapshots.view([below], upper) as root:
        assert sorted(os.listdir(root)) == ["d", "new"]
        with pytest.raises(FileNotFoundError):
            os.stat("d/file", dir_fd=root)
        with pytest.raises(OSError, match="Read-only"):
            os.mkdir("more", dir_fd=root)


def test_what_else_a_container_has_can_be_mounted_into_a_view(place: Place) -> None:
    below = base(place, file=b"")
    volume = place.root / "volume"
    volume.mkdir()
    (volume / "inside").write_bytes(b"of the volume")

    def furnish(root: int) -> None:
        tree = mount.clone_tree(str(volume))
        point = openat2(root, "d", os.O_PATH | os.O_DIRECTORY)
        mount.move(tree, point)
        os.close(point)
        os.close(tree)

    upper, work = place.prepare()
    with place.snapshots.view([below], upper, work, Guise(furnish=furnish)) as root:
        assert os.listdir(os.open("d", os.O_RDONLY, dir_fd=root)) == ["inside"]
        os.mkdir("d/made", dir_fd=root)
    assert sorted(os.listdir(volume)) == ["inside", "made"]
    assert os.listdir(upper) == []


def test_a_view_of_layers_that_are_not_there_is_refused(place: Place) -> None:
    with pytest.raises(NotFound), place.snapshots.view(["sha256:" + "0" * 64]):
        pass


def test_an_upper_directory_without_its_work_directory_is_refused_and_nothing_is_left(place: Place) -> None:
    upper, work = place.prepare()
    work.rmdir()
    with pytest.raises(KernelError), place.snapshots.view([], upper, work):
        pass
