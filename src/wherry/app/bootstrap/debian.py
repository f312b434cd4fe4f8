"""``debian:SUITE``: a minimal root out of the distribution's packages, by mmdebstrap."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path

from wherry.app.bootstrap.model import Missing, Root

_HELPER = "/usr/lib/apt/apt-helper"
_SUITE = re.compile(r"[a-z][a-z0-9-]{1,40}")
_DEFAULT_MIRROR = "http://deb.debian.org/debian"
_DATE = re.compile(r"^Date: (.+)$", re.MULTILINE)
# What makes two runs differ, or is of no use in a container (as Debian's own images leave it out).
_UNWANTED = (
    "/var/cache/apt/archives/*.deb", "/var/lib/apt/lists/*", "/var/log/*.log", "/var/log/apt/*",
    "/var/cache/ldconfig/aux-cache", "/etc/machine-id", "/var/lib/dpkg/*-old", "/var/cache/debconf/*-old",
)  # fmt: skip


def make(directory: Path, suite: str, mirror: str, packages: Sequence[str] = ()) -> Root:
    """Write the archive into ``directory``. ``mirror`` empty: the one this machine's apt uses for the suite.

    Raises Missing without mmdebstrap, ValueError for a suite that is none, RuntimeError with what mmdebstrap said.
    """
    if not _SUITE.fullmatch(suite):
        raise ValueError(f"{suite!r} is no suite of Debian")
    program = shutil.which("mmdebstrap")
    if program is None:
        raise Missing("debian images are made by mmdebstrap, which is not installed: apt install mmdebstrap")
    mirror = mirror or mirror_of(suite)
    epoch = _release_time(mirror, suite, directory)
    archive = directory / "rootfs.tar"
    command = [program, "--variant=minbase", "--quiet", "--mode=root", "--format=tar"]
    command += [f"--include={','.join(packages)}"] if packages else []
    unwanted = " ".join('"$1"' + path for path in _UNWANTED)
    command += [f"--customize-hook=rm -rf {unwanted}"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "LC_ALL": "C"}
    done = subprocess.run(
        [*command, suite, str(archive), mirror], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"mmdebstrap could not make {suite} from {mirror}: {done.stderr.strip()[-800:]}")
    return Root(archive, suite, epoch, ("bash",))


def mirror_of(suite: str) -> str:
    """The first mirror of this machine's apt that has the suite, or any of Debian's, or the distribution's own."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(CODENAME)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line.split(" ") for line in done.stdout.splitlines() if line.count(" ") == 2]
    exact = [site for site, release, codename in found if suite in (release, codename)]
    others = [site for site, _, _ in found if site.rstrip("/").endswith("/debian")]
    return (exact or others or [_DEFAULT_MIRROR])[0]


def _release_time(mirror: str, suite: str, directory: Path) -> int:
    """When the suite was last changed: its Release file's own date, fetched as apt fetches (with its proxies)."""
    target = directory / "InRelease"
    url = f"{mirror.rstrip('/')}/dists/{suite}/InRelease"
    done = subprocess.run([_HELPER, "download-file", url, str(target)], capture_output=True, text=True, check=False)
    if done.returncode or not target.is_file():
        raise RuntimeError(f"{url} cannot be fetched: {(done.stderr or done.stdout).strip()[-300:]}")
    match = _DATE.search(target.read_text(errors="replace"))
    target.unlink()
    if match is None:
        raise RuntimeError(f"{url} has no date")
    return int(parsedate_to_datetime(match[1]).timestamp())
