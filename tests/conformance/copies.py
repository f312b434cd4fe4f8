"""What a container's files are, by ``docker cp``."""

import io
import subprocess
import tarfile

from tests.conformance.cli import Docker


def seen(docker: Docker, container: str, path: str) -> str:
    """The content of a file of a container, whether that runs or not."""
    archive = docker_bytes(docker, container, path)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return tar.extractfile(tar.getmembers()[0]).read().decode()  # type: ignore[union-attr]


def docker_bytes(docker: Docker, container: str, path: str) -> bytes:
    command = ["docker", "cp", f"{container}:{path}", "-"]
    return subprocess.run(command, env=docker.environment, capture_output=True, check=True).stdout
