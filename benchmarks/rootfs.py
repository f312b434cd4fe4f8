"""The root file system that all run: busybox and nothing else, so that what is measured is the engine."""

import shutil
import subprocess
from pathlib import Path

_APPLETS = ("sh", "true", "sleep")


def make(directory: Path) -> None:
    """Fill ``directory``. FileNotFoundError without busybox."""
    program = shutil.which("busybox")
    if program is None:
        raise FileNotFoundError("busybox (Debian's package busybox-static) is needed")
    for name in ("bin", "dev", "etc", "proc", "sys", "root", "tmp"):
        (directory / name).mkdir(parents=True)
    shutil.copy(Path(program).resolve(), directory / "bin/busybox")
    for applet in _APPLETS:
        (directory / "bin" / applet).symlink_to("busybox")
    (directory / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (directory / "etc/group").write_text("root:x:0:\n")


def archive(directory: Path) -> bytes:
    """A tar of it, owned by root."""
    command = ["tar", "-C", str(directory), "--owner=0", "--group=0", "-c", "."]
    return subprocess.run(command, capture_output=True, check=True).stdout
