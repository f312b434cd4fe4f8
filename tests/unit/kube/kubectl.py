"""The real kubectls of this machine."""

import re
import subprocess
from functools import cache
from pathlib import Path
from shutil import which

import pytest

_OLDEST = (1, 27)
"""Debian 12's 1.20 works too, but says many things in other words."""
_PLACES = (Path("/usr/lib/google-cloud-sdk/bin"), Path("/usr/local/bin"))


@cache
def kubectls() -> dict[tuple[int, int], Path]:
    """By version, such as (1, 32)."""
    found = {}
    for place in _PLACES:
        for path in sorted(place.glob("kubectl.*")):
            match = re.fullmatch(r"kubectl\.(\d+)\.(\d+)", path.name)
            if match:
                found[int(match[1]), int(match[2])] = path
    if not found and (plain := which("kubectl")):
        said = subprocess.run([plain, "version", "--client"], capture_output=True, text=True, check=False).stdout
        match = re.search(r"v(\d+)\.(\d+)\.", said)
        if match:
            found[int(match[1]), int(match[2])] = Path(plain)
    return {version: path for version, path in found.items() if version >= _OLDEST}


needs_kubectl = pytest.mark.skipif(not kubectls(), reason="there is no kubectl")


def kubectl(
    *words: str, version: tuple[int, int] | None = None, server: str = "", stdin: bytes = b"", home: Path = Path("/tmp")
) -> "subprocess.CompletedProcess[str]":
    """Run one (``version`` None: the newest). ``server`` is a URL; ``home`` gets its caches."""
    path = kubectls()[version or max(kubectls())]
    command = [str(path), *([f"--server={server}", f"--cache-dir={home}/cache"] if server else []), *words]
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "KUBECONFIG": str(home / "none")}
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment, timeout=60)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())
