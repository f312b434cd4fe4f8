"""The registry beside an engine: what was built or loaded is pulled at once, and docker pushes to it."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from tests.conformance.cli import Docker
from tests.conformance.registries import Lone, blobs_of, run
from tests.kernel.rig import WHERRY, Rig, wait_until

pytestmark = pytest.mark.skipif(shutil.which("skopeo") is None, reason="needs skopeo")


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """An instance that serves a registry on a free port, which :func:`registry` finds."""
    rig = Rig()
    (rig.root / "wherry.toml").write_text('[registry]\nlisten = "127.0.0.1:0"\nallow_delete = true\n')
    try:
        rig.up()
        yield rig
    finally:
        left = rig.close()
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.fixture
def registry(rig: Rig) -> str:
    """Host and port."""
    return addresses(rig)[-1]


def addresses(rig: Rig) -> list[str]:
    """All that the log tells of: of each node there has been, one."""
    return re.findall(r"registry answers at http://(\S+)", (rig.root / "wherry.log").read_text())


def copied(reference: str, target: Path) -> set[str]:
    run("skopeo", "copy", "--src-tls-verify=false", f"docker://{reference}", f"dir:{target}")
    return blobs_of(target)


def test_what_was_made_is_pulled_at_once_and_without_a_copy(
    docker: Docker, rig: Rig, registry: str, tmp_path: Path
) -> None:
    before = set(os.listdir(rig.root / "content/blobs/sha256"))
    blobs = copied(f"{registry}/demo:1", tmp_path / "demo")
    assert copied(f"{registry}/library/demo:1", tmp_path / "library") == blobs
    docker("tag", "demo:1", "localhost:5000/x/y:7")
    assert copied(f"{registry}/x/y:7", tmp_path / "xy") == blobs
    assert set(os.listdir(rig.root / "content/blobs/sha256")) == before
    inspected = json.loads(docker.out("image", "inspect", "demo:1"))[0]
    assert inspected["Id"].removeprefix("sha256:") in blobs
    docker("rmi", "localhost:5000/x/y:7")
    failed = run("skopeo", "inspect", "--tls-verify=false", f"docker://{registry}/x/y:7", check=False)
    assert "manifest unknown" in failed.stderr


def test_docker_pushes_and_pulls(docker: Docker, registry: str, tmp_path: Path) -> None:
    docker("tag", "demo:1", f"{registry}/team/app:1")
    docker("push", f"{registry}/team/app:1")
    identity = docker.out("image", "inspect", "--format", "{{.Id}}", f"{registry}/team/app:1")
    docker("rmi", f"{registry}/team/app:1", "demo:1")
    assert docker.out("images", "-q", "--no-trunc").split() == []
    # Nothing but the registry has it now.
    assert identity.removeprefix("sha256:") in copied(f"{registry}/team/app:1", tmp_path / "app")
    assert docker.run(f"{registry}/team/app:1", "echo", "pulled").splitlines()[-1] == "pulled"
    assert docker.out("image", "inspect", "--format", "{{.Id}}", f"{registry}/team/app:1") == identity
    docker("tag", f"{registry}/team/app:1", "demo:1")


def test_pushed_images_outlive_a_restart_and_go_by_collection(
    docker: Docker, rig: Rig, registry: str, tmp_path: Path
) -> None:
    docker("tag", "demo:1", f"{registry}/kept:1")
    docker("push", f"{registry}/kept:1")
    docker("rmi", f"{registry}/kept:1")
    before = len(addresses(rig))
    os.kill(rig.pid("node"), 9)
    wait_until(rig.answers, 120, "the node to be there again")
    wait_until(lambda: len(addresses(rig)) > before, 120, "its registry")
    registry = addresses(rig)[-1]
    assert copied(f"{registry}/kept:1", tmp_path / "kept")
    run("skopeo", "delete", "--tls-verify=false", f"docker://{registry}/kept:1")
    told = run(WHERRY, "registry", "gc", "--root", str(rig.root), "--grace", "0").stdout
    assert told.startswith("Removed ")
    assert docker.run("demo:1", "echo", "whole") == "whole"


def test_docker_logs_in_to_a_registry_with_a_password(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "users").write_text("ann:" + bcrypt.hashpw(b"secret", bcrypt.gensalt(5)).decode())
    with Lone(tmp_path / "registry", f"--htpasswd={tmp_path / 'users'}") as lone:
        name = f"127.0.0.1:{lone.port}/private/app:1"
        docker("tag", "demo:1", name)
        assert "no basic auth credentials" in docker("push", name, check=False).stderr
        host = name.partition("/")[0]
        assert docker("login", "--username", "ann", "--password", "wrong", host, check=False).returncode != 0
        docker("login", "--username", "ann", "--password-stdin", host, stdin="secret")
        docker("push", name)
        docker("rmi", name)
        docker("pull", name)
        docker("logout", host)
        docker("rmi", name)
        assert docker("pull", name, check=False).returncode != 0


def test_a_mirror_of_docker_hub(docker: Docker, rig: Rig, registry: str) -> None:
    """What the engine has under a familiar name, a second engine gets by that name from the first one's registry."""
    other = Rig()
    (other.root / "wherry.toml").write_text(f'[registries]\nmirrors = ["http://{registry}"]\n')
    try:
        other.up()
        other.docker.images.pull("demo", tag="1")
        assert other.docker.images.get("demo:1").id == rig.docker.images.get("demo:1").id
    finally:
        left = other.close()
    assert not left


def test_a_port_that_is_taken_is_told_at_once(tmp_path: Path, registry: str) -> None:
    line = [WHERRY, "up", "--root", str(tmp_path / "other"), "--detach", "--registry", registry]
    refused = run(*line, check=False)
    assert refused.returncode == 1
    assert f"registry: cannot listen on {registry}: another program listens there already" in refused.stderr
    refused = run(*line[:-1], "0.0.0.0:0", check=False)
    assert "0.0.0.0:0 can be reached from other machines" in refused.stderr
    assert run(WHERRY, "status", "--root", str(tmp_path / "other"), check=False).returncode == 3
