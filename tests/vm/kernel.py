"""Debian's cloud kernel, unpacked in a cache, and an initramfs that brings a disk's own /init to life on it."""

import gzip
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# What stands between the firmware and our disk, and what containers need beyond. ext4 is built in.
MODULES = ("virtio_pci", "virtio_blk", "overlay", "veth", "bridge", "nf_tables", "nft_chain_nat", "nft_masq", "nft_nat")

_INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /disk
/bin/busybox mount -t devtmpfs dev /dev
for module in {modules}; do /bin/busybox insmod /modules/$module; done
/bin/busybox mount -t ext4 /dev/vda /disk || echo "no disk: $(/bin/busybox ls /dev | /bin/busybox tr '\\n' ' ')"
exec /bin/busybox switch_root /disk /init
"""


@dataclass(frozen=True)
class Kernel:
    """Files of an unpacked kernel package."""

    image: Path
    modules: Path


def cache() -> Path:
    """Where downloads stay from run to run."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "wherry" / "vm"


def fetch() -> Kernel:
    """Download and unpack the kernel that linux-image-cloud-amd64 names now, unless the cache has it."""
    listing = subprocess.run(
        ["apt-cache", "depends", "linux-image-cloud-amd64"], capture_output=True, text=True, check=True
    )
    names = [line.split()[-1] for line in listing.stdout.splitlines() if "Depends: linux-image" in line]
    assert names, "apt knows no linux-image-cloud-amd64: run apt-get update on Debian"
    directory = cache() / names[0]
    if not directory.exists():
        cache().mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=names[0], dir=cache()))
        subprocess.run(["apt-get", "download", names[0]], cwd=scratch, check=True, capture_output=True)
        package = next(scratch.glob("*.deb"))
        subprocess.run(["dpkg", "-x", package.name, "."], cwd=scratch, check=True)
        package.unlink()
        with suppress(OSError):  # another run was quicker
            scratch.rename(directory)
    return Kernel(next((directory / "boot").glob("vmlinuz-*")), next((directory / "lib/modules").iterdir()))


def initramfs(kernel: Kernel, path: Path) -> None:
    """Write an initramfs with busybox and the modules, in the order in which they can be loaded."""
    busybox = shutil.which("busybox")
    assert busybox is not None, "busybox (package busybox-static) is needed"
    order = list(_in_order(kernel.modules, MODULES))
    script = _INIT.format(modules=" ".join(module.name for module in order))
    entries = [
        ("bin", stat.S_IFDIR | 0o755, b""),
        ("modules", stat.S_IFDIR | 0o755, b""),
        ("bin/busybox", stat.S_IFREG | 0o755, Path(busybox).resolve().read_bytes()),
        ("init", stat.S_IFREG | 0o755, script.encode()),
        *((f"modules/{module.name}", stat.S_IFREG | 0o644, module.read_bytes()) for module in order),
    ]
    path.write_bytes(gzip.compress(_cpio(entries), compresslevel=1))


def _in_order(modules: Path, wanted: Iterable[str]) -> Iterator[Path]:
    """The modules and what they depend on, dependencies first (``depends=`` in .modinfo, as depmod(8) reads it)."""
    files = {path.stem.replace("-", "_"): path for path in modules.rglob("*.ko")}
    done: set[str] = set()

    def visit(name: str) -> Iterator[Path]:
        if name in done or name not in files:  # what is not a module here is built in
            return
        done.add(name)
        content = files[name].read_bytes()
        start = content.index(b"\0depends=") + len(b"\0depends=")
        for other in content[start : content.index(b"\0", start)].decode().split(","):
            yield from visit(other.replace("-", "_"))
        yield files[name]

    for name in wanted:
        yield from visit(name)


def _cpio(entries: Iterable[tuple[str, int, bytes]]) -> bytes:
    """An archive in the "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst)."""
    parts: list[bytes] = []
    for number, (name, mode, content) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        parts += [head, bytes(-len(head) % 4), content, bytes(-len(content) % 4)]
    return b"".join(parts)
