"""Where the files of a build come from: directories, archives, other images, standard input."""

import gzip
import io
import subprocess
import tarfile
from pathlib import Path
from uuid import uuid4

import pytest

from tests.kernel.builds import Failed, build, cached, content, made, output
from tests.kernel.rig import WHERRY, Rig


@pytest.fixture
def token() -> str:
    """Makes a step one of its own."""
    return str(uuid4())


@pytest.fixture
def project(tmp_path: Path, token: str) -> Path:
    project = tmp_path / "project"
    (project / "d").mkdir(parents=True)
    (project / "file").write_text(f"{token}\n")
    (project / "d/inner").write_text("inner\n")
    return project


def archive(directory: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(directory, ".")
    return buffer.getvalue()


def command(rig: Rig, *arguments: str, stdin: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """``wherry build …`` with standard input."""
    environment = {"DOCKER_HOST": f"unix://{rig.names.socket}", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    done = subprocess.run(
        [WHERRY, "build", *arguments], env=environment, input=stdin, capture_output=True, timeout=240, check=False
    )
    assert not check or done.returncode == 0, done.stderr.decode()
    return done


# Named contexts


def test_another_directory(builder: Rig, project: Path, tmp_path: Path, token: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text(f"other {token}\n")
    (other / "ignored").write_text("x")
    (other / ".dockerignore").write_text("ignored\n")
    text = (
        "FROM busybox:test\nCOPY file /own\nCOPY --from=other . /all/\n"
        "RUN --mount=from=other,target=/m cat /m/file; ls -A /m /all\n"
    )
    built = made(builder, text, project, contexts={"other": str(other)})
    assert output(built) == f"other {token}\n/all:\n.dockerignore\nfile\n\n/m:\n.dockerignore\nfile\n"
    assert content(builder, built, "/own") == f"{token}\n"
    (project / "file").write_text("changed\n")
    assert cached(made(builder, text, project, contexts={"other": str(other)})) == [False, False, False, False]


def test_an_image_as_a_context(builder: Rig, token: str) -> None:
    made(builder, f"FROM busybox:test\nRUN echo {token} > /word\n", tags=[f"context-{token}:1"])
    text = "FROM busybox:test\nCOPY --from=other /word /\nRUN --mount=from=other,target=/m cat /m/word\n"
    built = made(builder, text, contexts={"other": f"docker-image://context-{token}:1"})
    assert output(built) == f"{token}\n"


def test_a_context_in_the_place_of_an_image(builder: Rig, token: str) -> None:
    """Also of one that cannot be had, and under its full name."""
    made(builder, f"FROM busybox:test\nRUN echo {token} > /word\n", tags=[f"base-{token}:1"])
    for name in ("nowhere.invalid/image:7", "alpine", "docker.io/library/alpine:latest"):
        contexts = {name: f"docker-image://base-{token}:1"}
        assert output(made(builder, f"FROM {name}\nRUN cat /word; : {name}\n", contexts=contexts)) == f"{token}\n"


def test_a_context_in_the_place_of_a_stage(builder: Rig, tmp_path: Path, token: str) -> None:
    (tmp_path / "made").write_text(f"{token}\n")
    text = "FROM busybox:test AS slow\nRUN false\nFROM busybox:test\nCOPY --from=slow /made /\nRUN cat /made\n"
    assert output(made(builder, text, contexts={"slow": str(tmp_path)})) == f"{token}\n"


def test_a_directory_to_build_on(builder: Rig, tmp_path: Path, token: str) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/tool").write_text(token)
    built = made(builder, "FROM rootfs\nENV A=1\n", contexts={"rootfs": str(tmp_path)})
    assert content(builder, built, "/bin/tool") == token


@pytest.mark.parametrize("said", ["/no/such/directory", "relative", "ftp://example.org/x", "oci-layout://x", ""])
def test_contexts_that_are_none(builder: Rig, said: str) -> None:
    with pytest.raises(Failed, match="build context"):
        made(builder, "FROM busybox:test\nCOPY --from=other / /x\n", contexts={"other": said})


# Archives and standard input


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_an_archive_on_standard_input(builder: Rig, project: Path, token: str, packed: bool) -> None:
    (project / "Dockerfile").write_text("FROM busybox:test\nCOPY . /all/\nRUN cat /all/file\n")
    (project / "Other").write_text("FROM busybox:test\nCOPY d /all/\nRUN cat /all/inner\n")
    data = gzip.compress(archive(project)) if packed else archive(project)
    assert token in command(builder, "-t", f"stdin-{token}:1", "-", stdin=data).stderr.decode()
    assert b"inner" in command(builder, "--no-cache", "-f", "Other", "-", stdin=data).stderr


def test_a_dockerfile_alone_on_standard_input(builder: Rig, token: str) -> None:
    text = f"FROM busybox:test\nRUN echo {token} > /x\n".encode()
    identity = command(builder, "-q", "-", stdin=text).stdout.decode().strip()
    assert content(builder, {"id": identity}, "/x") == f"{token}\n"
    failed = command(builder, "-", stdin=b"FROM busybox:test\nCOPY file /\n", check=False)
    assert failed.returncode == 1
    assert b"no context" in failed.stderr


def test_the_dockerfile_on_standard_input_and_the_context_a_directory(builder: Rig, project: Path, token: str) -> None:
    text = b"FROM busybox:test\nCOPY file /x\nRUN cat /x\n"
    assert token in command(builder, "-f", "-", str(project), stdin=text).stderr.decode()
    both = command(builder, "-f", "-", "-", stdin=text, check=False)
    assert (both.returncode, b"can't use stdin for both" in both.stderr) == (1, True)


def test_a_dockerfile_elsewhere_with_an_ignore_file_of_its_own(builder: Rig, project: Path, tmp_path: Path) -> None:
    (tmp_path / "my.Dockerfile").write_text("FROM busybox:test\nCOPY . /all/\nRUN cd /all; find . -type f | sort\n")
    (tmp_path / "my.Dockerfile.dockerignore").write_text("file\n")
    (project / ".dockerignore").write_text("d\n")
    shown = command(builder, "-f", str(tmp_path / "my.Dockerfile"), str(project)).stderr.decode()
    assert "./d/inner" in shown
    assert "./file" not in shown


def test_a_dockerfile_that_is_ignored_is_still_found(builder: Rig, project: Path, token: str) -> None:
    (project / "Dockerfile").write_text("FROM busybox:test\nCOPY . /all/\n")
    (project / ".dockerignore").write_text("Dockerfile\n.dockerignore\n")
    built = build(builder, {"context": str(project)})
    assert content(builder, built, "/all/Dockerfile") is None
    assert content(builder, built, "/all/file") == f"{token}\n"
    again = build(builder, {}, archive(project))
    assert again["id"] == built["id"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Cannot locate specified Dockerfile"),
        (b"no archive at all" * 100, "(?i)invalid|not a tar|header"),
        (gzip.compress(b"x" * 5000)[:40], "(?i)invalid|damaged|truncated|ended|header"),
    ],
    ids=["nothing", "noise", "broken"],
)
def test_archives_that_are_none(builder: Rig, data: bytes, message: str) -> None:
    with pytest.raises(Failed, match=message):
        build(builder, {}, data)


def test_a_directory_that_is_not_there(builder: Rig, tmp_path: Path) -> None:
    failed = command(builder, str(tmp_path / "no"), check=False)
    assert failed.returncode == 1
    assert b"unable to prepare context: path" in failed.stderr
    (tmp_path / "empty").mkdir()
    failed = command(builder, str(tmp_path / "empty"), check=False)
    assert b"Cannot locate specified Dockerfile" in failed.stderr
