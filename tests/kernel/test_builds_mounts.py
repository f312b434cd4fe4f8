"""``RUN --mount``: what a step sees besides its own files, and what of it stays."""

import base64
import gzip
import os
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from tests.kernel.attacks import Image, probe, with_python
from tests.kernel.builds import Failed, cached, content, files_of_layer, layers, made, output, remains
from tests.kernel.rig import Rig, wait_until

MOUNT = "RUN --mount=type="


@pytest.fixture
def token() -> str:
    """Makes a step one of its own."""
    return str(uuid4())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "d/e").mkdir(parents=True)
    (tmp_path / "file").write_text("file\n")
    (tmp_path / "d/e/inner").write_text("inner\n")
    (tmp_path / "out").symlink_to("/etc")
    return tmp_path


def top_layer(rig: Rig, image: str) -> list[str]:
    """Paths of an image's last layer."""
    below = layers(rig, image)
    return files_of_layer(rig, below[-1], below[:-1])


# Binds


def test_the_context_is_there_for_reading(builder: Rig, project: Path, token: str) -> None:
    text = f"FROM busybox:test\n{MOUNT}bind,target=/m cat /m/file /m/d/e/inner; : {token}; touch /m/new; touch /m/file"
    with pytest.raises(Failed) as failure:
        made(builder, text, project)
    wrote = "".join(event["data"] for event in failure.value.events if event.get("event") == "Output")
    assert wrote.count("Read-only file system") == 2
    assert wrote.startswith("file\ninner\n")
    built = made(builder, text + " || true", project)
    assert content(builder, built, "/m/file") is None


def test_a_part_of_the_context(builder: Rig, project: Path, token: str) -> None:
    mounts = "--mount=source=d,target=/dir --mount=source=d/e/inner,target=/the/file --mount=src=/d/./e,dst=here"
    built = made(
        builder,
        f"FROM busybox:test\nWORKDIR /w\nRUN {mounts} cat /dir/e/inner /the/file here/inner; : {token}\n",
        project,
    )
    assert output(built) == "inner\n" * 3
    with pytest.raises(Failed, match='"/no/such": not found'):
        made(builder, f"FROM busybox:test\nRUN --mount=source=no/such,target=/m true; : {token}\n", project)


def test_what_is_written_to_a_bind_is_thrown_away(builder: Rig, project: Path, token: str) -> None:
    step = f"{MOUNT}bind,target=/m,rw echo new > /m/file; rm -r /m/d; echo x > /m/new; cat /m/file; ls /m; : {token}\n"
    built = made(builder, f"FROM busybox:test\n{step}{MOUNT}bind,target=/m cat /m/file\n", project)
    assert output(built) == "new\nfile\nnew\nout\nfile\n"
    assert (project / "file").read_text() == "file\n"
    assert sorted(path.name for path in project.iterdir()) == ["d", "file", "out"]


def test_what_is_ignored_is_not_there(builder: Rig, project: Path, token: str) -> None:
    (project / ".dockerignore").write_text("d\n!d/keep\nsecret*\n**/*.log\n")
    for name in ("d/keep", "secret", "secrets.d/x", "a/b/c.log", "a/b/c.txt"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(name)
    step = f"{MOUNT}bind,target=/m find /m -type f | sort; : {token}\n"
    found = output(made(builder, f"FROM busybox:test\n{step}", project)).split()
    assert found == ["/m/.dockerignore", "/m/a/b/c.txt", "/m/d/keep", "/m/file"]
    with pytest.raises(Failed, match='"/secret": not found'):
        made(builder, f"FROM busybox:test\nRUN --mount=source=secret,target=/m cat /m; : {token}\n", project)


def test_binds_of_stages_and_images(builder: Rig, token: str) -> None:
    text = (
        f"FROM busybox:test AS other\nUSER bob\nRUN echo {token} > /tmp/word; mkdir -p /tmp/d/e; ln -s /etc /tmp/link\n"
        "FROM busybox:test\nRUN --mount=from=other,target=/o --mount=from=busybox:test,source=/etc/passwd,target=/p "
        "--mount=from=other,source=/tmp/link,target=/l,rw "
        "cat /o/tmp/word; stat -c %U /o/tmp/word; head -n1 /p; touch /l/new; stat -c %u /l/group\n"
    )
    built = made(builder, text)
    assert output(built) == f"{token}\nbob\nroot:x:0:0:root:/root:/bin/sh\n0\n"
    assert top_layer(builder, built["id"]) == []


def test_a_bind_counts_by_its_content(builder: Rig, project: Path, token: str) -> None:
    text = f"FROM busybox:test\nRUN --mount=source=d,target=/m cat /m/e/inner; : {token}\n"
    made(builder, text, project)
    (project / "file").write_text("not bound")
    assert cached(made(builder, text, project)) == [False, True]
    (project / "d/e/inner").write_text("changed\n")
    assert output(made(builder, text, project)) == "changed\n"


# Memory


def test_memory_of_a_size(builder: Rig, token: str) -> None:
    text = f"{MOUNT}tmpfs,target=/t,size=1m df -k /t | tail -n 1; stat -c %a /t; echo x > /t/file; : {token}\n"
    built = made(builder, f"FROM busybox:test\n{text}")
    assert output(built).split()[1] == "1024"
    assert output(built).split()[-1] == "1777"
    assert top_layer(builder, built["id"]) == []


# Caches


def test_a_cache_stays_and_is_a_volume(builder: Rig, token: str) -> None:
    def run(number: int, more: str = "") -> str:
        step = f"{MOUNT}cache,id={token},target=/c{more} echo {number} >> /c/log; cat /c/log; stat -c %u:%g:%a /c\n"
        built = made(builder, f"FROM busybox:test\n{step}")
        assert top_layer(builder, built["id"]) == []
        return output(built)

    assert run(1) == "1\n0:0:755\n"
    assert run(2) == "1\n2\n0:0:755\n"
    (volume,) = builder.docker.volumes.list(filters={"label": f"wherry.build.cache={token}"})
    log = builder.docker.containers.run(
        "busybox:test", ["cat", "/c/log"], volumes={volume.name: {"bind": "/c"}}, remove=True, network_mode="none"
    )
    assert log == b"1\n2\n"
    assert made(builder, f"FROM busybox:test\n{MOUNT}cache,target=/c,id={token},ro touch /c/x || echo no\n")
    volume.remove()
    assert run(3) == "3\n0:0:755\n"


def test_whose_a_new_cache_is(builder: Rig, token: str) -> None:
    options = f"cache,id={token},target=/c,uid=1000,gid=5,mode=0710"
    built = made(builder, f"FROM busybox:test\nUSER bob\n{MOUNT}{options} stat -c %u:%g:%a /c; touch /c/mine\n")
    assert output(built) == "1000:5:710\n"


def test_what_a_cache_begins_with(builder: Rig, token: str) -> None:
    text = (
        f"FROM busybox:test AS seed\nRUN mkdir -p /s/d; echo {token} > /s/d/word; chown -R bob /s\nFROM busybox:test\n"
        f"{MOUNT}cache,id={token},target=/c,from=seed,source=/s cat /c/d/word; stat -c %U /c/d; echo >> /c/d/word\n"
        f"{MOUNT}cache,id={token},target=/again,from=seed,source=/s wc -l < /again/d/word\n"
    )
    assert output(made(builder, text)) == f"{token}\nbob\n2\n"


def test_a_cache_without_an_id_is_called_as_its_target(builder: Rig, token: str) -> None:
    made(builder, f"FROM busybox:test\n{MOUNT}cache,target=/cache/{token} echo x > /cache/{token}/x\n")
    other = f"FROM busybox:test\nWORKDIR /cache\n{MOUNT}cache,target={token} ls /cache/{token}\n"
    assert output(made(builder, other)) == "x\n"


def together(rig: Rig, token: str, sharing: str) -> list[str]:
    """What two steps say that run at once with the same cache: whom they meet there within a time."""
    tenths = {"shared": 600, "private": 50, "locked": 20}[sharing]
    wait = f"for i in $(seq {tenths}); do [ $(ls /c | wc -l) = 2 ] && break; sleep .1; done"
    then = "ls /c | wc -l" + ("" if sharing == "shared" else "; rm /c/$N")
    step = f"{MOUNT}cache,id={token},target=/c,sharing={sharing} touch /c/$N; {wait}; {then}\n"
    with ThreadPoolExecutor() as pool:
        text = f"FROM busybox:test\nARG N\n{step}"
        built = pool.map(lambda number: made(rig, text, build_args={"N": number}), ["1", "2"])
        return [output(one).strip() for one in built]


def test_a_shared_cache(builder: Rig, token: str) -> None:
    assert together(builder, token, "shared") == ["2", "2"]
    assert len(builder.docker.volumes.list(filters={"label": f"wherry.build.cache={token}"})) == 1


def test_a_private_cache(builder: Rig, token: str) -> None:
    assert together(builder, token, "private") == ["1", "1"]
    assert len(builder.docker.volumes.list(filters={"label": f"wherry.build.cache={token}"})) == 2


def test_a_locked_cache(builder: Rig, token: str) -> None:
    assert together(builder, token, "locked") == ["1", "1"]
    assert len(builder.docker.volumes.list(filters={"label": f"wherry.build.cache={token}"})) == 1


# Secrets


def test_a_secret_is_a_file_in_memory(builder: Rig, token: str) -> None:
    secret = {"key": base64.b64encode(token.encode()).decode()}
    step = (
        f"{MOUNT}secret,id=key cat /run/secrets/key; stat -c %u:%g:%a /run/secrets/key; grep /key /proc/mounts; : 1\n"
    )
    text = output(made(builder, f"FROM busybox:test\n{step}", secrets=secret))
    assert text.startswith(f"{token}0:0:400\n")
    assert "/run/secrets/key tmpfs r" in text
    options = "secret,id=key,target=/s/key,uid=1000,gid=5,mode=0440,required"
    step = f"USER bob\n{MOUNT}{options} cat /s/key; stat -c %u:%g:%a /s/key; : 2\n"
    assert output(made(builder, f"FROM busybox:test\n{step}", secrets=secret)) == f"{token}1000:5:440\n"
    step = f"{MOUNT}secret,id=key,env=KEY echo $KEY; ls /run/secrets/key; true; : 3\n"
    assert output(made(builder, f"FROM busybox:test\n{step}", secrets=secret)).startswith(f"{token}\nls: ")


def test_a_secret_that_is_missing(builder: Rig, token: str) -> None:
    step = f"{MOUNT}secret,id=key{{}} ls /run/secrets || true; : {token}\n"
    assert "No such file" in output(made(builder, f"FROM busybox:test\n{step.format('')}"))
    with pytest.raises(Failed, match="secret key: not found"):
        made(builder, f"FROM busybox:test\n{step.format(',required')}")


def test_another_secret_is_the_same_step(builder: Rig, token: str) -> None:
    text = f"FROM busybox:test\n{MOUNT}secret,id=key cat /run/secrets/key > /dev/null; : {token}\n"
    made(builder, text, secrets={"key": base64.b64encode(b"one").decode()})
    assert cached(made(builder, text, secrets={"key": base64.b64encode(b"two").decode()})) == [False, True]


def test_a_secret_stays_nowhere(builder: Rig) -> None:
    """Neither in layers, compressed or not, nor in history, rows or whatever else the instance keeps."""
    canary = f"canary{uuid4().hex}"
    text = (
        f"FROM busybox:test\n{MOUNT}secret,id=key,target=/deep/down/key wc -c < /deep/down/key\n"
        f"{MOUNT}secret,id=key,env=KEY echo ${{#KEY}}\nCOPY --from=busybox:test /bin/sh /new\n"
    )
    built = made(builder, text, secrets={"key": base64.b64encode(canary.encode()).decode()}, tags=["keeper:1"])
    assert output(built) == f"{len(canary)}\n{len(canary)}\n"
    diffs = layers(builder, built["id"])
    assert [files_of_layer(builder, diffs[number], diffs[:number]) for number in (1, 2)] == [[], []]
    saved = b"".join(builder.docker.api.get_image("keeper:1"))
    files = [path for path in builder.root.rglob("*") if path.is_file()]
    assert [path for path in files if canary.encode() in path.read_bytes() + unpacked(path)] == []
    assert canary.encode() not in saved


def unpacked(path: Path) -> bytes:
    """Of a blob of a layer, else nothing."""
    data = path.read_bytes()
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else b""


# Agents


@pytest.fixture(scope="module")
def agent() -> Iterator[str]:
    """A real ssh-agent with one key; its socket."""
    with tempfile.TemporaryDirectory(prefix="agent-") as directory:
        path = f"{directory}/socket"
        key = f"{directory}/key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "of the agent", "-f", key], check=True)
        process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: os.path.exists(path))
            environment = {**os.environ, "SSH_AUTH_SOCK": path}
            subprocess.run(["ssh-add", "-q", key], env=environment, check=True, stderr=subprocess.DEVNULL)
            yield path
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def python(builder: Rig) -> str:
    """An image with an interpreter, and the probes."""
    return with_python(Image()).load(builder)


def test_an_agent(builder: Rig, agent: str, python: str, token: str) -> None:
    command = " ".join(probe("agent"))
    text = f"FROM {python}\n{MOUNT}ssh {command}; echo $SSH_AUTH_SOCK; : {token}\n"
    assert output(made(builder, text, ssh={"default": agent})) == "of the agent\n/run/buildkit/ssh_agent.0\n"
    options = "ssh,id=mine,target=/my/agent,uid=1000,mode=0600"
    text = f"FROM {python}\nUSER bob\n{MOUNT}{options} {command}; stat -c %u:%a $SSH_AUTH_SOCK; : {token}\n"
    built = made(builder, text, ssh={"mine": agent})
    assert output(built) == "of the agent\n1000:600\n"
    assert top_layer(builder, built["id"]) == []
    wait_until(lambda: not remains(builder))


def test_an_agent_that_is_missing(builder: Rig, token: str) -> None:
    text = f"FROM busybox:test\n{MOUNT}ssh{{}} echo sock=$SSH_AUTH_SOCK; : {token}\n"
    assert output(made(builder, text.format(""))) == "sock=\n"
    with pytest.raises(Failed, match="ssh agent default: not found"):
        made(builder, text.format(",required"))


def test_an_agent_that_has_gone(builder: Rig, python: str, token: str, tmp_path: Path) -> None:
    text = f"FROM {python}\n{MOUNT}ssh {' '.join(probe('agent'))} || echo failed; : {token}\n"
    assert "failed\n" in output(made(builder, text, ssh={"default": str(tmp_path / "gone")}))


def test_a_script_in_a_here_document_leaves_nothing(builder: Rig, token: str) -> None:
    text = f"FROM busybox:test\nRUN <<EOF\n#!/bin/sh\necho $0 {token}; pwd\nEOF\n"
    built = made(builder, text)
    assert output(built) == f"/dev/pipes/EOF {token}\n/\n"
    assert top_layer(builder, built["id"]) == []
    wait_until(lambda: not remains(builder))
    node = builder.pid("node")
    assert not list(Path(f"/proc/{node}/cwd/").glob("secret-*"))
