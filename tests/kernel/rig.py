"""A fresh instance under test: made, talked to, taken down, and whatever it leaves behind named and removed."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.kernel import census
from wherry.engine.instance import Instance
from wherry.linux.cgroup import Cgroup, layout

if TYPE_CHECKING:  # the virtual machine's tests have no docker-py
    import docker

WHERRY = str(Path(sys.executable).parent / "wherry")
IMAGE = "busybox:test"
UP_SECONDS = 120


def wait_until(predicate: Callable[[], Any], seconds: float = 60, what: str = "") -> Any:
    """The first true answer of ``predicate``; AssertionError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (answer := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what or predicate}")
        time.sleep(0.02)
    return answer


def busybox_tar() -> bytes:
    """A root file system of busybox with a link for every applet, /etc/passwd and /etc/group, as a tar."""
    program = shutil.which("busybox")
    assert program is not None, "busybox (package busybox-static) is needed"
    applets = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:

        def add(name: str, kind: bytes, mode: int = 0o755, content: bytes = b"", link: str = "") -> None:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.size, entry.linkname = kind, mode, len(content), link
            tar.addfile(entry, io.BytesIO(content))

        for name in ("bin", "dev", "etc", "proc", "root", "sys", "home", "var"):
            add(name, tarfile.DIRTYPE)
        add("tmp", tarfile.DIRTYPE, 0o1777)
        add("bin/busybox", tarfile.REGTYPE, 0o755, Path(program).resolve().read_bytes())
        for applet in applets:
            if applet != "busybox":
                add(f"bin/{applet}", tarfile.SYMTYPE, link="busybox")
        passwd = b"root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1000::/home:/bin/sh\n"
        add("etc/passwd", tarfile.REGTYPE, 0o644, passwd)
        add("etc/group", tarfile.REGTYPE, 0o644, b"root:x:0:\ntty:x:5:\nbob:x:1000:\n")
    return buffer.getvalue()


class Rig:
    """One instance on a root of its own. ``docker`` is a docker-py client of it."""

    def __init__(self, root: Path | None = None) -> None:
        self._made = Path(tempfile.mkdtemp(prefix="wherry-test-")) if root is None else None
        if self._made is not None:
            self._made.chmod(0o755)
        self.root = root or self._made or Path()
        self.names = Instance.at(self.root)
        self._client: docker.DockerClient | None = None

    @property
    def docker(self) -> "docker.DockerClient":
        import docker

        if self._client is None:
            self._client = docker.DockerClient(base_url=f"unix://{self.names.socket}", version="1.43", timeout=120)
        return self._client

    def wherry(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command with this instance as its DOCKER_HOST."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("WHERRY_")}  # the tests' own
        environment = {**own, "DOCKER_HOST": f"unix://{self.names.socket}"}
        done = subprocess.run(
            [WHERRY, *arguments], env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        assert not check or done.returncode == 0, f"wherry {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    def up(self) -> None:
        """Start it and wait for its API."""
        self.wherry("up", "--root", str(self.root), "--engine-only", "--detach")
        wait_until(self.answers, UP_SECONDS, "the API to answer")

    def down(self) -> None:
        self.wherry("down", "--root", str(self.root))

    def answers(self) -> bool:
        try:
            return bool(self.docker.ping())
        except Exception:  # whatever the client makes of a socket that is not there yet
            self.forget_connections()
            return False

    def forget_connections(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def image(self) -> str:
        """Import busybox once; the reference of it."""
        if not self.docker.images.list(name=IMAGE):
            repository, _, tag = IMAGE.partition(":")
            self.docker.api.import_image_from_data(busybox_tar(), repository=repository, tag=tag)
        return IMAGE

    def run(self, *command: str, **options: Any) -> Any:
        """Start a container in the background; ``options`` as of docker-py's ``containers.run``."""
        options.setdefault("network_mode", "none")
        return self.docker.containers.run(self.image(), list(command), detach=True, **options)

    def processes(self) -> list[dict[str, Any]]:
        """Role, pid and container of each process, as ``wherry status`` tells them."""
        answer = self.wherry("status", "--root", str(self.root), "--json", check=False)
        return list(json.loads(answer.stdout)["processes"])

    def pid(self, role: str, container: str = "") -> int:
        """Host pid of ``supervisor``, ``node``, ``spawner``, or of a container's ``shim``; 0 when there is none."""
        found = (p for p in self.processes() if p["role"] == role and p.get("container", "") == container)
        return next((int(p["pid"]) for p in found), 0)

    def remove_containers(self) -> None:
        for container in self.docker.containers.list(all=True, ignore_removed=True):
            with suppress(OSError):  # an HTTPError: gone by itself (--rm); the census tells what stayed
                container.remove(force=True, v=True)

    def close(self) -> list[str]:
        """Remove the containers, take the instance down, and answer what that left behind (which is removed too)."""
        trouble: list[str] = []
        try:
            if self.answers():
                self.remove_containers()
            self.down()
        except Exception as error:
            trouble.append(f"down: {error}")
        self.forget_connections()
        try:
            wait_until(lambda: not census.take(self.names).since(census.Census()))
        except AssertionError:
            pass  # the census says what is left
        left = census.take(self.names).since(census.Census())
        self._sweep()
        return trouble + left

    def _sweep(self) -> None:
        """Leave a clean machine whatever happened."""
        for pid, _ in census.processes(self.names):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        found = census.take(self.names)
        for point in sorted(found.mounts, reverse=True):
            subprocess.run(["umount", "-l", point], check=False)
        for link in found.links:
            subprocess.run(["ip", "link", "delete", link], check=False, capture_output=True)
        for line in found.nft_tables:
            subprocess.run(["nft", "delete", *line.split(" ")], check=False, capture_output=True)
        group = Cgroup.at(self.names.cgroup_parent, layout())
        if group.exists():
            group.kill()
            group.delete()
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)
