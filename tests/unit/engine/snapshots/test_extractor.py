"""One archive, extracted into a directory: as far as that needs no root. The rest is in tests/kernel."""

import os
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests import tars
from tests.descriptors import open_descriptors
from tests.unit.engine.snapshots.sources import source
from wherry.engine.snapshots import extractor as module
from wherry.engine.snapshots.directories import OPAQUE
from wherry.engine.snapshots.extractor import Extractor
from wherry.engine.snapshots.inherit import Inheritance
from wherry.engine.snapshots.model import Limits
from wherry.kit.errors import Invalid, Unavailable

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

Extract = Callable[..., Extractor]


@pytest.fixture
def fs(tmp_path: Path) -> Path:
    (tmp_path / "fs").mkdir()
    return tmp_path / "fs"


@pytest.fixture
def extract(fs: Path) -> Extract:
    """Extract entries into ``fs``, over the layers ``below``."""

    def run(*parts: bytes, limits: Limits = Limits(depth=20), below: tuple[Path, ...] = ()) -> Extractor:  # noqa: B008
        root = os.open(fs, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with (
                Inheritance(below) as inheritance,
                closing(Extractor(root, source(tars.archive(*parts)), limits, inheritance)) as extractor,
            ):
                extractor.run()
        finally:
            os.close(root)
        return extractor

    return run


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_every_kind_of_entry_is_made(extract: Extract, fs: Path) -> None:
    done = extract(
        tars.folder("d/", 0o1777, mtime=1),
        tars.file("d/file", b"hello", mode=0o640, mtime=2),
        tars.symlink("d/link", "../nowhere", mtime=3),
        tars.hardlink("hard", "/d/file"),
        tars.hardlink("hard link of a link", "d/link"),
        tars.fifo("fifo", mode=0o600, mtime=4),
    )
    assert (done.entries, done.size_bytes, done.is_opaque) == (6, 5, False)
    assert (fs / "d/file").read_bytes() == b"hello"
    assert (mode(fs / "d"), mode(fs / "d/file"), mode(fs / "fifo")) == (0o1777, 0o640, 0o600)
    assert os.readlink(fs / "d/link") == os.readlink(fs / "hard link of a link") == "../nowhere"
    assert (fs / "hard").samefile(fs / "d/file")
    assert stat.S_ISFIFO((fs / "fifo").lstat().st_mode)
    times = [(fs / name).lstat().st_mtime for name in ("d", "d/file", "d/link", "fifo")]
    assert times == [1, 2, 3, 4]


@needs_root
def test_modes_are_exact_whatever_the_process_masks(extract: Extract, fs: Path) -> None:
    before = os.umask(0o077)
    try:
        extract(
            tars.folder("d", 0o2775), tars.file("d/f", mode=0o4777), tars.fifo("p", mode=0o666), tars.folder("", 0o755)
        )
    finally:
        os.umask(before)
    assert [mode(fs / name) for name in ("d", "d/f", "p", ".")] == [0o2775, 0o4777, 0o666, 0o755]


def test_directories_nobody_describes_are_made(extract: Extract, fs: Path) -> None:
    assert extract(tars.file("a/b/c", b"x")).entries == 1
    assert (mode(fs / "a"), mode(fs / "a/b")) == (0o755, 0o755)


@needs_root
def test_a_directory_has_its_time_whatever_comes_later(extract: Extract, fs: Path) -> None:
    extract(tars.folder("", mtime=5), tars.folder("d", mtime=7), tars.file("d/f"), tars.folder("d/e"), tars.file("x"))
    assert ((fs / "d").stat().st_mtime, fs.stat().st_mtime) == (7, 5)


FILE, FOLDER = tars.file("x", b"old"), tars.folder("x") + tars.file("x/inside")
LINK, PIPE, HARD = tars.symlink("x", "y"), tars.fifo("x"), tars.file("o") + tars.hardlink("x", "o")


@pytest.mark.parametrize("before", [FILE, FOLDER, LINK, PIPE, HARD])
@pytest.mark.parametrize("after", [FILE, LINK, PIPE, HARD])
def test_the_last_of_a_name_is_what_there_is(extract: Extract, fs: Path, before: bytes, after: bytes) -> None:
    extract(tars.folder("y"), before, tars.file("o", b"other"), after)
    if after is FILE:
        assert (fs / "x").read_bytes() == b"old"
    elif after is LINK:
        assert os.readlink(fs / "x") == "y"
    elif after is PIPE:
        assert stat.S_ISFIFO((fs / "x").lstat().st_mode)
    else:
        assert (fs / "x").samefile(fs / "o")
    assert list((fs / "y").iterdir()) == []


@needs_root
@pytest.mark.parametrize("before", [FILE, LINK, PIPE])
def test_a_directory_over_something_else_hides_what_is_below(extract: Extract, fs: Path, before: bytes) -> None:
    extract(before, tars.folder("x"))
    assert os.getxattr(fs / "x", OPAQUE) == b"y"


def test_a_file_is_never_written_through_what_was_there(extract: Extract, fs: Path) -> None:
    extract(
        tars.file("precious", b"kept"),
        tars.symlink("link", "precious"),
        tars.file("link", b"new"),
        tars.hardlink("hard", "precious"),
        tars.file("hard", b"newer"),
    )
    contents = [(fs / name).read_bytes() for name in ("precious", "link", "hard")]
    assert contents == [b"kept", b"new", b"newer"]


def test_a_path_leads_elsewhere_when_a_directory_was_replaced(extract: Extract, fs: Path) -> None:
    extract(tars.file("a/f", b"1"), tars.folder("b"), tars.symlink("a", "b"), tars.file("a/f", b"2"))
    assert (fs / "b/f").read_bytes() == b"2"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([tars.file("../x")], "leads outside"),
        ([tars.file("a/../../x")], "leads outside"),
        ([tars.hardlink("x", "../etc/passwd")], "hard link target"),
        ([tars.hardlink("x", "nothing")], "cannot be extracted"),
        ([tars.hardlink("x", "no/where")], "does not have"),
        ([tars.hardlink("x", "")], "cannot be linked"),
        ([tars.hardlink("x", ".wh.x")], "cannot be linked"),
        ([tars.folder("d"), tars.hardlink("x", "d")], "to a directory"),
        ([tars.folder("d"), tars.hardlink("d", "d")], "to a directory"),
        ([tars.file("f"), tars.file("f/x")], "Not a directory"),
        ([tars.file("")], "replaces its root"),
        ([tars.symlink("/", "x")], "replaces its root"),
        ([tars.symlink("x", "")], "cannot be extracted"),
        ([tars.symlink("x", b"t" * 5000)], "cannot be extracted"),
        ([tars.file(b"n" * 256)], "cannot be extracted"),
        ([tars.entry("x", b"9")], "unknown type"),
        ([tars.entry("x", b"s")], "unknown type"),
        ([tars.file("x", uid=(1 << 32) - 1)], "no id"),
        ([tars.file("x", gid=1 << 40)], "no id"),
        ([tars.file("x", uid=-1)], "no id"),
        ([tars.device("x", 4096, 0)], "cannot be"),
        ([tars.device("x", 0, 1 << 20)], "cannot be"),
        ([tars.device("x", -1, 0)], "cannot be"),
        ([tars.file(".wh.x/y")], "below a whiteout"),
        ([tars.file(".wh.")], "of nothing"),
        ([tars.file("a/.wh..")], "of nothing"),
        ([tars.file("x", xattrs={"trusted.overlay.opaque": "y"})], "overlayfs attribute"),
        ([tars.folder("x", xattrs={"user.overlay.whiteout": "y"})], "overlayfs attribute"),
        ([tars.file("x", xattrs={"user." + "n" * 300: "y"})], "cannot be extracted"),
        ([tars.file("x", xattrs={"user.n": b"v" * 70_000})], "cannot be extracted"),
        ([tars.symlink("a", "b"), tars.symlink("b", "a"), tars.file("a/x")], "cannot be extracted"),
        ([tars.file("/".join("d" * 21))], "more than 20 names"),
        ([tars.file("/".join("d" * 30))], "deeper than 20"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    extract: Extract, tmp_path: Path, parts: list[bytes], message: str
) -> None:
    before = open_descriptors()
    with pytest.raises(Invalid, match=message) as caught:
        extract(*parts)
    assert len(caught.value.message) < 600
    assert caught.value.message.isprintable()
    assert open_descriptors() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["fs"]


def test_entries_are_limited_and_implied_directories_count(extract: Extract) -> None:
    extract(tars.file("a/b/c"), tars.file("a/d"), limits=Limits(entries=4))
    with pytest.raises(Invalid, match="more than 3 entries"):
        extract(tars.file("w/b/c"), tars.file("w/d"), limits=Limits(entries=3))
    with pytest.raises(Invalid, match="more than 10 entries"):
        extract(tars.symlink("l", "k/" * 15), tars.file("l/x"), limits=Limits(entries=10))


def test_sparse_files_count_as_long_as_they_are(extract: Extract, fs: Path) -> None:
    def sparse(name: str) -> bytes:
        return tars.pax({"GNU.sparse.map": "6,2", "GNU.sparse.size": "1000"}) + tars.file(name, b"ab")

    done = extract(sparse("one"), sparse("two"), limits=Limits(bytes=2 * 4096))
    assert done.size_bytes == 2000
    assert (fs / "one").read_bytes() == bytes(6) + b"ab" + bytes(992)
    with pytest.raises(Invalid, match="more than 8192 bytes"):
        extract(*[sparse(str(number)) for number in range(9)], limits=Limits(bytes=2 * 4096))


def test_times_that_cannot_be_are_the_epoch(extract: Extract, fs: Path) -> None:
    extract(
        tars.file("past", mtime=-5),
        tars.file("future", mtime=1 << 63),
        tars.pax({"mtime": "99999999999999999999"}) + tars.file("pax"),
        tars.file("late", mtime=(1 << 33) + 5),
    )
    assert [(fs / name).stat().st_mtime for name in ("past", "future", "pax", "late")] == [0, 0, 0, (1 << 33) + 5]


def test_attributes_that_are_content_are_kept_and_others_left_out(extract: Extract, fs: Path) -> None:
    try:
        os.setxattr(fs, "user.probe", b"")
    except OSError:
        pytest.skip("the file system has no attributes")
    kept = {
        "user.a": "b",
        "user.empty": "",
        "security.selinux": "label",
        "system.posix_acl_access": "x",
        "trusted.x": "y",
    }
    extract(tars.file("f", xattrs=kept), tars.folder("d", xattrs=kept), tars.symlink("l", "f", xattrs=kept))
    for name in ("f", "d"):
        names = os.listxattr(fs / name)
        assert {name: os.getxattr(fs / "f", name) for name in names} == {"user.a": b"b", "user.empty": b""}


def test_a_full_disk_is_nobodys_fault(extract: Extract, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wherry.engine.snapshots.source.os.write", full)
    with pytest.raises(Unavailable, match="'f': No space left on device; free space"):
        extract(tars.file("f", b"data"))


def test_other_failures_of_the_machine_are_told(extract: Extract, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **more: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(module.os, "symlink", broken)
    with pytest.raises(Unavailable, match="Input/output error"):
        extract(tars.symlink("l", "x"))


@needs_root
def test_a_whiteout_hides_what_is_below(extract: Extract, fs: Path, tmp_path: Path) -> None:
    below = tmp_path / "below"
    (below / "d").mkdir(parents=True)
    (below / "d/file").touch()
    extract(tars.file("d/.wh.file"), below=(below,))
    status = (fs / "d/file").lstat()
    assert (stat.S_ISCHR(status.st_mode), status.st_rdev) == (True, 0)


@needs_root
@pytest.mark.parametrize("name", [".wh.file", "d/.wh.file", "d/e/.wh.file", ".wh.d"])
def test_a_whiteout_of_nothing_leaves_no_mark(extract: Extract, fs: Path, name: str) -> None:
    extract(tars.file(name))
    assert [path for path in fs.rglob("*") if not path.is_dir()] == []


@needs_root
def test_a_whiteout_through_a_link_hides_what_is_where_the_link_leads(
    extract: Extract, fs: Path, tmp_path: Path
) -> None:
    below = tmp_path / "below"
    (below / "real").mkdir(parents=True)
    (below / "real/file").touch()
    extract(tars.symlink("l", "real"), tars.file("l/.wh.file"), below=(below,))
    assert (fs / "real/file").is_char_device()


@needs_root
def test_what_a_layer_has_is_not_hidden_by_its_own_whiteout(extract: Extract, fs: Path, tmp_path: Path) -> None:
    below = tmp_path / "below"
    (below / "d").mkdir(parents=True)
    (below / "f").touch()
    extract(tars.file("f", b"x"), tars.file("d/f"), tars.file(".wh.f"), tars.file(".wh.d"), below=(below,))
    assert (fs / "f").read_bytes() == b"x"
    assert (fs / "d/f").exists()
    assert os.getxattr(fs / "d", OPAQUE) == b"y"


@needs_root
def test_an_opaque_directory_is_marked(extract: Extract, fs: Path) -> None:
    done = extract(tars.file("d/.wh..wh..opq"))
    assert os.getxattr(fs / "d", OPAQUE) == b"y"
    assert not done.is_opaque
    assert extract(tars.file(".wh..wh..opq")).is_opaque


@needs_root
def test_a_hard_link_to_what_the_layer_removes_is_refused(extract: Extract, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below/f").touch()
    with pytest.raises(Invalid, match="a file it removes"):
        extract(tars.file(".wh.f"), tars.hardlink("x", "f"), below=(tmp_path / "below",))


def test_files_of_aufs_itself_are_passed_over(extract: Extract, fs: Path) -> None:
    extract(tars.file(".wh..wh.aufs"), tars.folder(".wh..wh.plnk"), tars.file(".wh..wh.plnk/1.2", b"x"))
    assert list(fs.iterdir()) == []
