"""skopeo and podman push to and pull from a registry of ours: plain, over TLS, with a password, with tokens."""

import http.client
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import bcrypt
import pytest

from tests.conformance.registries import Lone, blobs_of, layout, run
from tests.conformance.tokens import TokenServer
from tests.unit import certificates

pytestmark = pytest.mark.skipif(shutil.which("skopeo") is None, reason="needs skopeo")
PLAIN = ("--src-tls-verify=false",)
PLAIN_TO = ("--dest-tls-verify=false",)


@pytest.fixture
def image(tmp_path: Path) -> str:
    return layout(tmp_path / "layout")


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Lone]:
    with Lone(tmp_path / "registry") as lone:
        yield lone


@pytest.fixture
def short() -> Iterator[Path]:
    """podman wants a runroot of at most 50 characters."""
    with tempfile.TemporaryDirectory(prefix="podman-") as directory:
        yield Path(directory)


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("oci", "application/vnd.oci.image.manifest.v1+json"),
        ("v2s2", "application/vnd.docker.distribution.manifest.v2+json"),
    ],
)
def test_skopeo_pushes_and_pulls_both_kinds_of_images(
    lone: Lone, image: str, tmp_path: Path, kind: str, media_type: str
) -> None:
    run("skopeo", "copy", *PLAIN_TO, "--format", kind, image, lone.reference("a/b"))
    run("skopeo", "copy", *PLAIN, lone.reference("a/b"), f"dir:{tmp_path / 'pulled'}")
    assert json.loads((tmp_path / "pulled/manifest.json").read_text())["mediaType"] == media_type
    blobs = blobs_of(tmp_path / "pulled")
    assert len(blobs) == 3
    assert {f"{digest}" for digest in blobs} <= set(os.listdir(lone.root / "content/blobs/sha256"))
    # From one repository to another nothing is sent again, and by digest it is the same.
    run("skopeo", "copy", *PLAIN, *PLAIN_TO, lone.reference("a/b"), lone.reference("c", "2"))
    inspected = json.loads(run("skopeo", "inspect", "--tls-verify=false", lone.reference("c", "2")).stdout)
    digest = sha256((tmp_path / "pulled/manifest.json").read_bytes()).hexdigest()
    assert inspected["Digest"] == f"sha256:{digest}"
    assert inspected["RepoTags"] == ["2"]
    by_digest = f"docker://127.0.0.1:{lone.port}/c@sha256:{digest}"
    run("skopeo", "copy", *PLAIN, by_digest, f"dir:{tmp_path / 'by-digest'}")
    assert blobs_of(tmp_path / "by-digest") == blobs
    assert lone.get("/v2/_catalog") == {"repositories": ["a/b", "c"]}


def test_skopeo_lists_tags_and_deletes_where_it_may(tmp_path: Path, image: str) -> None:
    with Lone(tmp_path / "registry", "--allow-delete") as lone:
        for tag in ("2", "10", "latest"):
            run("skopeo", "copy", *PLAIN_TO, image, lone.reference("a", tag))
        listed = json.loads(
            run("skopeo", "list-tags", "--tls-verify=false", lone.reference("a").rpartition(":")[0]).stdout
        )
        assert listed["Tags"] == ["10", "2", "latest"]
        run("skopeo", "delete", "--tls-verify=false", lone.reference("a", "2"))
        failed = run("skopeo", "inspect", "--tls-verify=false", lone.reference("a", "latest"), check=False)
        assert "manifest unknown" in failed.stderr  # skopeo deletes by digest
        assert lone.gc("--grace", "0") == "Removed 3 blobs, 0 manifests and 0 uploads.\n"
        assert os.listdir(lone.root / "content/blobs/sha256") == []


def test_a_read_only_registry_is_pulled_from(tmp_path: Path, image: str) -> None:
    with Lone(tmp_path / "registry") as lone:
        run("skopeo", "copy", *PLAIN_TO, image, lone.reference("a"))
    with Lone(tmp_path / "registry", "--read-only", "--allow-delete") as lone:
        run("skopeo", "copy", *PLAIN, lone.reference("a"), f"dir:{tmp_path / 'pulled'}")
        assert blobs_of(tmp_path / "pulled")
        refused = run("skopeo", "copy", *PLAIN_TO, image, lone.reference("b"), check=False)
        assert refused.returncode != 0
        assert run("skopeo", "delete", "--tls-verify=false", lone.reference("a"), check=False).returncode != 0


def test_tls_of_an_own_authority_and_a_password(tmp_path: Path, image: str) -> None:
    made = certificates.make(tmp_path)
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    shutil.copy(made.authority, trusted / "ca.crt")
    hashed = bcrypt.hashpw(b"pass:word", bcrypt.gensalt(5)).decode().replace("$2b$", "$2y$")  # as htpasswd writes it
    (tmp_path / "users").write_text(f"ann:{hashed}\n")
    options = (f"--tls-cert={made.certificate}", f"--tls-key={made.key}", f"--htpasswd={tmp_path / 'users'}")
    with Lone(tmp_path / "registry", *options) as lone:
        there = ("--dest-cert-dir", str(trusted), "--dest-creds", "ann:pass:word")
        back = ("--src-cert-dir", str(trusted), "--src-creds", "ann:pass:word")
        run("skopeo", "copy", *there, image, lone.reference("a"))
        run("skopeo", "copy", *back, lone.reference("a"), f"dir:{tmp_path / 'pulled'}")
        assert blobs_of(tmp_path / "pulled")
        for wrong, words in (
            (back[:2], "authentication required"),
            ((*back[:3], "ann:wrong"), "user name or password is wrong"),
            (back[2:], "certificate signed by unknown authority"),
        ):
            failed = run("skopeo", "copy", *wrong, lone.reference("a"), f"dir:{tmp_path / 'no'}", check=False)
            assert failed.returncode != 0
            assert words in failed.stderr or "unauthorized" in failed.stderr


def test_tokens_grant_what_their_server_says(tmp_path: Path, image: str) -> None:
    grants = {"ann:a": {"a": {"pull", "push"}, "shared": {"pull", "push"}}, "bob:b": {"shared": {"pull"}}}
    with TokenServer(tmp_path, grants) as tokens, Lone(tmp_path / "registry", *tokens.options) as lone:
        for repository in ("a", "shared"):
            run("skopeo", "copy", *PLAIN_TO, "--dest-creds", "ann:a", image, lone.reference(repository))
        assert "repository:a:pull,push" in tokens.asked
        run("skopeo", "copy", *PLAIN, "--src-creds", "bob:b", lone.reference("shared"), f"dir:{tmp_path / 'pulled'}")
        assert blobs_of(tmp_path / "pulled")
        denied = (
            (*PLAIN, "--src-creds", "bob:b", lone.reference("a"), f"dir:{tmp_path / 'no'}"),
            (*PLAIN, "--src-creds", "eve:e", lone.reference("shared"), f"dir:{tmp_path / 'no'}"),
            (*PLAIN_TO, "--dest-creds", "bob:b", image, lone.reference("shared", "2")),
        )
        for arguments in denied:
            assert run("skopeo", "copy", *arguments, check=False).returncode != 0


@pytest.mark.skipif(shutil.which("podman") is None, reason="needs podman")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_podman_pushes_and_pulls(lone: Lone, image: str, tmp_path: Path, short: Path) -> None:
    def podman(*arguments: str) -> str:
        # vfs on directories of its own, and no container is run: nothing outside of them is touched.
        where = ("--root", str(short / "root"), "--runroot", str(short / "run"), "--tmpdir", str(short / "tmp"))
        return run("podman", *where, "--storage-driver", "vfs", *arguments).stdout.strip()

    run("skopeo", "copy", *PLAIN_TO, image, lone.reference("from-skopeo"))
    host = f"127.0.0.1:{lone.port}"
    pulled = podman("pull", "--quiet", "--tls-verify=false", f"{host}/from-skopeo:1")
    podman("push", "--quiet", "--tls-verify=false", pulled, f"{host}/from-podman:1")
    podman("push", "--quiet", "--tls-verify=false", "--format", "v2s2", pulled, f"{host}/from-podman:docker")
    run("skopeo", "copy", *PLAIN, lone.reference("from-podman"), f"dir:{tmp_path / 'pulled'}")
    assert len(blobs_of(tmp_path / "pulled")) == 3
    podman("manifest", "create", "all")
    podman("manifest", "add", "--tls-verify=false", "all", f"docker://{host}/from-podman:1")
    podman("manifest", "push", "--all", "--tls-verify=false", "all", f"docker://{host}/from-podman:all")
    assert lone.get("/v2/from-podman/tags/list")["tags"] == ["1", "all", "docker"]
    podman("rmi", "--all", "--force")
    podman("pull", "--quiet", "--tls-verify=false", f"{host}/from-podman:all")


def test_a_chunked_upload_goes_on_after_a_kill(lone: Lone) -> None:
    data = os.urandom(6_000_000)

    def ask(method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> dict[str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", lone.port, timeout=30)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.read()
        assert answer.status < 300, answer.status
        return dict(answer.getheaders())

    location = ask("POST", "/v2/a/blobs/uploads/")["Location"]
    ask("PATCH", location, data[:2_000_000], {"Content-Range": "0-1999999"})
    # Killed in the middle of a chunk: what came of it may stay, and is told.
    connection = http.client.HTTPConnection("127.0.0.1", lone.port, timeout=30)
    connection.putrequest("PATCH", location)
    connection.putheader("Content-Length", "4000000")
    connection.endheaders()
    connection.send(data[2_000_000:4_500_000])
    lone.kill()
    connection.close()
    lone.start()
    come = int(ask("GET", location)["Range"].removeprefix("0-")) + 1
    assert 2_000_000 <= come <= 4_500_000
    ask("PATCH", location, data[come:5_000_000], {"Content-Range": f"{come}-4999999"})
    lone.kill()
    lone.start()
    digest = f"sha256:{sha256(data).hexdigest()}"
    ask("PUT", f"{location}?digest={digest}", data[5_000_000:])
    assert ask("HEAD", f"/v2/a/blobs/{digest}")["Content-Length"] == str(len(data))
    assert os.listdir(lone.root / "content/ingest") == []


def test_garbage_is_collected_while_others_push(lone: Lone, tmp_path: Path) -> None:
    images = [layout(tmp_path / f"layout-{number}", f"{number}\n".encode()) for number in range(3)]
    ended = threading.Event()
    collected: list[str] = []

    def collect() -> None:
        while not ended.is_set():
            collected.append(lone.gc("--untagged"))

    collecting = threading.Thread(target=collect)
    collecting.start()
    try:
        pushes = [
            subprocess.Popen(["skopeo", "copy", "-q", *PLAIN_TO, image, lone.reference(f"r{repository}", f"{number}")])
            for number, image in enumerate(images)
            for repository in range(2)
        ]
        assert [push.wait(120) for push in pushes] == [0] * 6
    finally:
        ended.set()
        collecting.join()
    assert collected
    for repository in range(2):
        for number in range(3):
            target = tmp_path / f"pulled-{repository}-{number}"
            run("skopeo", "copy", *PLAIN, lone.reference(f"r{repository}", f"{number}"), f"dir:{target}")
            assert blobs_of(target)
