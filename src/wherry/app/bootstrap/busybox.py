"""``busybox``: Debian's busybox-static with a link for every applet, and the few files that programs expect."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from wherry.app.bootstrap.model import Missing, Root

_DIRECTORIES = {
    **dict.fromkeys(("bin", "dev", "etc", "home", "proc", "sys", "usr", "usr/bin", "usr/sbin", "var"), 0o755),
    "root": 0o700,
    "tmp": 0o1777,
    "var/tmp": 0o1777,
}
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "etc/group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
_PACKAGE = "busybox-static"


def make(directory: Path) -> Root:
    """Write the archive into ``directory``. Raises Missing without the package."""
    program = shutil.which("busybox")
    if program is None or not _is_static(Path(program)):
        raise Missing(
            f"busybox is made from Debian's package {_PACKAGE}, which is not installed: apt install {_PACKAGE}"
        )
    path = Path(program).resolve()
    applets = subprocess.run([path, "--list"], capture_output=True, text=True, check=True).stdout.split()
    epoch = int(path.stat().st_mtime)  # dpkg keeps the package's
    archive = directory / "rootfs.tar"
    archive.write_bytes(_archive(path.read_bytes(), applets, epoch))
    return Root(archive, _version(path), epoch, ("sh",))


def _is_static(path: Path) -> bool:
    """An ELF file without a program interpreter (elf(5), PT_INTERP)."""
    return b"/lib64/ld-linux" not in path.read_bytes()[:4096]


def _version(path: Path) -> str:
    first = subprocess.run([path], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    return first.split(" ")[1].removeprefix("v") if first.startswith("BusyBox v") else "latest"


def _archive(program: bytes, applets: list[str], epoch: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:

        def add(name: str, kind: bytes, mode: int, content: bytes = b"", link: str = "") -> None:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.size, entry.linkname, entry.mtime = kind, mode, len(content), link, epoch
            tar.addfile(entry, io.BytesIO(content))

        for name, mode in sorted(_DIRECTORIES.items()):
            add(name, tarfile.DIRTYPE, mode)
        add("bin/busybox", tarfile.REGTYPE, 0o755, program)
        for applet in sorted(set(applets) - {"busybox"}):
            add(f"bin/{applet}", tarfile.SYMTYPE, 0o777, link="busybox")
        add("usr/bin/env", tarfile.SYMTYPE, 0o777, link="../../bin/busybox")
        for name, text in sorted(_FILES.items()):
            add(name, tarfile.REGTYPE, 0o644, text.encode())
    return buffer.getvalue()
