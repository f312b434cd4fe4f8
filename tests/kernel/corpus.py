"""Hostile layers: what is accepted, what is refused and why. CANARY stands for the path of a directory outside."""

from tests import tars
from tests.kernel.layermodel import BLOCK, CHARACTER, FIFO, FOLDER, HARDLINK, SYMLINK, Entry


def linked(name: str, target: str) -> Entry:
    return Entry(name, SYMLINK, link=target)


def hard(name: str, target: str) -> Entry:
    return Entry(name, HARDLINK, link=target)


def folder(name: str, mode: int = 0o755) -> Entry:
    return Entry(name, FOLDER, mode=mode)


def path_max_chain(levels: int, length: int, by_links: bool = False) -> list[Entry]:
    """The archive of CVE-2025-4517: short links for long directories, so that a path that can be walked is longer than
    PATH_MAX when it is written out, and a last link that leads up again. ``by_links``: even the directories are made
    by their short names."""
    entries, way = [], ""
    letters = [chr(ord("a") + number) for number in range(levels)]
    for letter in letters:
        entries += [folder(way + letter * length), linked(way + letter, letter * length)]
        way += letter * (1 if by_links else length) + "/"
    last = "/".join(letters) + "/" + "l" * 254
    return [*entries, linked(last, "../" * levels), linked("escape", last + "/../../../../../..CANARY")]


MEANT: dict[str, list[list[Entry]]] = {
    "absolute name": [[Entry("/abs", data=b"x"), Entry("///etc/passwd", data=b"x")]],
    "dots that stay inside": [
        [Entry("a/../x", data=b"x"), Entry("./b/.//./d"), folder("a/.."), folder("./"), Entry("b/../b/e/")]
    ],
    "file through a link to outside": [[linked("l", "CANARY"), Entry("l/file", data=b"x")]],
    "file through a link up": [[linked("l", "../../../../../..CANARY"), Entry("l/file", data=b"x")]],
    "file through a chain of links": [
        [linked("a", "b"), linked("b", "/c/.."), linked("c", "CANARY"), Entry("a/c/file")]
    ],
    "file over a link to a file outside": [[linked("file", "CANARY/file"), Entry("file", data=b"x")]],
    "file over a hard link to a link": [[linked("s", "CANARY/file"), hard("h", "s"), Entry("h", data=b"x")]],
    "folder over a link to outside": [[linked("l", "CANARY"), folder("l", 0o777), Entry("l/file", data=b"x")]],
    "folder behind a link to outside": [[linked("l", "CANARY"), folder("l/", 0o7777), folder("l/inner", 0o777)]],
    "folder over a link in a lower layer": [[linked("l", "CANARY")], [Entry("l/file", data=b"x")]],
    "link over a folder in a lower layer": [[Entry("d/file")], [linked("d", "CANARY"), Entry("d/file", data=b"x")]],
    "folder replaced by a link between two files": [
        [Entry("d/one"), linked("d", "CANARY"), Entry("d/two"), folder("d"), Entry("d/three")]
    ],
    "deep folder replaced by a link between two files": [
        [
            Entry("d/e/f/one"),
            Entry("x/e/f/zero"),
            linked("d", "x"),
            Entry("d/e/f/two"),
            linked("x", "CANARY"),
            Entry("d/e/f/3"),
        ]
    ],
    "link chain of CVE-2025-4517, short": [[*path_max_chain(16, 100), Entry("escape/file", data=b"x")]],
    "link to a process's root": [[linked("l", "/proc/self/root"), Entry("l/file", data=b"x"), Entry("l/../file")]],
    "absolute hard link": [[Entry("a/file", data=b"x"), hard("b", "/a/file"), hard("c", "//a/x/../file")]],
    "hard link through a link inside": [[Entry("a/file", data=b"x"), linked("l", "/a"), hard("b", "l/file")]],
    "hard link to itself": [[Entry("a", data=b"x"), hard("a", "a"), hard("a", "./a")]],
    "hard link that closes a circle": [[Entry("a", data=b"x"), hard("b", "a"), hard("a", "b")]],
    "hard link over a folder": [[Entry("a", data=b"x"), folder("d"), Entry("d/file"), hard("d", "a")]],
    "hard link to a device": [[Entry("dev", CHARACTER, device=(1, 3)), hard("again", "dev")]],
    "names that no terminal shows": [
        [Entry("new\nline", data=b"x"), Entry("\x1b[2J"), Entry("\udcff\udcfe"), Entry("...")]
    ],
    "names as long as they may be": [[Entry("n" * 255), Entry("/".join("d" * 255 for _ in range(15)) + "/x")]],
    "path as deep as it may be": [[Entry("d/" * 511 + "f", data=b"x")]],
    "the same name many times": [
        [Entry("a", data=b"1"), Entry("./a", data=b"2"), Entry("/a", data=b"3"), Entry("b/../a", data=b"4")]
    ],
    "the same folder many times": [[folder("d", 0o700), Entry("d/f"), folder("d/", 0o1777), folder("./d", 0o711)]],
    "everything over everything": [
        [
            Entry("y"),
            Entry("x"),
            folder("x"),
            linked("x", "y"),
            Entry("x", FIFO),
            hard("x", "y"),
            folder("x"),
            Entry("x/z"),
        ],
        [linked("x", "y"), folder("x"), Entry("x"), folder("x"), Entry("x/w")],
    ],
    "whiteout": [[Entry("a"), Entry("d/b"), Entry("d/c")], [Entry(".wh.a"), Entry("d/.wh.b")]],
    "whiteout of a folder, which comes again": [[Entry("d/a")], [Entry(".wh.d"), Entry("d/b")], [Entry("d/c")]],
    "whiteout after what it hides": [
        [Entry("d/a")],
        [Entry("d/b"), Entry(".wh.d"), Entry("d/.wh.b"), Entry(".wh..wh.x")],
    ],
    "whiteout, file, folder": [[Entry("d/a")], [Entry(".wh.d"), Entry("d"), folder("d"), Entry("d/b")]],
    "whiteout through a link": [[Entry("d/a"), linked("l", "d")], [linked("l", "/d"), Entry("l/.wh.a")]],
    "whiteout through a link to outside": [[linked("l", "CANARY"), Entry("l/.wh.file"), Entry("l/.wh..wh..opq")]],
    "whiteout in the lowest layer": [[Entry("d/.wh.a"), Entry(".wh.b"), Entry("d/c")]],
    "whiteouts with dots": [
        [Entry(".a"), Entry("..."), Entry("d/..b")],
        [Entry(".wh..a"), Entry(".wh...."), Entry("d/.wh...b")],
    ],
    "opaque folder": [[Entry("d/a"), Entry("d/e/b")], [Entry("d/.wh..wh..opq"), Entry("d/e/c")]],
    "opaque folder, late": [
        [Entry("d/a"), Entry("d/b")],
        [Entry("d/b", data=b"x"), Entry("d/.wh..wh..opq"), Entry("d/.wh.c")],
    ],
    "opaque root": [[Entry("a"), Entry("d/b")], [Entry("c"), Entry(".wh..wh..opq"), Entry("d/e")], [Entry("f")]],
    "opaque folder that was a link below": [[linked("d", "e"), Entry("e/a")], [Entry("d/.wh..wh..opq"), Entry("d/b")]],
    "aufs's own files": [
        [Entry(".wh..wh.aufs"), folder(".wh..wh.plnk"), Entry(".wh..wh.plnk/1.2"), Entry("a/.wh..wh.orph/x")]
    ],
    "device 0/0, which is a whiteout": [
        [Entry("a"), Entry("b/c")],
        [Entry("a", CHARACTER), Entry("b", CHARACTER), Entry("b/d")],
    ],
    "set-id and sticky modes": [
        [Entry("s", mode=0o6755, uid=1000), folder("d", 0o7777), Entry("d/f", mode=0o4711, uid=5, gid=6)]
    ],
    "groups of a set-gid folder": [
        [Entry("d", FOLDER, mode=0o2775, gid=50), Entry("d/e/f"), linked("d/l", "f"), Entry("d/p", FIFO)]
    ],
    "owners as high as they may be": [
        [Entry("f", uid=(1 << 32) - 2, gid=(1 << 32) - 2), Entry("d", FOLDER, uid=1 << 31)]
    ],
    "devices": [
        [
            Entry("null", CHARACTER, device=(1, 3)),
            Entry("sda", BLOCK, device=(8, 0)),
            Entry("big", BLOCK, device=(4095, (1 << 20) - 1)),
        ]
    ],
    "root without rights": [[folder(".", 0), folder("d", 0), Entry("d/f", mode=0, data=b"x"), folder("d/e", 0)]],
    "folder that only its owner could enter": [
        [Entry("home/me", FOLDER, mode=0o700, uid=1000, gid=1000)],
        [Entry("home/me/f")],
    ],
    "user attributes": [
        [Entry("f", xattrs=(("user.a", "b"),)), Entry("d", FOLDER, xattrs=(("user.a", ""),)), linked("l", "f")]
    ],
    "forty links": [[*[linked(f"l{n}", f"l{n + 1}") for n in range(39)], linked("l39", "d"), Entry("l0/f", data=b"x")]],
}


MIB = 1 << 20
SPARSE = {"GNU.sparse.map": "0,1", "GNU.sparse.numblocks": "1", "GNU.sparse.size": str(1 << 40)}

# What is refused, and words of the reason.
REFUSED: dict[str, tuple[bytes, str]] = {
    "name that leads up": (tars.file("../x"), "leads outside"),
    "name that leads up behind a slash": (tars.file("/../x"), "leads outside"),
    "name that leads down and up": (tars.file("a/../../x"), "leads outside"),
    "name that leads up in a pax header": (tars.pax({"path": "../x"}) + tars.file("x"), "leads outside"),
    "name that leads up in a long name": (tars.special(b"L", b"a/../../x\0") + tars.file("x"), "leads outside"),
    "name that leads up in a prefix": (tars.block("x", prefix=b"a/../.."), "leads outside"),
    "name that leads up in a sparse header": (
        tars.pax({**SPARSE, "GNU.sparse.size": "5", "GNU.sparse.name": "../x"}) + tars.file("x", b"1"),
        "leads outside",
    ),
    "folder that leads up": (tars.folder(".."), "leads outside"),
    "whiteout that leads up": (tars.file("../.wh.canary"), "leads outside"),
    "opaque mark that leads up": (tars.file("a/../../.wh..wh..opq"), "leads outside"),
    "hard link to the host's passwords": (tars.hardlink("x", "/etc/passwd"), "does not have"),
    "hard link that leads up": (tars.hardlink("x", "../../etc/passwd"), "leads outside"),
    "hard link through a link": (tars.symlink("l", "/etc") + tars.hardlink("x", "l/passwd"), "does not have"),
    "hard link to a folder": (tars.folder("d") + tars.hardlink("x", "d"), "to a directory"),
    "hard link to the root": (tars.hardlink("x", "/"), "cannot be linked"),
    "hard link to what it replaces": (tars.file("d/x") + tars.hardlink("d", "d/x"), "cannot be extracted"),
    "hard link to nothing": (tars.hardlink("x", "y"), "cannot be extracted"),
    "hard link to a whiteout": (tars.file(".wh.y") + tars.hardlink("x", ".wh.y"), "cannot be linked"),
    "name with a NUL in a pax header": (tars.pax({"path": b"a\0/../../x"}) + tars.file("x"), "NUL"),
    "link with a NUL in a pax header": (tars.pax({"linkpath": b"a\0b"}) + tars.symlink("x", "y"), "NUL"),
    "name of 64 KiB": (tars.file("a/" * 32768 + "x"), "too long"),
    "name of 64 KiB of dots": (tars.file("./" * 32768 + "x"), "too long"),
    "name of 64 KiB without a slash": (tars.file("n" * 65536), "too long"),
    "one name of 256 bytes": (tars.file("n" * 256), "name too long"),
    "link of 64 KiB": (tars.symlink("x", "t" * 65536), "name too long"),
    "link to nothing": (tars.symlink("x", ""), "cannot be extracted"),
    "two links in a circle": (tars.symlink("a", "b") + tars.symlink("b", "a") + tars.file("a/x"), "symbolic links"),
    "link to itself": (tars.symlink("a", "a/b") + tars.file("a/x"), "symbolic links"),
    "forty-one links": (
        b"".join(tars.symlink(f"l{n}", f"l{n + 1}") for n in range(40)) + tars.symlink("l40", "d") + tars.file("l0/x"),
        "symbolic links",
    ),
    "link of two thousand names": (tars.symlink("l", "d/" * 2000) + tars.file("l/x"), "deeper than 512"),
    "path of 513 names": (tars.file("d/" * 512 + "x"), "more than 512 names"),
    "folders of 513 names": (tars.folder("d/" * 513), "more than 512 names"),
    "path of two thousand names": (tars.file("d/" * 2000 + "x"), "deeper than 512"),
    "links that go ever deeper": (
        b"".join(
            tars.symlink("d/" * (250 * n) + "l", "d/" * 250) + tars.file("d/" * (250 * n) + "l/x") for n in range(3)
        ),
        "names",
    ),
    "link chain of CVE-2025-4517": (
        b"".join(entry.tar() for entry in path_max_chain(20, 247, by_links=True)),
        "longer than PATH_MAX",
    ),
    "file below a file": (tars.file("f") + tars.file("f/x"), "Not a directory"),
    "file below a link to a file": (tars.file("f") + tars.symlink("l", "f") + tars.file("l/x"), "Not a directory"),
    "file instead of the root": (tars.file("."), "replaces its root"),
    "link instead of the root": (tars.symlink("a/..", "/etc"), "replaces its root"),
    "hard link instead of the root": (tars.file("a") + tars.hardlink("/", "a"), "replaces its root"),
    "whiteout of nothing": (tars.file("a/.wh."), "of nothing"),
    "whiteout of the folder it is in": (tars.file("a/.wh.."), "of nothing"),
    "whiteout of the folder above": (tars.file("a/.wh..."), "of nothing"),
    "file below a whiteout": (tars.file(".wh.a/x"), "below a whiteout"),
    "file below an opaque mark": (tars.file("a/.wh..wh..opq/x"), "below a whiteout"),
    "file below a whiteout with dots": (tars.file(".wh.../x"), "below a whiteout"),
    "link to below a whiteout": (tars.symlink("l", ".wh.a") + tars.file("l/x"), "below a whiteout"),
    "attribute trusted.overlay.opaque": (tars.folder("d", xattrs={"trusted.overlay.opaque": "y"}), "overlayfs"),
    "attribute trusted.overlay.redirect": (tars.folder("d", xattrs={"trusted.overlay.redirect": "/x"}), "overlayfs"),
    "attribute trusted.overlay.metacopy": (tars.file("f", xattrs={"trusted.overlay.metacopy": ""}), "overlayfs"),
    "attribute user.overlay.whiteout": (tars.file("f", xattrs={"user.overlay.whiteout": ""}), "overlayfs"),
    "attribute user.overlay.opaque on the root": (tars.folder("", xattrs={"user.overlay.opaque": "x"}), "overlayfs"),
    "capabilities that are none": (tars.file("f", xattrs={"security.capability": "junk"}), "cannot be extracted"),
    "attribute with a long name": (tars.file("f", xattrs={"user." + "n" * 300: "v"}), "cannot be extracted"),
    "attribute with a long value": (tars.file("f", xattrs={"user.n": b"v" * 70_000}), "too long"),
    "owner 2^32": (tars.file("f", uid=1 << 32), "no id"),
    "owner -1": (tars.file("f", gid=-1), "no id"),
    "owner that means none": (tars.file("f", uid=(1 << 32) - 1), "no id"),
    "owner that is no number": (tars.pax({"uid": "0x0"}) + tars.file("f"), "pax"),
    "device with a number that cannot be": (tars.device("d", 1, 1 << 24), "cannot be"),
    "socket": (tars.entry("s", b"s"), "unknown type"),
    "directory listing of GNU tar": (tars.entry("d", b"D", b"Yfile\0\0"), "unknown type"),
    "continuation of another volume": (tars.entry("f", b"M", b"rest"), "unknown type"),
    "volume label": (tars.entry("v", b"V"), "unknown type"),
    "type of no standard": (tars.entry("f", b"\xff"), "unknown type"),
    "sparse file of a tebibyte": (tars.pax(SPARSE) + tars.file("f", b"1"), "sparse"),
    "size of 2^62": (tars.block("f", size=1 << 62), "not a complete"),
    "negative size": (tars.block("f", size=-512), "negative"),
    "size that is no number": (tars.block("f", size=b"0000000000z\0"), "not a number"),
    "pax header of 2 MiB": (tars.special(b"x", tars.records({"a": b"b" * 2 * MIB})) + tars.file("f"), "extended"),
    "long name of 2 MiB": (tars.special(b"L", b"n" * 2 * MIB) + tars.file("f"), "extended"),
    "a thousand pax headers for one file": (tars.pax({"comment": b"c" * 5000}) * 1000 + tars.file("f"), "extended"),
    "pax record without an end": (tars.special(b"x", b"9 path=a\n9") + tars.file("f"), "pax"),
    "nothing behind a pax header": (tars.pax({"path": "x"}), "ends behind"),
    "damaged header": (tars.file("a") + b"x" * 512, "not a tar archive"),
    "no archive": (b"#!/bin/sh\n" * 100, "not a tar archive"),
}
