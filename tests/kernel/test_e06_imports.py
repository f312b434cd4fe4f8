"""E06: nothing that an image contains is loaded or run by the engine, before, at and after its change of root.

CVE-2019-14271 (NSS libraries of the container loaded by a process of the host), CVE-2026-41567 (a decompressor found
in the container). The image has every module, library and program that could be looked for, at every place where it
would be; the modules and programs leave a mark, and whoever opens a library or a configuration waits for ever.
"""

import bz2
import gzip
import io
import lzma
import os
import struct
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import zstandard
from docker.errors import APIError
from docker.types import Ulimit

import wherry
from tests.kernel.attacks import PYTHON, Image, attempt
from tests.kernel.rig import Rig, busybox_tar
from wherry.linux.inotify import Inotify

MARK = f"mark-{uuid4().hex}"
MODULE = f"open('/{MARK}', 'a').write(__name__ + ' ')\n".encode()
PROGRAM = f"#!/bin/sh\necho $0 >> /{MARK}\n".encode()
PROGRAMS = [
    "bzip2", "git", "gzip", "ip", "iptables", "lbzip2", "ldconfig", "modprobe", "mount", "nft", "pigz", "python",
    "python3", "runc", "tar", "umount", "unpigz", "unxz", "unzstd", "wherry", "xz", "zstd",
]  # fmt: skip
LIBRARIES = [
    "libgcc_s.so.1", "libnss_compat.so.2", "libnss_dns.so.2", "libnss_files.so.2", "libnss_systemd.so.2",
    "libcrypt.so.1", "libffi.so.8", "libresolv.so.2", "libtinfo.so.6", "gconv/gconv-modules", "gconv/UTF-16.so",
]  # fmt: skip
CONFIGURATION = [
    "ld.so.cache", "ld.so.preload", "nsswitch.conf", "localtime", "gai.conf", "host.conf", "locale.alias",
]  # fmt: skip
EMPTY = bytes(10240)  # a tar of nothing
VARIANTS: list[dict[str, Any]] = [{}, {"userns_mode": "host"}]

HOSTILE = {
    "LD_PRELOAD": "/lib/libnss_files.so.2",
    "LD_LIBRARY_PATH": "/lib",
    "GCONV_PATH": "/lib/gconv",
    "LOCPATH": "/lib/locale",
    "LC_ALL": "de_DE.UTF-16",
    "LANGUAGE": "de",
    "TZ": "/etc/localtime",
    "PYTHONHOME": "/evil",
    "PYTHONPATH": "/evil",
    "PYTHONSTARTUP": "/evil/colorsys.py",
}
WAYS: list[dict[str, Any]] = [
    {},
    {"tty": True},
    {"user": "bob"},
    {"user": "bob:tty", "group_add": ["root", "4242"]},
    {"environment": HOSTILE},
    {"environment": {"\u00c9": "\u00fc\U0001f600", "PATH": "/nowhere:/bin"}},
    {"working_dir": "/new/\u00fc"},
    {"hostname": "box", "domainname": "example.org"},
    {"volumes": ["/etc"], "tmpfs": {"/tmp": ""}},
    {"init": os.path.exists("/usr/bin/tini-static")},
    {"read_only": True, "security_opt": ["no-new-privileges"]},
    {"privileged": True},
    {"ulimits": [Ulimit(name="nofile", soft=64, hard=64)], "mem_limit": "64m"},
    {"sysctls": {"net.ipv4.ip_default_ttl": "77"}},
]
FAILING: list[dict[str, Any]] = [
    {"user": "nobody-knows"},
    {"user": "bob:nobody-knows"},
    {"working_dir": "/etc/passwd"},
    {"tmpfs": {"/proc/self": ""}},
    {"command": ["nothing"]},
    {"command": ["/nothing/\u00fc"]},
    {"command": ["/etc"]},
    {"command": ["/etc/passwd"]},
    {"command": ["/bin/text"]},
    {"command": ["/etc/passwd/x"]},
]


def poisoned() -> Image:
    """Every standard module and the package's own, at the places of this interpreter, and what else could be wanted."""
    image = Image()
    paths = sysconfig.get_paths()
    package = Path(wherry.__file__).parent
    own = [path.relative_to(package.parent).with_suffix("") for path in package.rglob("*.py")]
    for place in {paths["stdlib"], paths["purelib"], str(Path(PYTHON).parent), "/evil", str(package.parent)}:
        for name in sorted(sys.stdlib_module_names):
            image.file(f"{place.lstrip('/')}/{name}.py", MODULE)
    for directory in {paths["stdlib"], "/evil"}:
        for name in ("idna", "utf_8", "latin_1", "ascii", "utf_16", "__init__"):
            image.file(f"{directory.lstrip('/')}/encodings/{name}.py", MODULE)
    for path in own:
        image.file(f"{str(package.parent).lstrip('/')}/{path}.py", MODULE)
    for directory in ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin"):
        for name in PROGRAMS:
            image.file(f"{directory}/{name}", PROGRAM)
    for directory in ("lib", "lib64", "lib/x86_64-linux-gnu", "usr/lib", "usr/lib/x86_64-linux-gnu"):
        for name in LIBRARIES:
            image.fifo(f"{directory}/{name}")
    for path in (*(f"etc/{name}" for name in CONFIGURATION), "usr/lib/locale/locale-archive"):
        image.fifo(path)
    return image.file("bin/text", b"neither a script nor a program\n")


@pytest.fixture(scope="module")
def image(shared_instance: Rig) -> str:
    return poisoned().load(shared_instance)


@pytest.fixture(scope="module", autouse=True)
def trojans(shared_instance: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The instance, started again with a PATH that begins with programs which leave a mark beside them."""
    directory = tmp_path_factory.mktemp("trojans")
    for name in PROGRAMS:
        path = directory / name
        path.write_text(f"#!/bin/sh\necho $0 >> {directory}/{MARK}\n")
        path.chmod(0o755)
    shared_instance.down()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
        shared_instance.up()
    yield directory
    assert marks(shared_instance, directory) == []


def marks(rig: Rig, directory: Path) -> list[str]:
    """Every mark: on the host, beside the trojans, in what containers have written."""
    places = [Path("/"), directory, *rig.names.containers.glob("*/upper")]
    return [f"{place}: {(place / MARK).read_text()}" for place in places if (place / MARK).exists()]


def start(rig: Rig, image: str, options: dict[str, Any]) -> str:
    """Why it has not run; "ran" when it has. The container stays: what was written in it is looked at later."""
    container = rig.docker.containers.create(image, **{"command": ["true"], "network_mode": "none", **options})
    try:
        container.start()
    except APIError as error:
        return str(error)
    return "ran" if container.wait()["StatusCode"] == 0 else container.logs().decode()


@pytest.mark.parametrize("options", VARIANTS, ids=["default", "host's user namespace"])
def test_e06_a_start_loads_nothing_from_the_image(
    shared_instance: Rig, image: str, trojans: Path, options: dict[str, Any]
) -> None:
    rig = shared_instance
    assert {str(way): start(rig, image, way | options) for way in WAYS} == {str(way): "ran" for way in WAYS}
    failures = {str(way): start(rig, image, way | options) for way in FAILING}
    assert [text for text in failures.values() if "unable to start" not in text or "import" in text] == []
    assert marks(rig, trojans) == []
    rig.remove_containers()


class Opened:
    """Which files of a running container anybody opens: inotify on all its directories, from outside."""

    OPEN, IS_DIRECTORY, OVERFLOW = 0x20, 0x40000000, 0x4000  # include/uapi/linux/inotify.h
    HEADER = struct.Struct("iIII")

    def __init__(self, inotify: Inotify, pid: int) -> None:
        self._inotify = inotify
        self._root = f"/proc/{pid}/root"
        self._names: dict[int, str] = {}
        for directory, names, _ in os.walk(self._root):
            if directory == self._root:
                names[:] = [name for name in names if name not in ("proc", "sys", "dev")]
            self._names[inotify.add(directory, self.OPEN)] = directory.removeprefix(self._root)

    def files(self) -> set[str]:
        """The paths since the last call."""
        found: set[str] = set()
        try:
            while data := os.read(self._inotify.fd, 1 << 20):
                found |= set(self._parse(data))
        except BlockingIOError:
            return found
        raise AssertionError("inotify has ended")

    def _parse(self, data: bytes) -> Iterator[str]:
        place = 0
        while place < len(data):
            number, mask, _, length = self.HEADER.unpack_from(data, place)
            place += self.HEADER.size
            name = data[place : place + length].rstrip(b"\0").decode()
            place += length
            assert not mask & self.OVERFLOW
            if not mask & self.IS_DIRECTORY:
                yield f"{self._names[number]}/{name}"


EXECS: list[dict[str, Any]] = [
    {},
    {"tty": True},
    {"stdin": True, "user": "bob"},
    {"user": "bob:tty"},
    {"user": "nobody-knows"},
    {"environment": HOSTILE},
    {"environment": {"\u00c9": "\u00fc\U0001f600", "PATH": "/nowhere:/bin"}},
    {"workdir": "/home"},
    {"workdir": "/nowhere"},
    {"privileged": True},
    *({"cmd": way["command"]} for way in FAILING if "command" in way),
]


@pytest.mark.parametrize("options", VARIANTS, ids=["default", "host's user namespace"])
def test_e06_an_exec_opens_two_files_and_the_program(
    shared_instance: Rig, image: str, trojans: Path, options: dict[str, Any]
) -> None:
    """The program is static: whatever else is opened, it is the engine that has done it."""
    rig = shared_instance
    container = rig.docker.containers.run(image, ["sleep", "600"], detach=True, network_mode="none", **options)
    pid = int(rig.docker.api.inspect_container(container.id)["State"]["Pid"])
    with Inotify() as inotify:
        opened = Opened(inotify, pid)
        opened.files()
        outputs = [container.exec_run(**{"cmd": ["true"], **way}).output or b"" for way in EXECS]
        files = opened.files()
    assert {"/etc/passwd", "/etc/group", "/bin/busybox"} <= files
    assert files <= {"/etc/passwd", "/etc/group", "/bin/busybox", "/bin/text"}
    assert [text for text in outputs if b"import" in text] == []
    assert marks(rig, trojans) == []
    rig.remove_containers()


COMPRESSED = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("kind", COMPRESSED)
def test_e06_an_archive_is_unpacked_by_no_program(shared_instance: Rig, trojans: Path, kind: str) -> None:
    data = COMPRESSED[kind](busybox_tar())
    answer = shared_instance.docker.api.import_image_from_data(data, repository="unpacked", tag=kind)
    assert '"error"' not in answer
    assert attempt(shared_instance, f"unpacked:{kind}", ["echo", "well"]) == "well\n"
    assert marks(shared_instance, trojans) == []


DOCKERFILE = f"""
FROM {{image}}
WORKDIR /new/ü
COPY --chown=bob:tty file .
ADD archive.tar.xz /unpacked/
RUN true
RUN --mount=type=tmpfs,target=/tmp true
RUN test ! -e /{MARK} && test -e /unpacked/bin/busybox
USER bob
RUN test ! -e /{MARK} && test "$HOME" = /home
"""


def test_e06_neither_does_a_build(shared_instance: Rig, image: str, trojans: Path) -> None:
    context = Image(EMPTY).file("Dockerfile", DOCKERFILE.format(image=image).encode()).file("file")
    context.file("archive.tar.xz", lzma.compress(busybox_tar(), preset=0))
    made, _ = shared_instance.docker.images.build(fileobj=io.BytesIO(context.tar()), custom_context=True, rm=True)
    look = f"ls /new/ü; test ! -e /{MARK} || echo marked"
    assert attempt(shared_instance, made.id, ["sh", "-c", look]) == "file\n"
    made.remove()
    assert marks(shared_instance, trojans) == []
