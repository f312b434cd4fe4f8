"""Hostile Dockerfiles, contexts, base images and repositories: the host stays as it is (CHECKS.md B05, 2.3).

``{canary}`` is a directory on the host that anybody may write to, in the instance's own directory: the process that
prepares a step could reach it. A build may fail or succeed inside of its own files; then the canary is looked at.
"""

import base64
import ctypes
import io
import os
import socket
import stat
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.kernel.attacks import Canary, Image
from tests.kernel.builds import Failed, build, cached, content, look, made, output, remains, said, shown
from tests.kernel.rig import Rig, wait_until
from tests.kernel.webserver import Page, Repository, WebServer, git_daemon

libc = ctypes.CDLL(None)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
EVIL = "evil:1"
SECRET = f"canary{uuid4().hex}"


@pytest.fixture(scope="module")
def canary(builder: Rig) -> Canary:
    return Canary(builder.root / "canary")


@pytest.fixture(scope="module")
def evil(builder: Rig, canary: Canary) -> str:
    """An image whose links lead out of it, if they are followed by somebody who stands on the host."""
    image = Image()
    for name, target in {
        "host": str(canary.path),
        "rel": "../../../../../../../../../.." + str(canary.path),
        "root-link": "/",
        "up": "../../../../../..",
        "proc-link": f"/proc/1/root{canary.path}",
        "self-link": f"/proc/self/root{canary.path}",
        "dangling": f"{canary.path}/new",
        "loop": "loop",
        "etc/shadow-link": str(canary.path / "file"),
    }.items():
        image.link(name, target)
    image.file("etc/shadow", b"the image's own\n")
    loaded = image.load(builder)
    builder.docker.images.get(loaded).tag("evil", "1")
    return EVIL


@pytest.fixture(autouse=True)
def unharmed(builder: Rig, canary: Canary, evil: str) -> Iterator[None]:
    """After each attack the canary is as it was, and the engine alive."""
    yield
    canary.check()
    assert builder.answers()


@pytest.fixture(autouse=True, scope="module")
def nothing_left(builder: Rig) -> Iterator[None]:
    """After all attacks nothing of a step is left."""
    yield
    wait_until(lambda: not remains(builder), 10)


@pytest.fixture
def context(tmp_path: Path, canary: Canary) -> Path:
    """Files of a project that somebody else wrote."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d/file").write_text("mine\n")
    (tmp_path / "file").write_text("mine\n")
    (tmp_path / "out").symlink_to(canary.path)
    (tmp_path / "up").symlink_to("../" * 20)
    (tmp_path / "out-file").symlink_to(canary.path / "file")
    return tmp_path


def attempt(rig: Rig, text: str, context: Path | None = None, **request: object) -> str:
    """All that a build said, and why it failed if it did."""
    try:
        return output(made(rig, text, context, **request))
    except Failed as failure:
        return said(failure.events) + f"\nrefused: {failure}"


# What steps mount


MOUNTS = [
    "type=cache,target=/x,source=../../",
    "type=cache,target=/x,id=../../../canary",
    "type=cache,target=/x,id=/",
    "type=cache,target=/x,from=evil:1,source=/host",
    "type=cache,target=/x,from=evil:1,source=/up{canary}",
    "type=cache,target=/host",
    "type=cache,target=/rel/inner",
    "type=cache,target=/up{canary}",
    "type=cache,target=/../../..{canary}",
    "type=bind,target=/x,rw,from=evil:1,source=/host",
    "type=bind,target=/x,rw,from=evil:1,source=/root-link{canary}",
    "type=bind,target=/x,rw,from=evil:1,source=/../../..{canary}",
    "type=bind,target=/x,rw,from=evil:1,source=proc-link",
    "type=bind,target=/x,rw,from=evil:1,source=loop",
    "type=bind,target=/x,rw,source=out",
    "type=bind,target=/x,rw,source=up{canary}",
    "type=bind,target=/x,rw,source=../../..{canary}",
    "type=bind,target=/host,rw,source=d",
    "type=bind,target=/dangling/a/b,rw,source=d",
    "type=bind,target=/proc-link/a,rw,source=d",
    "type=bind,target=/self-link,rw,source=d",
    "type=tmpfs,target=/host",
    "type=tmpfs,target=/rel/new",
    "type=tmpfs,target=/proc/self/root{canary}",
    "type=tmpfs,target=/loop/x",
    "type=secret,id=key,target=/host/secret",
    "type=secret,id=key,target=/dangling",
    "type=secret,id=../../..{canary}/key",
    "type=ssh,target=/host/agent",
]


@pytest.mark.parametrize("mount", MOUNTS)
def test_mounts(builder: Rig, canary: Canary, context: Path, mount: str) -> None:
    """A step writes wherever it may think that the host is."""
    mount = mount.format(canary=canary.path)
    write = (
        f"for d in /x /host /rel /up{canary.path} {canary.path} /dangling; do echo bad > $d/file; rm -rf $d/inner; done"
    )
    secrets = {name: base64.b64encode(SECRET.encode()).decode() for name in ("key", f"../../..{canary.path}/key")}
    text = attempt(builder, f"FROM {EVIL}\nRUN --mount={mount} {write}; true\n", context, secrets=secrets)
    assert "untouched" not in text


NEVER = ["/", "/.", "/x/..", "//", ""]


@pytest.mark.parametrize("target", NEVER)
@pytest.mark.parametrize("kind", ["bind", "cache", "tmpfs"])
def test_nothing_is_mounted_on_the_root(builder: Rig, context: Path, kind: str, target: str) -> None:
    text = attempt(builder, f"FROM {EVIL}\nRUN --mount=type={kind},target={target} true\n", context)
    assert "refused: " in text


@pytest.mark.parametrize(
    "target", ["/proc", "/proc/self/attr", "/sys", "/sys/fs/cgroup", "/dev", "/dev/pts", "/dev/null"]
)
def test_what_the_runtime_mounts_stays_what_it_is(builder: Rig, target: str) -> None:
    """Mounts over /proc and its like are the step's own business, but not less is hidden or writable with them."""
    look_ = "cat /proc/kcore 2>&1 | head -c 4 | wc -c; echo x > /proc/sys/kernel/hostname; echo x > /proc/sysrq-trigger"
    text = attempt(builder, f"FROM {EVIL}\nRUN --mount=type=tmpfs,target={target} {look_}; true\n")
    assert (
        text.split()[:1] in (["0"], ["refused:"]) or "denied" in text or "Read-only" in text or "not permitted" in text
    )


def test_ids_that_are_nobodys(builder: Rig) -> None:
    """Beyond the container's own range a mount would belong to another container."""
    key = {"key": base64.b64encode(b"x").decode()}
    for kind in ("secret,id=key", f"cache,id={uuid4()}", "ssh"):
        for uid in ("65536", "4294901760", "4294967294", "4294967295"):
            mount = f"type={kind},target=/x,uid={uid},gid={uid}"
            text = attempt(builder, f"FROM {EVIL}\nRUN --mount={mount} ls -ln /x\n", secrets=key)
            assert "refused: " in text or kind == "ssh", text


SWAP = """
FROM {evil}
RUN --mount=type=cache,id={id},target=/c mkdir -p /c/a /c/b; mv /c/a /c/t; ln -s {canary} /c/a; rm -rf /c/t
"""


def test_a_cache_is_swapped_while_others_mount_it(builder: Rig, canary: Canary) -> None:
    """What is in a cache is never walked into by anybody but steps (CVE-2024-23651)."""
    cache = str(uuid4())
    attempt(builder, SWAP.format(evil=EVIL, id=cache, canary=canary.path))
    mount = f"type=cache,id={cache},target=/m,source=a"
    text = attempt(builder, f"FROM {EVIL}\nRUN --mount={mount} echo bad > /m/file; echo bad > /m/a/file; true\n")
    assert "untouched" not in text


@contextmanager
def swapping(one: Path, other: Path) -> Iterator[None]:
    """Two names change places all the time (renameat2(2), RENAME_EXCHANGE)."""
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_context_changes_while_it_is_copied_and_mounted(builder: Rig, canary: Canary, context: Path) -> None:
    """A directory is exchanged with a link to the host, over and over."""
    text = (
        f"FROM {EVIL}\nCOPY d /copied/\nCOPY d/file /one\nRUN --mount=source=d,target=/m,rw "
        "cat /m/file; echo bad > /m/file; rm -rf /m/inner; cat /copied/* /one; true\n"
    )
    with swapping(context / "d", context / "out"):
        for _ in range(15):
            assert "untouched" not in attempt(builder, text, context, no_cache=True)


STUBS = {
    "of a directory": "mv /d /e; ln -s {canary} /d",
    "of its parent": "mv /p /q; ln -s {canary} /p",
    "and the mount is hidden": "mv /d /e; mkdir /d; ln -s {canary} /d/inner",
}


@pytest.mark.parametrize("how", STUBS)
def test_a_mounts_place_becomes_a_link(builder: Rig, canary: Canary, how: str) -> None:
    """Mount points are tidied up afterwards: never by their path (CVE-2024-23652)."""
    mounts = (
        "--mount=type=tmpfs,target=/d/inner --mount=type=cache,target=/p/inner/file --mount=type=tmpfs,target=/d/file"
    )
    step = STUBS[how].format(canary=canary.path)
    built = made(builder, f"FROM busybox:test\nRUN {mounts} {step}; : {uuid4()}\n")
    with shown(builder, built["id"]) as root:
        links = [look(root, path) for path in ("/d", "/p", "/d/inner")]
    assert any(found and found.get("target") == str(canary.path) for found in links)


# What is copied, and to where


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
    mount = "RUN --mount=target=/m timeout 1 head -c 1 /m/zero 2>&1 | grep -c denied\n"
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


# Who runs what


def test_other_frontends_are_not_run(builder: Rig) -> None:
    """``# syntax`` names an image that BuildKit would run with the build's rights."""
    for syntax in ("evil", "evil:1", "127.0.0.1:1/evil"):
        for text in (f"# syntax={syntax}\nFROM busybox:test\n", f"#syntax = {syntax}\n# escape=`\nFROM busybox:test\n"):
            assert "refused: # syntax=" in attempt(builder, text)
        argument = {"BUILDKIT_SYNTAX": syntax}
        assert "refused: " in attempt(builder, "FROM busybox:test\n", build_args=argument)
    text = f"# syntax=docker/dockerfile:1.99-labs\nFROM busybox:test\nRUN echo {uuid4()} here\n"
    assert "here" in attempt(builder, text)


def test_rights_are_not_taken(builder: Rig) -> None:
    for flag in ("--security=insecure", "--network=host", "--device=/dev/mem", "--device=vendor.com/gpu=all"):
        assert "refused: " in attempt(builder, f"FROM busybox:test\nRUN {flag} true\n")


GIT = [
    "{url}#--upload-pack=touch${{IFS}}{canary}/new",
    "{url}#-c",
    "{url}#../../etc",
    "{url}#main:../../..{canary}",
    "{url}#main:out",
    "{url}#main:sub/../../..",
    "{url}#main:out/inner",
    "ssh://-oProxyCommand=touch${{IFS}}{canary}/new/x.git",
    "git://-x/y.git",
    "git@-oProxyCommand=touch:x.git",
    "ext::sh -c touch% {canary}/new",
    "file://{canary}/repository.git",
]


@pytest.fixture(scope="module")
def hostile_repository(canary: Canary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A repository with links to the canary, and configuration that wants to run programs."""
    directory = tmp_path_factory.mktemp("git")
    repository = Repository(directory / "evil.git")
    (repository.path / "out").symlink_to(canary.path)
    (repository.path / "sub").mkdir()
    (repository.path / "file").write_text("x\n")
    (repository.path / ".gitattributes").write_text("* filter=evil\n*.x export-subst\n")
    (repository.path / ".gitmodules").write_text(
        f'[submodule "x"]\n\tpath = sub\n\turl = {canary.path}\n\tupdate = !touch {canary.path}/new\n'
    )
    repository.commit(sub__inner="x\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with git_daemon(directory, port) as address:
        yield f"{address}/evil.git"


@pytest.mark.parametrize("source", GIT)
def test_repositories(builder: Rig, canary: Canary, hostile_repository: str, source: str) -> None:
    source = source.format(url=hostile_repository, canary=canary.path)
    text = attempt(builder, f'FROM {EVIL}\nADD ["{source}", "/x/"]\nRUN cat /x/file /x/out/file; true\n')
    assert "untouched" not in text


def test_a_repository_is_copied_as_it_is(builder: Rig, canary: Canary, hostile_repository: str) -> None:
    for destination in ("/x/", "/host/"):
        text = attempt(builder, f"FROM {EVIL}\nADD --keep-git-dir=true {hostile_repository} {destination}\n")
        assert "refused" not in text


# Owners, from files of the image


@pytest.mark.parametrize("kind", ["link", "fifo", "directory", "device", "huge", "loop"])
def test_password_files(builder: Rig, canary: Canary, context: Path, kind: str) -> None:
    image = Image().without("etc/passwd").without("etc/group")
    if kind == "link":
        image.link("etc/passwd", str(canary.path / "file")).link("etc/group", "../" * 9 + "etc/group")
    elif kind == "fifo":
        image.fifo("etc/passwd").fifo("etc/group")
    elif kind == "directory":
        image.directory("etc/passwd")
    elif kind == "device":
        image.device("etc/passwd", tarfile.CHRTYPE, 1, 5)
    elif kind == "huge":
        image.file("etc/passwd", b"x" * (30 << 20))
    else:
        image.link("etc/passwd", "passwd")
    name = image.load(builder)
    text = f"FROM {name}\nCOPY --chown=nobody:wheel file /x\nUSER nobody\nWORKDIR /made\nRUN id\n"
    assert "refused: " in attempt(builder, text, context)
    assert "refused: " in attempt(builder, f"FROM {name}\nUSER nobody\nWORKDIR /made\n", context)


# What a RUN leaves


def test_a_step_cannot_forge_whiteouts(builder: Rig) -> None:
    """A file called ``.wh.etc`` would delete /etc for whoever unpacks the layer."""
    for command in ("touch /.wh.etc", "mkdir /d; touch /d/.wh..wh..opq", "mkdir /.wh.bin", "ln -s x /.wh.bin"):
        text = attempt(builder, f"FROM busybox:test\nRUN {command}\nRUN ls -d /etc /bin\n")
        assert "refused: " in text or text == "/bin\n/etc\n"


def test_a_step_cannot_make_devices(builder: Rig) -> None:
    for command in ("mknod /d b 8 0", "mknod /d c 0 0", "mknod /dev/d c 1 1"):
        assert "refused: " in attempt(builder, f"FROM busybox:test\nRUN {command}\n")


LAUGHS = {
    "doubling": "ENV A=xxxxxxxxxx\n" + "ENV A=$A$A\n" * 40,
    "arguments": "ARG A=xxxxxxxxxx\n" + "".join(f"ARG A{n}=$A{n - 1 or ''}$A{n - 1 or ''}\n" for n in range(1, 40)),
    "replacing": "ENV A=" + "x" * 30_000 + "\nENV A=${A//x/$A}\n",
    "many": "ENV A=" + "x" * 60_000 + "\n" + "ENV B=$A$A\n" * 200,
    "labels": "ENV A=" + "x" * 60_000 + "\n" + "".join(f"LABEL l{n}=$A$A\n" for n in range(200)),
    "too long": "RUN true\n" * 120_000,
    "too many": "ENV A=\n" * 20_000,
}


@pytest.mark.parametrize("kind", LAUGHS)
def test_small_files_that_want_to_be_large(builder: Rig, kind: str) -> None:
    assert "refused: " in attempt(builder, f"FROM busybox:test\n{LAUGHS[kind]}")
    node = Path(f"/proc/{builder.pid('node')}/status").read_text()
    peak = next(int(line.split()[1]) for line in node.splitlines() if line.startswith("VmHWM"))
    assert peak < 600_000  # KiB; the first one alone would take ten tebibytes
