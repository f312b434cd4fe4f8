"""What hostile steps copy, and to where."""

import io
import os
import socket
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.kernel.attacks import Canary
from tests.kernel.b05.attempts import EVIL, attempt
from tests.kernel.builds import Failed, build, cached, content, made, output
from tests.kernel.rig import Rig
from tests.kernel.webserver import Page, WebServer

COPIES = [
    "COPY --from=evil:1 /host/file /x",
    "COPY --from=evil:1 /host/ /x/",
    "COPY --from=evil:1 /h*t/file /x/",
    "COPY --from=evil:1 /rel/inner /x/",
    "COPY --from=evil:1 /up{canary}/file /x",
    "COPY --from=evil:1 /root-link{canary}/file /x",
    "COPY --from=evil:1 /../../../..{canary}/file /x",
    "COPY --from=evil:1 /proc-link/file /x",
    "COPY --from=evil:1 --parents /host/./file /x/",
    "COPY --from=evil:1 /etc/shadow-link /x",
    "COPY out/file /x",
    "COPY out /x/",
    "COPY out-file /x",
    "COPY o*t/file /x/",
    "COPY **/file /x/",
    "COPY up{canary}/file /x",
    "COPY ../../../..{canary}/file /x",
    "COPY {canary}/file /x",
    "COPY --parents out/./file /x/",
    "COPY file /host/file",
    "COPY file /host/",
    "COPY d /host/inner",
    "COPY d/ /rel/",
    "COPY file /dangling",
    "COPY file /up{canary}/file",
    "COPY file ../../../..{canary}/file",
    "COPY file /proc-link/file",
    "COPY file /self-link/",
    "COPY file /loop/file",
    "COPY --chown=1000:1000 --chmod=777 d /host",
    "COPY --link d /host/",
    "COPY <<EOF /host/file\nbad\nEOF",
    "COPY <<../../../..{canary}/file /x/\nbad\n../../../..{canary}/file",
    "ADD file /host/file",
    "WORKDIR /host/inner",
    "WORKDIR /host/new",
    "WORKDIR /dangling/a",
    "WORKDIR /../../../../../../..{canary}/new",
    "WORKDIR /proc-link/new",
    "WORKDIR /loop/a",
]


@pytest.mark.parametrize("instruction", COPIES)
def test_copies(builder: Rig, canary: Canary, context: Path, instruction: str) -> None:
    text = f"FROM {EVIL}\n{instruction.format(canary=canary.path)}\nRUN cat /x /x/* /x/*/* 2>/dev/null; true\n"
    assert "untouched" not in attempt(builder, text, context)


def test_an_images_shadow_is_its_own(builder: Rig) -> None:
    for source in ("/root-link/etc/shadow", "/up/etc/shadow", "/../../etc/shadow"):
        built = made(builder, f"FROM busybox:test\nCOPY --from={EVIL} {source} /x\n")
        assert content(builder, built, "/x") == "the image's own\n"


def hostile_tar(canary: Path) -> bytes:
    """Every way to lead an extractor outside."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:

        def add(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", **more: int) -> None:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.mode = kind, link, 0o777
            entry.size = 4 if kind == tarfile.REGTYPE else 0
            for field, value in more.items():
                setattr(entry, field, value)
            tar.addfile(entry, io.BytesIO(b"bad\n"))

        add("ok")
        add("link", tarfile.SYMTYPE, str(canary))
        add("link/file")
        add("link/inner/file")
        add("deep", tarfile.SYMTYPE, "../" * 20 + str(canary).lstrip("/"))
        add("deep/file")
        add("hard", tarfile.LNKTYPE, "link/file")
        add("hard")
        add(f"{canary}/file")
        add("disk", tarfile.BLKTYPE, devmajor=8, devminor=0)
    return buffer.getvalue()


def escaping_tar(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"bad\n"))
    return buffer.getvalue()


@pytest.mark.parametrize("base", ["busybox:test", EVIL])
@pytest.mark.parametrize("destination", ["/", "/host/", "/x/", "/rel"])
def test_archives_of_the_context(builder: Rig, canary: Canary, context: Path, base: str, destination: str) -> None:
    (context / "a.tar").write_bytes(hostile_tar(canary.path))
    (context / "b.tar").write_bytes(escaping_tar("../" * 12 + str(canary.path).lstrip("/") + "/file"))
    attempt(builder, f"FROM {base}\nADD a.tar {destination}\nRUN cat /link/file\n", context)
    assert "leads outside" in attempt(builder, f"FROM {base}\nADD b.tar {destination}\n", context)


def test_archives_from_elsewhere(builder: Rig, canary: Canary) -> None:
    with WebServer().serving() as web:
        web.pages["/a.tar"] = Page(hostile_tar(canary.path))
        web.pages["/b.tar"] = Page(escaping_tar("/../../../.." + str(canary.path) + "/file"))
        for name in ("a", "b"):
            attempt(builder, f"FROM {EVIL}\nADD --unpack {web.url(f'/{name}.tar')} /host/\n")


@pytest.mark.parametrize(
    "dockerfile", ["../../../..{canary}/file", "{canary}/file", "out/file", "out-file", "fifo", "d"]
)
def test_dockerfiles_of_an_archive(builder: Rig, canary: Canary, context: Path, dockerfile: str) -> None:
    """The context is the client's, the Dockerfile's name too: both are looked up in what was sent."""
    os.mkfifo(context / "fifo")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(context, ".")
    name = dockerfile.format(canary=canary.path)
    for ignored in ("", "out/file"):
        if ignored:
            (context / ".dockerignore").symlink_to(canary.path / "file")
        with pytest.raises(Failed) as failure:
            build(builder, {"dockerfile_name": name}, buffer.getvalue())
        assert "untouched" not in str(failure.value) + failure.value.excerpt


def test_archives_as_contexts(builder: Rig, canary: Canary) -> None:
    for data in (hostile_tar(canary.path), escaping_tar("../../canary/file"), escaping_tar("Dockerfile")):
        with pytest.raises(Failed):
            build(builder, {}, data)
    text = {"dockerfile": "FROM busybox:test\nCOPY . /x\nRUN cat /x/link/file; true\n"}
    build(builder, text, hostile_tar(canary.path))


def test_files_that_are_none(builder: Rig, context: Path) -> None:
    """Pipes, sockets and devices of a context: nobody waits for them, nobody reads them."""
    os.mkfifo(context / "fifo")
    os.mknod(context / "zero", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    os.mknod(context / "whiteout", 0o666 | stat.S_IFCHR, os.makedev(0, 0))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(context / "socket"))
    mount = "RUN --mount=target=/m timeout 60 head -c 1 /m/zero 2>&1 | grep -c denied\n"
    for name in ("fifo", "zero", "socket", "whiteout"):
        attempt(builder, f"FROM busybox:test\nCOPY {name} /x\nADD {name} /y\nRUN ls -l /x /y\n", context)
    attempt(builder, "FROM busybox:test\nCOPY . /x\nRUN ls -l /x\n", context)
    (context / "whiteout").unlink()
    built = made(builder, f"FROM busybox:test\nCOPY . /x\n{mount}", context)
    assert output(built) == "1\n"


def test_names(builder: Rig, context: Path) -> None:
    """As long, deep and odd as the file system allows."""
    odd = [
        b"x" * 255,
        b"-rf",
        b"a\nb",
        b"\xff\xfe",
        b"a\\b",
        b" ",
        b"*",
        b"[a",
        b"{}",
        b"%2e%2e",
        b"..a",
        b"a..",
        b"\x01",
    ]
    for name in odd:
        Path(os.fsdecode(os.fsencode(context / "d") + b"/" + name)).touch()
    deep = context / "deep"
    deep.mkdir()
    fd = os.open(deep, os.O_DIRECTORY)
    for _ in range(30):
        os.mkdir("n" * 250, dir_fd=fd)
        inner = os.open("n" * 250, os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(fd)
    built = made(builder, "FROM busybox:test\nCOPY d /d/\nCOPY d/[[]a d/[*] /e/\nRUN ls /d | wc -l; ls /e\n", context)
    assert output(built) == f"{len(odd)}\n*\n[a\n"  # one file was there, one name is hidden
    assert cached(made(builder, "FROM busybox:test\nCOPY d /d/\n", context))[1]
    blocked = "FROM busybox:test\nRUN mkdir -p $(printf '/d/\\377\\376')/x\nCOPY d /d/\n"
    assert "refused: cannot copy d/\ufffd" in attempt(builder, blocked, context)
    attempt(builder, "FROM busybox:test\nCOPY deep /deep/\nRUN --mount=target=/m find /m | wc -l\n", context)
    subprocess.run(["rm", "-rf", str(deep)], check=True)  # its path is too long for pytest


IGNORES = {
    "stars": "**/" * 200 + "x\n" + "*" * 5000 + "\n",
    "backtracking": "a*" * 60 + "b\n",
    "many": "".join(f"d/{number}*\n!d/{number}x\n" for number in range(3000)),
    "outside": "!../../../etc\n!{canary}/**\n!/{canary}\n",
    "odd": "[\n[a-\n\\\n!\n!!\n#\n\0\n",
}


@pytest.mark.parametrize("kind", IGNORES)
def test_ignore_files(builder: Rig, canary: Canary, context: Path, kind: str) -> None:
    (context / ("a" * 200)).touch()
    text = "FROM busybox:test\nCOPY . /x/\nRUN --mount=target=/m find /m /x\n"
    found = attempt(builder, text, context, ignore=IGNORES[kind].format(canary=canary.path))
    assert f"/x{canary.path}" not in found


def test_what_is_hidden_in_a_bind_leaves_the_rest_as_it_is(builder: Rig, context: Path) -> None:
    (context / "d/hidden").write_text("x")
    (context / "d").chmod(0o750)
    os.chown(context / "d", 7, 8)
    text = "FROM busybox:test\nRUN --mount=target=/m stat -c %u:%g:%a /m/d; ls /m/d\n"
    assert output(made(builder, text, context, ignore="d/hidden\n")) == "7:8:750\nfile\n"
