"""docker's config.json is read and written as docker does, with its helpers."""

import base64
import json
import stat
from pathlib import Path

import pytest

from wherry.app.dockerconfig import HUB, NOBODY, Auth, DockerConfig, server_of
from wherry.kit.errors import Invalid, Unavailable

HELPER = """#!/usr/bin/env python3
import json, pathlib, sys
kept = pathlib.Path(__file__).with_name("kept.json")
known = json.loads(kept.read_text()) if kept.exists() else {}
given = sys.stdin.read()
if sys.argv[1] == "get":
    if given not in known:
        print("credentials not found in native keychain")
        sys.exit(1)
    print(json.dumps(known[given]))
elif sys.argv[1] == "store":
    entry = json.loads(given)
    known[entry["ServerURL"]] = entry
elif sys.argv[1] == "erase":
    known.pop(given, None)
elif sys.argv[1] == "list":
    print(json.dumps({server: entry["Username"] for server, entry in known.items()}))
kept.write_text(json.dumps(known))
"""


def written(path: Path, document: object) -> DockerConfig:
    path.write_text(json.dumps(document))
    return DockerConfig(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.json"


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A credential helper called ``test`` that is found by its name."""
    program = tmp_path / "bin" / "docker-credential-test"
    program.parent.mkdir()
    program.write_text(HELPER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return "test"


@pytest.mark.parametrize(
    ("domain", "server"),
    [("docker.io", HUB), ("", HUB), ("https://index.docker.io/v1/", HUB), ("localhost:5000", "localhost:5000"),
     ("https://registry.lan/v2/", "registry.lan")],
)  # fmt: skip
def test_what_a_registry_is_called(domain: str, server: str) -> None:
    assert server_of(domain) == server


def test_where_it_is(tmp_path: Path) -> None:
    assert DockerConfig.of_user({"DOCKER_CONFIG": str(tmp_path)}).path == tmp_path / "config.json"
    assert DockerConfig.of_user({}).path == Path.home() / ".docker" / "config.json"


def test_without_a_file_there_is_nobody(path: Path) -> None:
    assert DockerConfig(path).auth("localhost:5000") == NOBODY
    assert NOBODY.header("localhost:5000") == base64.urlsafe_b64encode(b"{}").decode()


@pytest.mark.parametrize("key", ["localhost:5000", "http://localhost:5000", "https://localhost:5000/v2/"])
def test_a_user_is_found_under_any_spelling(path: Path, key: str) -> None:
    config = written(path, {"auths": {key: {"auth": base64.b64encode(b"me:a:b").decode()}}})
    assert config.auth("localhost:5000") == Auth("me", "a:b")
    assert config.auth("localhost:5001") == NOBODY


def test_a_kept_login_is_found_again_and_forgotten(path: Path) -> None:
    config = written(path, {"HttpHeaders": {"X": "y"}})
    config.store("localhost:5000", Auth("me", "secret"))
    config.store(HUB, Auth("you", identity_token="token"))
    document = json.loads(path.read_text())
    assert document["HttpHeaders"] == {"X": "y"}
    assert document["auths"]["localhost:5000"] == {"auth": base64.b64encode(b"me:secret").decode()}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = DockerConfig(path)
    assert again.auth("localhost:5000") == Auth("me", "secret")
    assert again.auth(HUB) == Auth("you", identity_token="token")
    assert again.every() == {"localhost:5000": Auth("me", "secret"), HUB: Auth("you", identity_token="token")}
    assert again.erase("localhost:5000")
    assert not again.erase("localhost:5000")
    assert DockerConfig(path).auth("localhost:5000") == NOBODY


def test_the_directory_is_made(tmp_path: Path) -> None:
    config = DockerConfig(tmp_path / "new" / "config.json")
    config.store("a", Auth("me", "secret"))
    assert stat.S_IMODE(config.path.parent.stat().st_mode) == 0o700


def test_a_link_stays_one(tmp_path: Path, path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text("{}")
    path.symlink_to(real)
    DockerConfig(path).store("a", Auth("me", "secret"))
    assert path.is_symlink()
    assert "auths" in json.loads(real.read_text())


@pytest.mark.parametrize("settings", [{"credsStore": "test"}, {"credHelpers": {"localhost:5000": "test"}}])
def test_a_helper_keeps_the_secret(path: Path, helper: str, settings: dict[str, object]) -> None:
    config = written(path, settings)
    assert config.auth("localhost:5000") == NOBODY
    config.store("localhost:5000", Auth("me", "secret"))
    assert "secret" not in path.read_text()
    assert base64.b64encode(b"me:secret").decode() not in path.read_text()
    again = DockerConfig(path)
    assert again.auth("localhost:5000") == Auth("me", "secret")
    assert again.every() == {"localhost:5000": Auth("me", "secret")}
    again.store("localhost:5000", Auth("me", identity_token="token"))
    assert again.auth("localhost:5000") == Auth(identity_token="token")
    assert again.erase("localhost:5000")
    assert DockerConfig(path).auth("localhost:5000") == NOBODY


def test_a_helper_that_is_not_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="docker-credential-none"):
        written(path, {"credsStore": "none"}).auth("a")
    with pytest.raises(Invalid, match="not a name"):
        written(path, {"credsStore": "../none"}).auth("a")


def test_a_helper_that_fails(path: Path, helper: str, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "docker-credential-test"
    program.write_text("#!/bin/sh\necho locked\nexit 2\n")
    with pytest.raises(Unavailable, match="exit status 2, out: `locked`"):
        written(path, {"credsStore": helper}).auth("a")
    program.write_text("#!/bin/sh\necho '[]'\n")
    with pytest.raises(Unavailable, match="no credentials that make sense"):
        written(path, {"credsStore": helper}).auth("a")


@pytest.mark.parametrize("text", ["{", "[]", '"x"'])
def test_a_file_that_makes_no_sense(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(Invalid, match=r"config\.json"):
        DockerConfig(path)


def test_credentials_that_make_no_sense(path: Path) -> None:
    with pytest.raises(Invalid, match="invalid auth configuration"):
        written(path, {"auths": {"a": {"auth": "!"}}}).auth("a")


def test_the_header_has_what_there_is() -> None:
    header = json.loads(base64.urlsafe_b64decode(Auth("me", "secret").header("a")))
    assert header == {"username": "me", "password": "secret", "serveraddress": "a"}
    assert "secret" not in repr(Auth("me", "secret", "secret"))
