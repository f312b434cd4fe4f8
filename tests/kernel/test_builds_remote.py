"""ADD from a web server and from a git repository."""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.kernel.builds import Failed, build, cached, content, look, made, output, remains, shown, under_way
from tests.kernel.rig import Rig, wait_until
from tests.kernel.webserver import MODIFIED, MODIFIED_SECONDS, Page, Repository, WebServer, git_daemon
from tests.ports import quiet_port


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with WebServer().serving() as server:
        yield server


@pytest.fixture
def token() -> str:
    """Makes a step one of its own."""
    return str(uuid4())


def added(rig: Rig, flags: str, base: str = "scratch", **request: Any) -> dict[str, Any]:
    return made(rig, f"FROM {base}\nADD {flags}\n", **request)


def facts(rig: Rig, built: dict[str, Any], path: str) -> dict[str, str] | None:
    with shown(rig, built["id"]) as root:
        return look(root, path)


# Web servers


def test_a_file(builder: Rig, web: WebServer, token: str) -> None:
    web.pages["/a/file.txt?x=1"] = Page(token.encode(), headers={"Last-Modified": MODIFIED})
    later = {"SOURCE_DATE_EPOCH": str(MODIFIED_SECONDS + 1)}
    built = added(builder, f"{web.url('/a/file.txt?x=1')} /d/", build_args=later)
    expected = {"type": "file", "mode": "0600", "owner": "0:0", "content": token}
    assert facts(builder, built, "/d/file.txt") == expected
    with shown(builder, built["id"]) as root:
        assert int(os.stat("d/file.txt", dir_fd=root).st_mtime) == MODIFIED_SECONDS
    built = added(builder, f"--chmod=751 --chown=7:8 {web.url('/a/file.txt?x=1')} /name")
    assert facts(builder, built, "/name") == {**expected, "mode": "0751", "owner": "7:8"}


def test_the_servers_name_of_a_file(builder: Rig, web: WebServer, token: str) -> None:
    web.pages["/download"] = Page(token.encode(), headers={"Content-Disposition": 'attachment; filename="real.txt"'})
    assert content(builder, added(builder, f"{web.url('/download')} /d/"), "/d/real.txt") == token


NAMES = {"../../up": "up", "a/b": "b", "..": "named", ".": "named", "": "named", "x/": "named", "%2e%2e": "%2e%2e"}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_elsewhere(builder: Rig, web: WebServer, token: str, name: str) -> None:
    web.pages["/named"] = Page(token.encode(), headers={"Content-Disposition": f'attachment; filename="{name}"'})
    built = added(builder, f"{web.url('/named')} /d/e/")
    assert content(builder, built, f"/d/e/{NAMES[name]}") == token


def test_an_unchanged_file_is_the_same_step(builder: Rig, web: WebServer, token: str) -> None:
    web.pages["/same"] = Page(token.encode(), headers={"Last-Modified": MODIFIED})
    text = f"{web.url('/same')} /same"
    assert cached(added(builder, text)) == [False, False]
    assert cached(added(builder, text)) == [False, True]
    web.pages["/same"] = Page(token.upper().encode(), headers={"Last-Modified": MODIFIED})
    changed = added(builder, text)
    assert cached(changed) == [False, False]
    assert content(builder, changed, "/same") == token.upper()


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_checksums(builder: Rig, web: WebServer, token: str, algorithm: str) -> None:
    web.pages["/checked"] = Page(token.encode())
    right = f"{algorithm}:{hashlib.new(algorithm, token.encode()).hexdigest()}"
    wrong = f"{algorithm}:{hashlib.new(algorithm, b'other').hexdigest()}"
    assert content(builder, added(builder, f"--checksum={right} {web.url('/checked')} /x"), "/x") == token
    with pytest.raises(Failed, match="digest mismatch"):
        added(builder, f"--checksum={wrong} {web.url('/checked')} /x")
    for nonsense in ("md5:00", f"{algorithm}:00", right[:-1], f"{right}0"):
        with pytest.raises(Failed, match="checksum"):
            added(builder, f"--checksum={nonsense} {web.url('/checked')} /x")


def test_redirects(builder: Rig, web: WebServer, token: str) -> None:
    web.pages["/old"] = Page(status=302, headers={"Location": "/newer"})
    web.pages["/newer"] = Page(status=307, headers={"Location": web.url("/new")})
    web.pages["/new"] = Page(token.encode())
    assert content(builder, added(builder, f"{web.url('/old')} /d/"), "/d/old") == token
    web.pages["/circle"] = Page(status=301, headers={"Location": "/circle"})
    with pytest.raises(Failed, match="more than 10 redirects"):
        added(builder, f"{web.url('/circle')} /d/")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "unix:///run/x", "gopher://x/"])
def test_redirects_to_what_is_no_web_server(builder: Rig, web: WebServer, target: str) -> None:
    web.pages["/away"] = Page(status=302, headers={"Location": target})
    with pytest.raises(Failed, match="only http and https are followed"):
        added(builder, f"{web.url('/away')} /d/")


@pytest.mark.parametrize("status", [404, 403, 500, 503, 204, 206])
def test_answers_that_are_no_file(builder: Rig, web: WebServer, status: int) -> None:
    web.pages["/bad"] = Page(b"" if status == 204 else b"sorry", status)
    with pytest.raises(Failed, match=f"server answered {status}"):
        added(builder, f"{web.url('/bad')} /d/")


def test_an_answer_that_breaks_off(builder: Rig, web: WebServer, token: str) -> None:
    web.pages["/short"] = Page(token.encode(), length=1000)
    with pytest.raises(Failed, match="broke off"):
        added(builder, f"{web.url('/short')} /d/")
    assert not remains(builder)


def test_nobody_listens(builder: Rig) -> None:
    port = quiet_port()
    with pytest.raises(Failed, match="connection refused"):
        added(builder, f"http://127.0.0.1:{port}/x /x")


def test_a_server_that_stalls_does_not_hold_a_client_that_goes(builder: Rig, web: WebServer) -> None:
    web.pages["/slow"] = Page(b"beginning", length=1000, stall=True)
    with under_way(builder, f"FROM scratch\nADD {web.url('/slow')} /x\n", "Began"):
        wait_until(lambda: "/slow" in web.requests)
    wait_until(lambda: not remains(builder))


def test_an_archive_is_unpacked_only_when_that_is_asked_for(builder: Rig, web: WebServer, token: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo("d/file")
        entry.size, entry.uid, entry.mtime = len(token), 1234, 77
        tar.addfile(entry, io.BytesIO(token.encode()))
    web.pages["/x.tar.gz"] = Page(buffer.getvalue())
    assert facts(builder, added(builder, f"{web.url('/x.tar.gz')} /"), "/x.tar.gz") is not None
    unpacked = added(builder, f"--unpack {web.url('/x.tar.gz')} /in/")
    assert facts(builder, unpacked, "/in/d/file") == {
        "type": "file", "mode": "0644", "owner": "1234:0", "content": token
    }  # fmt: skip


def test_no_name_and_no_secret_goes_along(builder: Rig, web: WebServer, token: str) -> None:
    web.pages["/look"] = Page(token.encode())
    added(builder, f"{web.url('/look')} /x", secrets={"s": "c2VjcmV0"})
    head = web.heads[-1].lower()
    assert "authorization" not in head
    assert "cookie" not in head
    assert "referer" not in head


# Repositories


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A directory whose repositories are served, and their address."""
    directory = tmp_path_factory.mktemp("git")
    port = quiet_port()
    with git_daemon(directory, port) as address:
        yield directory, address


@pytest.fixture
def repository(repositories: tuple[Path, str], token: str) -> tuple[Repository, str]:
    directory, address = repositories
    repository = Repository(directory / f"{token}.git")
    repository.commit(file="first\n", sub__dir__inner="inner\n")
    repository.git("tag", "v1")
    repository.commit(file="second\n")
    return repository, f"{address}/{token}.git"


def test_a_repository(builder: Rig, repository: tuple[Repository, str]) -> None:
    git, address = repository
    built = added(builder, f"{address} /src")
    assert content(builder, built, "/src/file") == "second\n"
    assert content(builder, built, "/src/sub/dir/inner") == "inner\n"
    assert facts(builder, built, "/src/.git") is None
    assert cached(added(builder, f"{address} /src")) == [False, True]
    git.commit(file="third\n")
    assert content(builder, added(builder, f"{address} /src"), "/src/file") == "third\n"


@pytest.mark.parametrize("kind", ["tag", "branch", "commit", "directory"])
def test_a_part_of_a_repository(builder: Rig, repository: tuple[Repository, str], kind: str) -> None:
    git, address = repository
    first = git.git("rev-parse", "v1^{commit}")
    git.git("branch", "topic/one", first)
    if kind == "directory":
        built = added(builder, f"{address}#v1:sub/dir /d/")
        assert content(builder, built, "/d/inner") == "inner\n"
        return
    reference = {"tag": "v1", "branch": "topic/one", "commit": first}[kind]
    assert content(builder, added(builder, f"{address}#{reference} /d/"), "/d/file") == "first\n"


def test_a_repository_with_its_history(builder: Rig, repository: tuple[Repository, str]) -> None:
    git, address = repository
    built = added(builder, f"--keep-git-dir=true {address} /src")
    assert content(builder, built, "/src/.git/HEAD") == git.git("rev-parse", "HEAD") + "\n"


def test_a_repositorys_checksum(builder: Rig, repository: tuple[Repository, str]) -> None:
    git, address = repository
    head = git.git("rev-parse", "HEAD")
    assert content(builder, added(builder, f"--checksum={head} {address} /s"), "/s/file") == "second\n"
    with pytest.raises(Failed, match="expected checksum to match"):
        added(builder, f"--checksum={'0' * 40} {address} /s")


def test_what_is_not_there(builder: Rig, repository: tuple[Repository, str]) -> None:
    _, address = repository
    for source, message in {
        f"{address}#missing": "failed to fetch git repository",
        f"{address}#v1:missing": "no directory 'missing'",
        address.replace(".git", "x.git"): "failed to fetch git repository",
    }.items():
        with pytest.raises(Failed, match=message):
            added(builder, f"{source} /s")
    assert not remains(builder)


def test_a_repository_as_two_builds_have_it(builder: Rig, repository: tuple[Repository, str], token: str) -> None:
    """The same commit gives the same image, whenever it was fetched."""
    _, address = repository
    one = added(builder, f"{address} /src", no_cache=True)
    two = added(builder, f"{address} /src", no_cache=True)
    assert one["id"] == two["id"]
    assert output(one) == ""


# Contexts


def test_a_context_that_is_a_repository(builder: Rig, repository: tuple[Repository, str], token: str) -> None:
    git, address = repository
    dockerfile = f"FROM scratch\nLABEL token={token}\nCOPY file /\n"
    git.commit(Dockerfile=dockerfile, sub__dir__Dockerfile="FROM scratch\nCOPY inner /\n")
    first = build(builder, {"context": address})
    assert content(builder, first, "/file") == "second\n"
    assert build(builder, {"context": address})["id"] == first["id"], "the same commit is the same image"
    assert content(builder, build(builder, {"context": f"{address}#main:sub/dir"}), "/inner") == "inner\n"
    assert not remains(builder)


def test_a_named_context_that_is_a_repository(builder: Rig, repository: tuple[Repository, str]) -> None:
    _, address = repository
    built = made(builder, "FROM scratch\nCOPY --from=other sub/dir /d\n", contexts={"other": f"{address}#v1"})
    assert content(builder, built, "/d/inner") == "inner\n"
    with pytest.raises(Failed, match="failed to fetch git repository"):
        made(builder, "FROM scratch\nCOPY --from=other file /\n", contexts={"other": f"{address}#missing"})
    assert not remains(builder)


def test_a_context_from_a_web_server(builder: Rig, web: WebServer, token: str) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, text in {"below/Dockerfile": "FROM scratch\nCOPY file /\n", "file": token}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    web.pages["/context.tgz"] = Page(archive.getvalue())
    built = build(builder, {"context": web.url("/context.tgz"), "dockerfile_name": "below/Dockerfile"})
    assert content(builder, built, "/file") == token
