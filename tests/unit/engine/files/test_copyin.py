import gzip
import io
import os
import stat
import tarfile
from pathlib import Path

import pytest

from wherry.engine.files.copyin import CopyIn, Placement
from wherry.engine.snapshots.model import Limits
from wherry.kit.errors import Invalid

OURS = Placement(keep_owner=True)


def entry(
    name: str, content: bytes = b"new", kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644
) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode, made.mtime = kind, link, mode, 1_000_000
    made.size = len(content) if kind == tarfile.REGTYPE else 0
    return made, content


def directory(name: str, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, kind=tarfile.DIRTYPE, mode=mode)


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, kind=kind, link=to)


def archive(*entries: tuple[tarfile.TarInfo, bytes], pax: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for made, content in entries:
            made.pax_headers = pax or {}
            tar.addfile(made, io.BytesIO(content))
    return buffer.getvalue()


def unpack(root: int, path: str, data: bytes, placement: Placement = OURS) -> None:
    CopyIn(root, path, placement).run(io.BytesIO(data))


def test_files_of_every_kind(root: int, tree: Path) -> None:
    unpack(
        root,
        "/etc",
        archive(
            directory("d", 0o700),
            entry("d/file", b"content", mode=0o4755),
            link("d/link", "file"),
            link("d/hard", "d/file", tarfile.LNKTYPE),
            entry("pipe", kind=tarfile.FIFOTYPE, mode=0o620),
        ),
    )
    place = tree / "etc"
    assert (place / "d" / "file").read_bytes() == b"content"
    assert stat.S_IMODE((place / "d" / "file").stat().st_mode) == 0o4755
    assert (place / "d" / "hard").samefile(place / "d" / "file")
    assert os.readlink(place / "d" / "link") == "file"
    assert stat.S_ISFIFO((place / "pipe").stat().st_mode)
    assert stat.S_IMODE((place / "pipe").stat().st_mode) == 0o620
    assert stat.S_IMODE((place / "d").stat().st_mode) == 0o700
    for path in (place / "d", place / "d" / "file", place / "pipe"):
        assert path.stat().st_mtime == 1_000_000


def test_any_compression(root: int, tree: Path) -> None:
    unpack(root, "/etc", gzip.compress(archive(entry("packed"))))
    assert (tree / "etc" / "packed").read_text() == "new"


def test_what_is_there_is_replaced_and_directories_are_merged(root: int, tree: Path) -> None:
    (tree / "etc" / "d").mkdir()
    (tree / "etc" / "d" / "kept").touch()
    (tree / "etc" / "was").mkdir()
    (tree / "etc" / "was" / "full").touch()
    (tree / "etc" / "link").symlink_to("file")
    unpack(root, "/etc", archive(directory("d", 0o711), entry("was"), directory("file"), entry("link")))
    assert (tree / "etc" / "d" / "kept").exists()
    assert stat.S_IMODE((tree / "etc" / "d").stat().st_mode) == 0o711
    assert (tree / "etc" / "was").read_text() == "new"
    assert (tree / "etc" / "file").is_dir()
    assert not (tree / "etc" / "link").is_symlink()


@pytest.mark.parametrize("made", [entry("d"), directory("file"), link("d", "x")], ids=["file", "directory", "link"])
def test_kinds_are_kept_when_that_is_asked_for(root: int, tree: Path, made: tuple[tarfile.TarInfo, bytes]) -> None:
    (tree / "etc" / "d").mkdir()
    with pytest.raises(Invalid, match="cannot overwrite"):
        unpack(root, "/etc", archive(made), Placement(keep_owner=True, keep_kinds=True))
    assert (tree / "etc" / "d").is_dir()
    assert (tree / "etc" / "file").read_text() == "inside"


def test_directories_that_nobody_describes_are_made(root: int, tree: Path) -> None:
    unpack(root, "/etc", archive(entry("a/b/c")))
    assert (tree / "etc" / "a" / "b" / "c").read_text() == "new"


def test_the_place_itself_is_not_touched(root: int, tree: Path) -> None:
    (tree / "etc").chmod(0o750)
    unpack(root, "/etc", archive(directory("./", 0o777), entry("./x")))
    assert stat.S_IMODE((tree / "etc").stat().st_mode) == 0o750


def test_links_lead_to_places_inside(root: int, tree: Path, outside: Path) -> None:
    (tree / "sub").mkdir()
    (tree / "sub" / "way").symlink_to("/etc")
    unpack(root, "/sub", archive(entry("way/through"), link("l", str(outside)), entry("l/file")))
    assert (tree / "etc" / "through").read_text() == "new"
    assert (outside / "file").read_text() == "outside"
    assert (tree / str(outside).lstrip("/") / "file").read_text() == "new"


@pytest.mark.parametrize(
    "data",
    [
        archive(entry("../../outside/file")),
        archive(link("h", "../../../outside/file", tarfile.LNKTYPE)),
        archive(entry("a\nb/../../../x")),
    ],
)
def test_paths_that_lead_above_the_place_are_refused(root: int, outside: Path, data: bytes) -> None:
    with pytest.raises(Invalid, match="outside"):
        unpack(root, "/etc", data)
    assert (outside / "file").read_text() == "outside"


def test_a_hard_link_to_what_is_not_there_is_refused(root: int) -> None:
    with pytest.raises(Invalid, match="No such file"):
        unpack(root, "/etc", archive(link("h", "missing", tarfile.LNKTYPE)))


def test_attributes_that_are_content(root: int, tree: Path) -> None:
    pax = {f"SCHILY.xattr.{name}": "x" for name in ("user.note", "user.overlay.opaque", "trusted.overlay.opaque")}
    unpack(root, "/etc", archive(entry("marked"), pax=pax))
    assert os.listxattr(tree / "etc" / "marked") == ["user.note"]


@pytest.mark.parametrize(
    ("rename", "names"),
    [
        ((b"d", b"e"), {"e", "e/x", "dx"}),
        ((b"", b"all"), {"all", "all/d", "all/d/x", "all/dx"}),
        (None, {"d", "d/x", "dx"}),
    ],
)
def test_the_first_name_can_be_another(
    root: int, tree: Path, rename: tuple[bytes, bytes] | None, names: set[str]
) -> None:
    (tree / "place").mkdir()
    data = archive(
        directory("./") if rename == (b"", b"all") else directory("d"), directory("d"), entry("d/x"), entry("dx")
    )
    unpack(root, "/place", data, Placement(keep_owner=True, rename=rename))
    assert {str(path.relative_to(tree / "place")) for path in (tree / "place").rglob("*")} == names


def test_limits(root: int) -> None:
    with pytest.raises(Invalid, match="more than 1 entries"):
        unpack(root, "/etc", archive(entry("a"), entry("b")), Placement(keep_owner=True, limits=Limits(entries=1)))
    with pytest.raises(Invalid, match="larger than"):
        unpack(root, "/etc", archive(entry("a", bytes(9000))), Placement(keep_owner=True, limits=Limits(bytes=4096)))


@pytest.mark.parametrize(
    "data", [b"no archive" * 100, archive(entry("a", bytes(5000)))[:2000], gzip.compress(b"x")[:9]]
)
def test_damaged_archives_are_refused(root: int, data: bytes) -> None:
    with pytest.raises(Invalid):
        unpack(root, "/etc", data)


@pytest.mark.parametrize(
    ("number", "first", "expected"),
    [(7, 0, 7), (7, 100_000, 100_007), (65536, 100_000, 100_000), (-1, 100_000, 100_000), (1 << 32, 0, 0)],
)
def test_ids_that_a_container_does_not_have_become_root_s(number: int, first: int, expected: int) -> None:
    assert CopyIn(0, "/", Placement(first))._mapped(number) == expected
