"""From flags to the request that the daemon takes."""

import base64
import io
import socket
import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from wherry.app.cli.build import build_command
from wherry.app.cli.build_request import (
    Files,
    Upload,
    agent,
    build_arguments,
    cache_source,
    cache_target,
    named_context,
    secret,
    upload_of,
)
from wherry.dockerapi.buildrequest import BuildRequest


def flags(*arguments: str) -> dict[str, Any]:
    return build_command.make_context("build", [*arguments, "."]).params


def asked(files: Files, *arguments: str) -> Upload:
    upload = upload_of(flags(*arguments), files)
    msgspec.convert(upload.request, BuildRequest)  # the daemon knows all of it
    return upload


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    return tmp_path


def test_a_directory_is_named_and_not_sent(directory: Path) -> None:
    upload = asked(Files(str(directory)))
    assert upload.request["context"] == str(directory)
    assert "dockerfile" not in upload.request
    assert list(upload.pieces(b"line")) == [b"line\n"]


def test_everything_that_can_be_said(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKEN", "value")
    arguments = (
        "-t a:1 -t b --build-arg A=1 --build-arg TAKEN --label l=m=n --target t --platform linux/amd64 --network none "
        "--add-host db=10.1.2.3 --add-host x:1.1.1.1 --pull --no-cache --no-cache-filter a,b --no-cache-filter c "
        "--build-context X=/some --allow network.host,security.insecure --memory 5m --shm-size 1k "
        "--ulimit nofile=1:2 --no-reproducible --squash --cache-from image --cache-to type=inline"
    )
    request = asked(Files(str(directory)), *arguments.split()).request
    expected = {
        "tags": ["a:1", "b"],
        "build_args": {"A": "1", "TAKEN": "value"},
        "labels": {"l": "m=n"},
        "target": "t",
        "platform": "linux/amd64",
        "network": "none",
        "extra_hosts": ["db:10.1.2.3", "x:1.1.1.1"],
        "pull": True,
        "no_cache": True,
        "no_cache_filter": ["a", "b", "c"],
        "contexts": {"x": "/some"},
        "allow": ["network.host", "security.insecure"],
        "limits": {"memory_bytes": 5 << 20, "shm_bytes": 1024, "ulimits": [["nofile", 1, 2]]},
        "reproducible": False,
        "squash": True,
        "cache_from": [{"kind": "registry", "where": "image"}],
        "inline_cache": True,
    }
    assert {name: request[name] for name in expected} == expected


# The Dockerfile and the context


def test_a_dockerfile_elsewhere(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "my").write_text("FROM b\n")
    upload = asked(Files(str(directory), str(tmp_path / "my")))
    assert (upload.request["dockerfile"], upload.request["dockerfile_name"]) == ("FROM b\n", "my")
    assert "ignore" not in upload.request
    (tmp_path / "my.dockerignore").write_text("x\n")
    assert asked(Files(str(directory), str(tmp_path / "my"))).request["ignore"] == "x\n"
    for missing in (tmp_path / "missing", tmp_path):
        with pytest.raises(ValueError, match=f"failed to read dockerfile: open {missing}: "):
            asked(Files(str(directory), str(missing)))


def test_the_dockerfile_on_standard_input(directory: Path) -> None:
    upload = asked(Files(str(directory), "-", stdin=io.BytesIO(b"FROM \xff\n")))
    assert upload.request["dockerfile"] == "FROM \ufffd\n"
    with pytest.raises(ValueError, match="can't use stdin for both"):
        asked(Files("-", "-", stdin=io.BytesIO()))


def test_a_dockerfile_out_of_a_bake_file(directory: Path) -> None:
    assert asked(Files(str(directory), inline="FROM c\n")).request["dockerfile"] == "FROM c\n"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_an_archive_on_standard_input(mode: Any) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        tar.addfile(tarfile.TarInfo("x"), io.BytesIO())
    upload = asked(Files("-", "name", stdin=io.BytesIO(buffer.getvalue())))
    assert b"".join(upload.pieces(b"line")) == b"line\n" + buffer.getvalue()
    assert upload.request["dockerfile_name"] == "name"
    assert upload.request.get("has_context", True)


class Dribble(io.RawIOBase):
    """Gives what it has a byte at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._data.read(1 if size > 0 else -1)


def test_a_dockerfile_alone_on_standard_input() -> None:
    text = b"FROM a\n" * 200
    for stdin in (io.BytesIO(text), Dribble(text)):
        request = asked(Files("-", stdin=stdin)).request  # type: ignore[arg-type]
        assert (request["dockerfile"], request["has_context"]) == (text.decode(), False)


@pytest.mark.parametrize(
    "context",
    ["https://x.org/x.git#v1:dir", "http://x/y.tgz", "git://x/y", "git@x.org:x/y", "github.com/x/y"],
)
def test_the_engine_fetches_what_is_elsewhere(context: str) -> None:
    request = asked(Files(context, file="sub/Dockerfile")).request
    assert (request["context"], request["dockerfile_name"]) == (context, "sub/Dockerfile")
    assert "dockerfile" not in request
    request = asked(Files(context, file="-", stdin=io.BytesIO(b"FROM a\n"))).request
    assert (request["context"], request["dockerfile"]) == (context, "FROM a\n")


def test_a_named_context_may_be_elsewhere(tmp_path: Path) -> None:
    assert named_context("a=https://x/y.git") == ("a", "https://x/y.git")
    assert named_context(f"a={tmp_path}") == ("a", str(tmp_path))


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unable to prepare context: path .*missing. not found"):
        asked(Files(str(tmp_path / "missing")))


# Single flags


def test_build_arguments() -> None:
    assert build_arguments(["A=1=2", "B", "C", "D="], {"B": "b"}) == {"A": "1=2", "B": "b", "D": ""}
    with pytest.raises(ValueError, match="invalid build argument"):
        build_arguments(["=x"], {})


def test_labels_have_names(directory: Path) -> None:
    with pytest.raises(ValueError, match="invalid label"):
        asked(Files(str(directory)), "--label", "=x")


def test_contexts_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert named_context("A=b") == ("a", str(tmp_path / "b"))
    assert named_context("a=docker-image://x:1") == ("a", "docker-image://x:1")
    for wrong in ("a", "a=", "=b"):
        with pytest.raises(ValueError, match="expected key=value"):
            named_context(wrong)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("id=k,src=FILE", b"file"),
        ("id=k,source=FILE", b"file"),
        ("id=FILE", b"file"),
        ("id=k,env=VARIABLE", b"value"),
        ("id=VARIABLE", b"value"),
        ("type=env,id=VARIABLE", b"value"),
        ("type=env,id=k,src=VARIABLE", b"value"),
        ("id=k,env=MISSING", b""),
        ("ID=k,Env=ODD", b"\xff"),
    ],
)
def test_secrets(text: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("FILE").write_bytes(b"file")
    environment = {"VARIABLE": "value", "ODD": b"\xff".decode(errors="surrogateescape")}
    name, encoded = secret(text, environment)
    assert base64.b64decode(encoded) == content
    assert name in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("src=x", "missing required field: id"),
        ("id=k,src=missing", "failed to stat missing: no such file"),
        ("id=k,src=LARGE", "at most 512000 are allowed"),
        ("id=k,type=odd", "unsupported secret type"),
        ("id=k,x=y", "unexpected key 'x'"),
        ("id", "must be a key=value pair"),
    ],
)
def test_secrets_that_cannot_be(text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("LARGE").write_bytes(bytes(512_001))
    with pytest.raises(ValueError, match=message):
        secret(text, {})


def test_agents(tmp_path: Path) -> None:
    path = str(tmp_path / "agent")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        assert agent("default", {"SSH_AUTH_SOCK": path}) == ("default", path)
        assert agent(f"mine={path}", {}) == ("mine", path)
    with pytest.raises(ValueError, match="make sure SSH_AUTH_SOCK is set"):
        agent("default", {})
    (tmp_path / "key").touch()
    with pytest.raises(ValueError, match="keys as files are not available"):
        agent(f"default={tmp_path}/key", {})


def test_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cache_source("x:1") == {"kind": "registry", "where": "x:1"}
    assert cache_source("type=registry,ref=x:1") == {"kind": "registry", "where": "x:1"}
    assert cache_source("type=local,src=d") == {"kind": "local", "where": str(tmp_path / "d")}
    assert cache_target("type=inline") is None
    assert cache_target("x:1") == {"kind": "registry", "where": "x:1", "is_whole": False}
    assert cache_target("type=local,dest=d,mode=max") == {
        "kind": "local",
        "where": str(tmp_path / "d"),
        "is_whole": True,
    }
    for wrong in ("type=gha", "type=registry", "type=local,dest=", "type=registry,ref=x,mode=odd", "type=local,src=x"):
        with pytest.raises(ValueError, match=r"cache export|unexpected key"):
            cache_target(wrong)
    for wrong in ("type=gha", "type=registry", "type=local", "type=inline"):
        with pytest.raises(ValueError, match="cache import"):
            cache_source(wrong)
