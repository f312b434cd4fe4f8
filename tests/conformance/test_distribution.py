"""Images to and from Debian's docker-registry by the docker CLI, docker-py and our own commands; skopeo looks on."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker as docker_py
import pytest

from tests.conformance.cli import Docker, Terminal
from tests.conformance.debian_registry import HTPASSWD, PASSWORD, PROGRAM, USER, DebianRegistry
from tests.conformance.registries import Lone
from tests.kernel.rig import WHERRY, Rig, busybox_tar

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="docker-registry is not installed (apt-get install docker-registry)"),
    pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed (apt-get install skopeo)"),
]

OCI = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianRegistry]:
    """Without users and TLS; also docker.io, to the instance of :func:`rig`."""
    with DebianRegistry(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture(scope="module")
def rig(registry: DebianRegistry) -> Iterator[Rig]:
    """An instance that takes the registry for docker.io's mirror."""
    rig = Rig()
    (rig.root / "wherry.toml").write_text(f'[registries]\nmirrors = ["{registry.url}"]\n')
    try:
        rig.up()
        yield rig
    finally:
        left = rig.close()
    assert not left, "left behind:\n" + "\n".join(left)


def skopeo(*arguments: str) -> str:
    done = subprocess.run(["skopeo", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wherry(docker: Docker, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [WHERRY, *arguments], env=docker.environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def gone(docker: Docker, *names: str) -> None:
    docker("rmi", "-f", *names)


def test_push_look_remove_pull_run(docker: Docker, registry: DebianRegistry) -> None:
    name = f"{registry.host}/team/app:1"
    docker("tag", "demo:1", name)
    lines = docker.out("push", name).splitlines()
    assert lines[0] == f"The push refers to repository [{registry.host}/team/app]"
    assert re.fullmatch(r"[0-9a-f]{12}: Pushed", lines[2])
    match = re.fullmatch(r"1: digest: (sha256:[0-9a-f]{64}) size: \d+", lines[-1])
    assert match is not None
    digest = match[1]
    seen = json.loads(skopeo("inspect", "--tls-verify=false", f"docker://{name}"))
    assert seen["Digest"] == digest
    image = json.loads(docker.out("image", "inspect", name))[0]
    assert f"{registry.host}/team/app@{digest}" in image["RepoDigests"]
    gone(docker, name, "demo:1")
    assert docker.run(name, "echo", "hello") == "hello"
    assert json.loads(docker.out("image", "inspect", name))[0]["Id"] == image["Id"]
    assert docker.out("pull", name).splitlines() == [
        "1: Pulling from team/app",
        f"Digest: {digest}",
        f"Status: Image is up to date for {name}",
        name,
    ]
    pinned = f"{registry.host}/team/app@{digest}"
    gone(docker, name)
    assert docker.run(pinned, "echo", "pinned") == "pinned"
    assert docker.out("images", "--digests", "--format", "{{.Digest}}", pinned) == digest
    gone(docker, pinned)


def test_what_is_there_is_not_sent_again(docker: Docker, registry: DebianRegistry) -> None:
    first, second = f"{registry.host}/one/app:1", f"{registry.host}/two/app:1"
    for name in (first, second):
        docker("tag", "demo:1", name)
    docker("push", first)
    assert "Layer already exists" in docker.out("push", first)
    assert "Mounted from one/app" in docker.out("push", second)
    gone(docker, first, second)


def test_all_tags(docker: Docker, registry: DebianRegistry) -> None:
    for tag in ("a", "b"):
        docker("tag", "demo:1", f"{registry.host}/tags/app:{tag}")
    out = docker.out("push", "-a", f"{registry.host}/tags/app")
    assert len(re.findall(r"(?m)^[ab]: digest: sha256:", out)) == 2
    gone(docker, f"{registry.host}/tags/app:a", f"{registry.host}/tags/app:b")
    out = docker.out("pull", "-a", f"{registry.host}/tags/app")
    assert f"Status: Downloaded newer image for {registry.host}/tags/app" in out
    assert set(docker.out("images", "--format", "{{.Tag}}", f"{registry.host}/tags/app").split()) == {"a", "b"}
    gone(docker, f"{registry.host}/tags/app:a", f"{registry.host}/tags/app:b")


def test_docker_io_through_a_mirror(docker: Docker, registry: DebianRegistry) -> None:
    name = f"{registry.host}/library/hello:latest"
    docker("tag", "demo:1", name)
    docker("push", name)
    gone(docker, name, "demo:1")
    done = docker("run", "--rm", "--network", "none", "hello", "echo", "from the hub")
    assert done.stdout == "from the hub\n"
    assert "Unable to find image 'hello:latest' locally" in done.stderr
    assert "Status: Downloaded newer image for hello:latest" in done.stderr
    assert json.loads(docker.out("image", "inspect", "hello"))[0]["RepoTags"] == ["hello:latest"]
    assert registry.url in docker.out("info")
    gone(docker, "hello")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pull", "{host}/none:1"), "manifest for {host}/none:1 not found: manifest unknown: manifest unknown"),
        (("run", "--rm", "{host}/none:1", "true"), "manifest for {host}/none:1 not found: manifest unknown"),
        (("push", "{host}/none:1"), "An image does not exist locally with the tag: {host}/none"),
        (("pull", "127.0.0.1:1/none:1"), "connect: connection refused"),
        (("pull", "-a", "{host}/none"), "repository {host}/none not found: name unknown: repository name not known"),
        (("search", "{host}/none"), "offers no search"),
    ],
)
def test_refusals_in_dockers_words(
    docker: Docker, registry: DebianRegistry, arguments: tuple[str, ...], words: str
) -> None:
    done = docker(*(argument.format(host=registry.host) for argument in arguments), check=False)
    assert done.returncode != 0
    assert words.format(host=registry.host) in done.stderr


def test_an_index_of_two_platforms(docker: Docker, registry: DebianRegistry, api: docker_py.DockerClient) -> None:
    entries = []
    for architecture in ("amd64", "arm64"):
        repository = f"{registry.host}/multi"
        api.api._post(  # docker-py's import_image has no platform
            api.api._url("/images/create"),
            params={"fromSrc": "-", "repo": repository, "tag": architecture, "platform": f"linux/{architecture}"},
            data=busybox_tar(),
            headers={"Content-Type": "application/x-tar"},
        ).raise_for_status()
        docker("push", f"{repository}:{architecture}")
        raw = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{repository}:{architecture}").encode()
        entries.append(
            {
                "mediaType": OCI,
                "digest": "sha256:" + hashlib.sha256(raw).hexdigest(),
                "size": len(raw),
                "platform": {"os": "linux", "architecture": architecture},
            }
        )
    index_type = "application/vnd.oci.image.index.v1+json"
    index = json.dumps({"schemaVersion": 2, "mediaType": index_type, "manifests": entries}).encode()
    registry.request("PUT", "/v2/multi/manifests/all", index, index_type)
    docker("rmi", f"{registry.host}/multi:amd64", f"{registry.host}/multi:arm64")
    name = f"{registry.host}/multi:all"
    digest = "sha256:" + hashlib.sha256(index).hexdigest()
    assert f"Digest: {digest}" in docker.out("pull", name)
    assert docker.out("image", "inspect", "-f", "{{.Architecture}}", name) == "amd64"
    docker("pull", "--platform", "linux/arm64", name)
    assert docker.out("image", "inspect", "-f", "{{.Architecture}}", name) == "arm64"
    done = docker("pull", "--platform", "linux/s390x", name, check=False)
    assert "no matching manifest for linux/s390x in the manifest list entries" in done.stderr
    data = api.images.get_registry_data(name)
    assert data.id == digest
    assert data.has_platform("linux/arm64")
    assert not data.has_platform("linux/s390x")
    docker("rmi", "-f", *docker.out("images", "-q", f"{registry.host}/multi").split())
    docker("image", "prune", "-f")  # the one for amd64 lost its name to the other


@pytest.mark.parametrize("options", [("--format", "v2s2"), ("--dest-compress-format", "zstd", "--format", "oci")])
def test_what_skopeo_pushed(docker: Docker, registry: DebianRegistry, tmp_path: Path, options: tuple[str, ...]) -> None:
    archive = tmp_path / "demo.tar"
    docker("save", "-o", str(archive), "demo:1")
    name = f"{registry.host}/skopeo/app:{options[-1]}"
    policy = tmp_path / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    source, target = f"docker-archive:{archive}", f"docker://{name}"
    skopeo("--policy", str(policy), "copy", "--dest-tls-verify=false", *options, source, target)
    raw = json.loads(skopeo("inspect", "--raw", "--tls-verify=false", target))
    assert raw["layers"][0]["mediaType"].endswith("zstd" if "zstd" in options else "gzip")
    gone(docker, "demo:1")
    assert docker.run(name, "echo", options[-1]) == options[-1]
    gone(docker, name)


def test_docker_py(docker: Docker, registry: DebianRegistry, api: docker_py.DockerClient) -> None:
    name = f"{registry.host}/python/app"
    assert api.images.get("demo:1").tag(name, "1")
    messages = list(api.api.push(name, "1", stream=True, decode=True))
    assert messages[-1]["aux"]["Tag"] == "1"
    api.images.remove(f"{name}:1")
    api.images.remove("demo:1", force=True)
    image = api.images.pull(name, tag="1")
    assert image.tags == [f"{name}:1"]
    assert [one.tags for one in api.images.pull(name, all_tags=True)] == [[f"{name}:1"]]
    statuses = [message["status"] for message in api.api.pull(name, "1", stream=True, decode=True)]
    assert statuses[-1] == f"Status: Image is up to date for {name}:1"
    with pytest.raises(docker_py.errors.NotFound, match="manifest unknown"):
        api.images.pull(name, tag="none")
    api.images.remove(f"{name}:1", force=True)


# --- our own commands -----------------------------------------------------------------------------------------------


def test_our_own_commands(docker: Docker, registry: DebianRegistry) -> None:
    name = f"{registry.host}/own/app:1"
    docker("tag", "demo:1", name)
    assert "Pushed" in wherry(docker, "push", name).stdout
    gone(docker, name, "demo:1")
    done = wherry(docker, "run", "--rm", "--network", "none", name, "echo", "hello")
    assert done.stdout == "hello\n"
    assert "Pull complete" in done.stderr
    assert wherry(docker, "pull", "-q", name).stdout == f"{name}\n"
    done = wherry(docker, "run", "--rm", "--network", "none", "--pull", "always", "-q", name, "true")
    assert done.stderr == ""
    gone(docker, name)
    done = wherry(docker, "run", "--rm", "--pull", "never", name, "true", check=False)
    assert done.returncode == 125
    assert f"No such image: {name}" in done.stderr


def test_bars_on_a_terminal(docker: Docker, registry: DebianRegistry) -> None:
    name = f"{registry.host}/bars/app:1"
    docker("tag", "demo:1", name)
    docker("push", name)
    gone(docker, name, "demo:1")
    with Terminal([WHERRY, "pull", name], docker.environment, 24, 120) as terminal:
        assert terminal.wait() == 0
    assert "\x1b[1A" in terminal.output
    assert "Pull complete" in terminal.output
    gone(docker, name)


# --- users ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[DebianRegistry]:
    with DebianRegistry(tmp_path / "guarded", users=True) as registry:
        yield registry


def test_a_registry_with_users(docker: Docker, guarded: DebianRegistry) -> None:
    name = f"{guarded.host}/private/app:1"
    docker("tag", "demo:1", name)
    assert "no basic auth credentials" in docker("push", name, check=False).stderr
    line = ("login", "-u", USER, "--password-stdin", guarded.host)
    wrong = docker(*line, stdin="wrong", check=False)
    assert wrong.returncode == 1
    assert "401" in wrong.stderr
    assert "Login Succeeded" in docker(*line, stdin=PASSWORD).stdout
    docker("push", name)
    gone(docker, name)
    docker("pull", name)
    gone(docker, name)
    docker("logout", guarded.host)
    assert "no basic auth credentials" in docker("pull", name, check=False).stderr
    # What our own command keeps is what docker reads.
    subprocess.run(
        [WHERRY, *line], input=PASSWORD, text=True, env=docker.environment, check=True, capture_output=True, timeout=60
    )
    docker("pull", name)
    gone(docker, name)
    assert "Removing login credentials" in wherry(docker, "logout", guarded.host).stdout


def test_a_registry_of_ours(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    with Lone(tmp_path / "ours", "--htpasswd", str(tmp_path / "htpasswd")) as ours:
        host = f"127.0.0.1:{ours.port}"
        name = f"{host}/team/app:1"
        docker("tag", "demo:1", name)
        docker("login", "-u", USER, "--password-stdin", host, stdin=PASSWORD)
        assert ": Pushed" in docker.out("push", name)
        assert "Layer already exists" in docker.out("push", name)
        gone(docker, name, "demo:1")
        assert docker.run(name, "echo", "hello") == "hello"
        gone(docker, name)


# --- TLS ------------------------------------------------------------------------------------------------------------


def test_tls_by_an_authority_that_only_this_registry_has(docker: Docker, tmp_path: Path) -> None:
    own_name = socket.gethostname()
    try:
        if not socket.gethostbyname(own_name).startswith("127."):
            pytest.skip("this machine's name does not lead to itself by loopback")
    except OSError:
        pytest.skip("this machine's name is not known")
    with DebianRegistry(tmp_path / "secure", own_name, secure=True) as registry:
        name = f"{registry.host}/secure/app:1"
        docker("tag", "demo:1", name)
        refused = docker("push", name, check=False)
        assert "x509: certificate signed by unknown authority" in refused.stderr
        directory = Path("/etc/docker/certs.d", registry.host)
        made = next((path for path in reversed([directory, *directory.parents]) if not path.exists()), directory)
        directory.mkdir(parents=True)
        try:
            (directory / "ca.crt").write_bytes(registry.ca.read_bytes())
            docker("push", name)
            gone(docker, name)
            docker("pull", name)
        finally:
            shutil.rmtree(made)
        gone(docker, name)


def test_tls_on_loopback_needs_no_authority(docker: Docker, tmp_path: Path) -> None:
    with DebianRegistry(tmp_path / "secure", secure=True, users=True) as registry:
        name = f"{registry.host}/secure/app:1"
        docker("tag", "demo:1", name)
        docker("login", "-u", USER, "--password-stdin", registry.host, stdin=PASSWORD)
        docker("push", name)
        gone(docker, name)
        docker("pull", name)
        gone(docker, name)


def test_everything_is_as_before(docker: Docker, registry: DebianRegistry, rig: Rig, api: Any) -> None:
    """The module's last: only what the fixture imports is left."""
    assert docker.out("images", "--format", "{{.Repository}}:{{.Tag}}") == "demo:1"
    assert not list((rig.names.content / "ingest").iterdir())


def test_skopeo_copies_from_and_to_the_engine(docker: Docker, registry: DebianRegistry, tmp_path: Path) -> None:
    """It asks for version 1.22 of the API."""
    daemon = docker.environment["DOCKER_HOST"]
    skopeo("copy", "--src-daemon-host", daemon, "docker-daemon:demo:1", f"oci:{tmp_path}/layout:1")
    skopeo("copy", "--dest-daemon-host", daemon, f"oci:{tmp_path}/layout:1", "docker-daemon:copied:1")
    assert docker.run("copied:1", "echo", "hello") == "hello"
    name = f"docker://{registry.host}/skopeo/app:1"
    skopeo("copy", "--src-daemon-host", daemon, "--dest-tls-verify=false", "docker-daemon:copied:1", name)
    assert json.loads(skopeo("inspect", "--daemon-host", daemon, "docker-daemon:copied:1"))["Os"] == "linux"
    gone(docker, "copied:1")
