"""A virtual machine under software emulation with this Python, this tree and pytest on its disk; boots, runs one
command, and is gone."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.vm import kernel

QEMU = "qemu-system-x86_64"
TREE = Path(__file__).parent.parent.parent
SECONDS = 1800  # a tenth of it where nothing else runs
_PACKAGES = (
    "pytest",
    "_pytest",
    "py.py",
    "pluggy*",
    "iniconfig",
    "packaging",
    "pygments",
    "pytest_asyncio*",
    "pytest_timeout*",
    "typing_extensions.py",
    "isal",
    "msgspec",
    "zstandard",
)
_UNNEEDED = (
    "site-packages",
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "lib2to3",
    "__pycache__",
)

_INIT = """#!/bin/busybox sh
export PATH=/bin:/sbin:/usr/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /run /tmp
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
ip link set lo up
cd /tree
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/tree/src:/tree:/site {command}
echo "VM-EXIT:$?:"
poweroff -f
"""


def run(command: str, scratch: Path) -> tuple[int, str]:
    """Exit code and console output of a shell command in the machine; ``{python}`` in it is the interpreter."""
    found = kernel.fetch()
    kernel.initramfs(found, scratch / "initrd")
    interpreter = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    _make_disk(scratch, interpreter, command.replace("{python}", str(interpreter)))
    arguments = [
        QEMU,
        "-cpu",
        "max",
        "-accel",
        "tcg,thread=multi",
        "-smp",
        "2",
        "-m",
        "1024",
        "-nographic",
        "-no-reboot",
    ]
    arguments += ["-kernel", str(found.image), "-initrd", str(scratch / "initrd")]
    arguments += ["-append", "console=ttyS0 quiet loglevel=1 panic=-1 random.trust_cpu=on"]
    arguments += ["-drive", f"file={scratch / 'disk'},if=virtio,format=raw,cache=unsafe"]
    try:
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
        output = (done.stdout + done.stderr).decode(errors="replace")
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode(errors="replace") + f"\nno end after {SECONDS} s"
    finally:
        (scratch / "disk").unlink(missing_ok=True)
    _, found_exit, rest = output.rpartition("VM-EXIT:")
    return (int(rest.split(":")[0]) if found_exit else -1), output


def _make_disk(scratch: Path, interpreter: Path, command: str) -> None:
    stage = scratch / "stage"
    for name in ("bin", "site", "proc", "sys", "dev", "tmp", "run", "var", "root", "etc"):
        (stage / name).mkdir(parents=True)
    for part in ("src", "tests"):
        shutil.copytree(TREE / part, stage / "tree" / part)
    packages = Path(sysconfig.get_path("purelib"))
    for path in (path for name in _PACKAGES for path in packages.glob(name)):
        (shutil.copytree if path.is_dir() else shutil.copy2)(path, stage / "site" / path.name)
    _copy_python(stage, interpreter)
    busybox = shutil.which("busybox")
    assert busybox is not None, "busybox (package busybox-static) is needed"
    shutil.copy2(Path(busybox).resolve(), stage / "bin/busybox")
    (stage / "init").write_text(_INIT.format(command=command))
    (stage / "init").chmod(0o755)
    subprocess.run(
        ["mkfs.ext4", "-q", "-O", "^has_journal", "-d", str(stage), str(scratch / "disk"), "512M"], check=True
    )
    shutil.rmtree(stage)


def _copy_python(stage: Path, interpreter: Path) -> None:
    """The interpreter, its standard library, and the shared libraries of both and of the packages, at their places."""
    library = Path(sysconfig.get_path("stdlib"))
    ignore = shutil.ignore_patterns(*_UNNEEDED, "config-*", "*.a")
    shutil.copytree(library, _inside(stage, library), ignore=ignore, symlinks=False)
    modules = [*(library / "lib-dynload").glob("*.so"), *(stage / "site").rglob("*.so")]
    binaries = [str(interpreter), *map(str, modules)]
    listing = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False).stdout
    words = {word for line in listing.splitlines() if not line.endswith(":") for word in line.split()}
    for path in [interpreter, *(Path(word) for word in words if word.startswith("/"))]:
        target = _inside(stage, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy2(os.path.realpath(path), target)


def _inside(stage: Path, path: Path) -> Path:
    return stage / path.relative_to("/")
